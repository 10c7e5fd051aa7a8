import { tcpEndpoint } from "../../../src/endpoint.ts";
import { addressKey, comparableIp, isLoopback, isWildcard } from "../../../src/net/ip_address.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("one address is one text, however it is written", () => {
  for (const text of ["::ffff:127.0.0.1", "::FFFF:7f00:1", "0:0:0:0:0:ffff:7f00:0001"]) {
    assertEquals(comparableIp(text), "127.0.0.1", text);
  }
  assertEquals(comparableIp("::ffff:192.0.2.255"), "192.0.2.255");
  for (const text of ["2001:DB8:0::1", "2001:db8:0:0:0:0:0:1"]) {
    assertEquals(comparableIp(text), "2001:db8::1");
  }
});

Deno.test("IPv4 and names stay as they are", () => {
  for (const text of ["192.0.2.1", "host", "a:b:c:not-hex", ""]) {
    assertEquals(comparableIp(text), text);
  }
});

Deno.test("isWildcard() knows both wildcards however they are written", () => {
  const wildcards = ["0.0.0.0", "::", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0"];
  const others = ["127.0.0.1", "::1", "localhost", ""];
  assertEquals([...wildcards, ...others].filter(isWildcard), wildcards);
});

Deno.test("each machine is itself by 127.0.0.0/8 and ::1", () => {
  assertEquals(["127.0.0.1", "127.1.2.3", "::1"].map(isLoopback), [true, true, true]);
  assertEquals(["192.0.2.127", "::2", "128.0.0.1", "0.0.0.0"].map(isLoopback), [
    false,
    false,
    false,
    false,
  ]);
});

Deno.test("addresses have keys that differ as clients do: IPv6 by its network", () => {
  const key = (host: string) => addressKey(tcpEndpoint(host, 1));
  assertEquals(key("127.0.0.1"), 0xffff_7f00_0001n);
  assertEquals(key("::ffff:127.0.0.1"), key("127.0.0.1"));
  assertEquals(key("2001:db8:1:2::1"), 0x2001_0db8_0001_0002n);
  assertEquals(key("2001:db8:1:2:ffff:1:2:3"), key("2001:db8:1:2::9"));
  assertEquals(key("2001:db8:1:3::1") === key("2001:db8:1:2::1"), false);
  assertEquals(key("2001:db8::"), 0x2001_0db8_0000_0000n);
  assertEquals(key("fe80::1%eth0"), 0xfe80_0000_0000_0000n);
  for (const host of ["::1", "", "unix", "::"]) assertEquals(key(host), 1n, host);
  assertEquals(addressKey(null), 1n);
});
