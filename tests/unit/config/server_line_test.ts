/**
 * Server lines: every form that is documented, and every reason to refuse one.
 *
 * @module
 */
import { tcpEndpoint, unixEndpoint } from "../../../src/endpoint.ts";
import { parseSeedLine, parseServerLine } from "../../../src/config/server_line.ts";
import { assertEquals } from "../../deps.ts";

const accepted: [
  line: string,
  hostname: string,
  port: number,
  weight: number,
  alias: string | null,
  address: string,
][] = [
  ["127.0.0.1:7011", "127.0.0.1", 7011, 1, null, "127.0.0.1:7011"],
  ["127.0.0.1:7011:10", "127.0.0.1", 7011, 10, null, "127.0.0.1:7011"],
  ["127.0.0.1:7011:10 redis-1", "127.0.0.1", 7011, 10, "redis-1", "127.0.0.1:7011"],
  ["127.0.0.1:7011 redis-1", "127.0.0.1", 7011, 1, "redis-1", "127.0.0.1:7011"],
  ["  host:1:65535 \t a:b@c  ", "host", 1, 65_535, "a:b@c", "host:1"],
  ["[::1]:7011", "::1", 7011, 1, null, "[::1]:7011"],
  ["[::1]:7011:2", "::1", 7011, 2, null, "[::1]:7011"],
  ["redis://127.0.0.1:7011", "127.0.0.1", 7011, 1, null, "127.0.0.1:7011"],
  ["redis://host:7011/ a", "host", 7011, 1, "a", "host:7011"],
  ["Redis://host:7011/0", "host", 7011, 1, null, "host:7011"],
  ["tcp://[::1]:7011:3 a", "::1", 7011, 3, "a", "[::1]:7011"],
  ["memcached://host:7011", "host", 7011, 1, null, "host:7011"],
  ["[2001:db8::7]:7011:2 сервер", "2001:db8::7", 7011, 2, "сервер", "[2001:db8::7]:7011"],
];
for (const [line, hostname, port, weight, alias, address] of accepted) {
  Deno.test(`parseServerLine() reads ${JSON.stringify(line)}`, () => {
    assertEquals(parseServerLine(line), {
      value: { endpoint: tcpEndpoint(hostname, port), weight, alias, address },
      fault: null,
    });
  });
}

const faults: [line: string, fault: string][] = [
  ["", "the port is missing"],
  ["localhost", "the port is missing"],
  ["[::1]", "the port is missing"],
  ["localhost:0", "the port is not from 1 to 65535"],
  ["localhost:7011:0", "the weight is not from 1 to 65535"],
  ["localhost:7011:65536", "the weight is not from 1 to 65535"],
  ["localhost:7011:-1", "the weight is not from 1 to 65535"],
  ["localhost:7011:1.5", "the weight is not from 1 to 65535"],
  ["localhost:7011:", "the weight is not from 1 to 65535"],
  ["localhost:7011:1 two words", "an alias is a single word"],
  [`localhost:7011 ${"n".repeat(256)}`, "the alias is longer than 255 bytes"],
  [`localhost:7011 ${"é".repeat(128)}`, "the alias is longer than 255 bytes"],
  ["localhost:7011 a\u0007b", "the alias contains a control character"],
  ["::1:7011:1", "an IPv6 address is written in brackets: [::1]:6379"],
  ["1:2:3:4:5:6:7:8:7011", "an IPv6 address is written in brackets: [::1]:6379"],
  ["redis://host", "the port is missing"],
  ["redis://host:7011/3", "the URL has a database: clients choose one by SELECT"],
  [
    "redis://app:hunter2@host:7011",
    "the URL has a user or a password: they belong into backend_auth",
  ],
  [
    "rediss://host:7011",
    'the URL asks for TLS: name the server as "host:port", and write backend_tls',
  ],
  ["redis://host:7011?timeout=1s", "the URL has options: leave host and port"],
  ["http://host:7011", 'the URL is none that begins with "redis://"'],
];
for (const [line, fault] of faults) {
  Deno.test(`parseServerLine() refuses ${JSON.stringify(line.slice(0, 40))}: ${fault}`, () => {
    assertEquals(parseServerLine(line), { value: null, fault });
  });
}

Deno.test("parseServerLine() accepts an alias of 255 bytes", () => {
  assertEquals(parseServerLine(`a:1 ${"n".repeat(255)}`).fault, null);
});

Deno.test("parseSeedLine() reads host and port, and refuses a weight or an alias", () => {
  assertEquals(parseSeedLine("[::1]:7000").value?.address, "[::1]:7000");
  assertEquals(parseSeedLine("node.example:7000").value, {
    endpoint: tcpEndpoint("node.example", 7000),
    weight: 1,
    alias: null,
    address: "node.example:7000",
  });
  const why = "Redis Cluster itself says which node serves a key";
  assertEquals(parseSeedLine("[::1]:7000:1").fault, `a seed has no weight: ${why}`);
  assertEquals(parseSeedLine("a:7000 x").fault, `a seed has no alias: ${why}`);
  assertEquals(parseSeedLine("a:7000:0").fault, "the weight is not from 1 to 65535");
});

const sockets: [line: string, path: string, weight: number, alias: string | null][] = [
  ["/run/redis.sock", "/run/redis.sock", 1, null],
  ["/run/redis.sock:2", "/run/redis.sock", 2, null],
  ["unix:/run/redis.sock:1 one", "/run/redis.sock", 1, "one"],
  ["unix:///run/redis.sock one", "/run/redis.sock", 1, "one"],
  ["Unix:/run/a:b/redis.sock", "/run/a:b/redis.sock", 1, null],
  ["unix:/run/redis:0.sock:3", "/run/redis:0.sock", 3, null],
];
for (const [line, path, weight, alias] of sockets) {
  Deno.test(`parseServerLine() reads the unix socket ${JSON.stringify(line)}`, () => {
    assertEquals(parseServerLine(line), {
      value: { endpoint: unixEndpoint(path), weight, alias, address: `unix:${path}` },
      fault: null,
    });
  });
}

const socketFaults: [line: string, fault: string][] = [
  ["unix:redis.sock", 'a unix socket has an absolute path: "unix:/path"'],
  ["unix://host/redis.sock", 'a unix socket has an absolute path: "unix:/path"'],
  ["unix:/run/redis:sock", "the weight is not from 1 to 65535"],
  ["unix:/run/redis.sock:0", "the weight is not from 1 to 65535"],
  ["unix:///run/redis.sock?db=1", "the URL has options: leave the path"],
  ["unix:/run/", "the path is that of a directory"],
  ["unix:/run/a,b", "the path of a unix socket has no spaces, commas and control characters"],
  [`unix:/${"a".repeat(107)}`, "the path is longer than 107 bytes"],
  ["unix:/run/redis.sock two words", "an alias is a single word"],
];
for (const [line, fault] of socketFaults) {
  Deno.test(`parseServerLine() refuses the unix socket ${line.slice(0, 30)}: ${fault}`, () => {
    assertEquals(parseServerLine(line), { value: null, fault });
  });
}

Deno.test("parseSeedLine() refuses a unix socket in whatever form", () => {
  const fault = "the nodes of a Redis Cluster are reached by TCP alone: a seed is no unix socket";
  for (const line of ["unix:/run/redis.sock", "/run/redis.sock:1 a"]) {
    assertEquals(parseSeedLine(line), { value: null, fault });
  }
});
