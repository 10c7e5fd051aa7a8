/**
 * Addresses of the kernel as endpoints.
 *
 * @module
 */
import { tcpEndpoint } from "../../../../src/endpoint.ts";
import { AF_INET, AF_INET6 } from "../../../../src/net/epoll/libc.ts";
import { endpointOf } from "../../../../src/net/epoll/socket_endpoint.ts";
import { assertEquals } from "../../../deps.ts";

function ipv6(...groups: number[]): Uint8Array {
  const bytes = new Uint8Array(28);
  bytes.set([AF_INET6, 0, 0x23, 0x29]);
  groups.forEach((group, index) => bytes.set([group >> 8, group & 0xff], 8 + 2 * index));
  return bytes;
}

Deno.test("a host is as people write it", () => {
  const ipv4 = new Uint8Array(16);
  ipv4.set([AF_INET, 0, 0x23, 0x29, 10, 0, 200, 255]);
  assertEquals(endpointOf(ipv4), tcpEndpoint("10.0.200.255", 9001));
  assertEquals(endpointOf(ipv6(0, 0, 0, 0, 0, 0, 0, 1)), tcpEndpoint("::1", 9001));
  const long = endpointOf(ipv6(0x2001, 0xdb8, 0, 0, 1, 0, 0, 0xff));
  assertEquals(long, tcpEndpoint("2001:db8::1:0:0:ff", 9001));
});

Deno.test("a socket that is gone has no address", () => {
  assertEquals(endpointOf(new Uint8Array(0)), null);
});
