import { formatEndpoint, formatHost, sameEndpoint, tcpEndpoint } from "../../src/endpoint.ts";
import { assertEquals } from "../deps.ts";

Deno.test("an endpoint is written as host:port, IPv6 in brackets", () => {
  assertEquals(formatEndpoint(tcpEndpoint("::1", 6379)), "[::1]:6379");
  assertEquals(formatEndpoint(tcpEndpoint("localhost", 6379)), "localhost:6379");
  assertEquals([formatHost("::1"), formatHost("10.0.0.1")], ["[::1]", "10.0.0.1"]);
});

Deno.test("endpoints are the same where host and port are", () => {
  const one = tcpEndpoint("127.0.0.1", 6379);
  assertEquals(sameEndpoint(one, tcpEndpoint("127.0.0.1", 6379)), true);
  assertEquals(sameEndpoint(one, tcpEndpoint("127.0.0.1", 6380)), false);
  assertEquals(sameEndpoint(one, tcpEndpoint("localhost", 6379)), false);
});
