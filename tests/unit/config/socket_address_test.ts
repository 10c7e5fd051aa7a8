/**
 * `host:port`: what it accepts, what is wrong with the rest, and when two of them are in each
 * other's way.
 *
 * @module
 */
import {
  isIpv4,
  isIpv6,
  overlap,
  parseListenAddress,
  parseSocketAddress,
  reaches,
} from "../../../src/config/socket_address.ts";
import { type TcpEndpoint, tcpEndpoint, unixEndpoint } from "../../../src/endpoint.ts";
import { assertEquals } from "../../deps.ts";

const accepted: [text: string, hostname: string, port: number][] = [
  ["127.0.0.1:1", "127.0.0.1", 1],
  ["255.255.255.255:65535", "255.255.255.255", 65_535],
  ["localhost:6379", "localhost", 6379],
  ["Redis_1.example.internal.:6379", "Redis_1.example.internal.", 6379],
  ["a:06379", "a", 6379],
  ["[::1]:6379", "::1", 6379],
  ["[::]:6379", "::", 6379],
  ["[2001:DB8::1:2]:6379", "2001:DB8::1:2", 6379],
  ["[::ffff:10.0.0.1]:6379", "::ffff:10.0.0.1", 6379],
];
for (const [text, hostname, port] of accepted) {
  Deno.test(`parseSocketAddress() reads ${text}`, () => {
    assertEquals(parseSocketAddress(text), { value: tcpEndpoint(hostname, port), fault: null });
  });
}

const faults: [text: string, fault: string][] = [
  ["", "the port is missing"],
  ["127.0.0.1", "the port is missing"],
  ["127.0.0.1:", "the port is missing"],
  ["[::1]", "the port is missing"],
  [":6379", "the host is missing"],
  ["a:0", "the port is not from 1 to 65535"],
  ["a:65536", "the port is not from 1 to 65535"],
  ["a:-1", "the port is not from 1 to 65535"],
  ["a:1e3", "the port is not from 1 to 65535"],
  ["a:100000", "the port is not from 1 to 65535"],
  ["a: 1", "it contains a space"],
  ["::1:6379", "an IPv6 address is written in brackets: [::1]:6379"],
  ["[::1:6379", 'the closing "]" of the IPv6 address is missing'],
  ["[localhost]:6379", "the brackets do not hold an IPv6 address"],
  ["[fe80::1%eth0]:6379", "the brackets do not hold an IPv6 address"],
  ["[]:6379", "the brackets do not hold an IPv6 address"],
  ["256.0.0.1:1", "the host is not an IPv4 address"],
  ["1.2.3:1", "the host is not an IPv4 address"],
  ["01.2.3.4:1", "the host is not an IPv4 address"],
  ["1.2.3.4.:1", "the host is not an IPv4 address"],
  ["/tmp/redis.sock:1", "it is a path or a URL, not a host"],
  ["redis://h:1", "it is a path or a URL, not a host"],
  ["-a:1", "the host is neither a host name nor an IP address"],
  ["a-:1", "the host is neither a host name nor an IP address"],
  ["a..b:1", "the host is neither a host name nor an IP address"],
  ["ä:1", "the host is neither a host name nor an IP address"],
  ["a,b:1", "the host is neither a host name nor an IP address"],
  [`${"a".repeat(64)}:1`, "the host is neither a host name nor an IP address"],
  [`${"a.".repeat(127)}:1`, "the host is neither a host name nor an IP address"],
];
for (const [text, fault] of faults) {
  Deno.test(`parseSocketAddress() refuses ${JSON.stringify(text.slice(0, 30))}: ${fault}`, () => {
    assertEquals(parseSocketAddress(text), { value: null, fault });
  });
}

Deno.test("isIpv4() and isIpv6() take whole addresses only", () => {
  assertEquals(["1.2.3.4", "1.2.3.4.", "1.2.3", "::1", ""].map(isIpv4), [
    true,
    false,
    false,
    false,
    false,
  ]);
  assertEquals(["::1", "::", "1.2.3.4", ":", "::1]", "g::1"].map(isIpv6), [
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
});

function address(text: string): TcpEndpoint {
  return parseSocketAddress(text).value!;
}

const overlapCases: [one: string, other: string, isOverlap: boolean][] = [
  ["127.0.0.1:1", "127.0.0.1:1", true],
  ["127.0.0.1:1", "127.0.0.1:2", false],
  ["127.0.0.1:1", "127.0.0.2:1", false],
  ["0.0.0.0:1", "127.0.0.2:1", true],
  ["0.0.0.0:1", "example:1", true],
  ["0.0.0.0:1", "[::1]:1", false],
  ["[::]:1", "[::1]:1", true],
  ["[::]:1", "0.0.0.0:1", true],
  ["[::]:1", "127.0.0.1:1", true],
  ["localhost:1", "127.0.0.1:1", true],
  ["LocalHost.:1", "localhost:1", true],
  ["[0:0:0:0:0:0:0:1]:1", "[::1]:1", true],
];
for (const [one, other, isOverlap] of overlapCases) {
  Deno.test(`overlap() of ${one} and ${other} is ${isOverlap}, either way round`, () => {
    assertEquals(overlap(address(one), address(other)), isOverlap);
    assertEquals(overlap(address(other), address(one)), isOverlap);
  });
}

const reachCases: [target: string, listen: string, isReached: boolean][] = [
  ["127.0.0.1:1", "127.0.0.1:1", true],
  ["localhost:1", "127.0.0.1:1", true],
  ["127.0.0.5:1", "0.0.0.0:1", true],
  ["[::1]:1", "[::]:1", true],
  ["[::1]:1", "0.0.0.0:1", false],
  ["10.0.0.1:1", "0.0.0.0:1", false],
  ["10.0.0.1:1", "10.0.0.1:1", true],
  ["127.0.0.1:2", "127.0.0.1:1", false],
];
for (const [target, listen, isReached] of reachCases) {
  Deno.test(`reaches() of ${target} to a listener on ${listen} is ${isReached}`, () => {
    assertEquals(reaches(address(target), address(listen)), isReached);
  });
}

Deno.test("parseListenAddress() reads ports and unix sockets", () => {
  assertEquals(parseListenAddress("127.0.0.1:1").value, tcpEndpoint("127.0.0.1", 1));
  for (const text of ["unix:/run/a.sock", "/run/a.sock", "unix:///run/a.sock"]) {
    assertEquals(parseListenAddress(text), { value: unixEndpoint("/run/a.sock"), fault: null });
  }
  const longest = `/${"a".repeat(100)}`;
  assertEquals(parseListenAddress(`unix:${longest}`).fault, null);
});

const listenFaults: [text: string, fault: string][] = [
  ["unix:run/a.sock", 'a unix socket has an absolute path: "unix:/path"'],
  ["unix:", 'a unix socket has an absolute path: "unix:/path"'],
  ["/run/a.sock 0666", "the mode belongs into unix_mode"],
  ["unix:/run/a b", "the path of a unix socket has no spaces, commas and control characters"],
  [`unix:/${"a".repeat(101)}`, "the path is longer than 101 bytes"],
  [`unix:/${"ä".repeat(51)}`, "the path is longer than 101 bytes"],
  ["host", "the port is missing"],
];
for (const [text, fault] of listenFaults) {
  Deno.test(`parseListenAddress() refuses ${JSON.stringify(text.slice(0, 30))}: ${fault}`, () => {
    assertEquals(parseListenAddress(text), { value: null, fault });
  });
}

Deno.test("unix sockets overlap and are reached where their paths are one, however they are written", () => {
  const one = unixEndpoint("/run/a.sock");
  for (const path of ["/run/a.sock", "//run//a.sock", "/run/./a.sock", "/run/x/../a.sock"]) {
    assertEquals([overlap(one, unixEndpoint(path)), reaches(unixEndpoint(path), one)], [
      true,
      true,
    ]);
  }
  for (const other of [unixEndpoint("/run/b.sock"), tcpEndpoint("localhost", 1)]) {
    assertEquals([overlap(one, other), overlap(other, one)], [false, false]);
    assertEquals([reaches(one, other), reaches(other, one)], [false, false]);
  }
});
