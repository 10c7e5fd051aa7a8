import {
  formatClientEnd,
  formatEndpoint,
  formatHost,
  formatPeer,
  hostOf,
  portOf,
  sameEndpoint,
  shownPeer,
  tcpEndpoint,
  unixAsidePath,
  unixBindPath,
  unixEndpoint,
  unixPlace,
  unixWorkshop,
} from "../../src/endpoint.ts";
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

Deno.test("a unix socket is its path, and as a client's end what servers show", () => {
  const socket = unixEndpoint("/run/a.sock");
  assertEquals(formatEndpoint(socket), "unix:/run/a.sock");
  assertEquals([hostOf(socket), portOf(socket)], ["/run/a.sock", 0]);
  const client = tcpEndpoint("::1", 1);
  assertEquals([hostOf(client), portOf(client), hostOf(null)], ["::1", 1, ""]);
  assertEquals([socket, client, null].map(formatClientEnd), ["/run/a.sock:0", "[::1]:1", ""]);
  assertEquals(sameEndpoint(socket, unixEndpoint("/run/a.sock")), true);
  assertEquals(sameEndpoint(socket, client), false);
});

Deno.test("who has no name is shown as the unix socket that it came by, and nobody else is", () => {
  const [socket, client] = [unixEndpoint("/run/a.sock"), tcpEndpoint("::1", 1)];
  assertEquals(shownPeer(socket, null), socket);
  assertEquals(shownPeer(client, null), null);
  assertEquals(shownPeer(null, client), client);
});

Deno.test("the other end of a connection that is lost has no address", () => {
  assertEquals([unixEndpoint("/run/a.sock"), tcpEndpoint("::1", 1), null].map(formatPeer), [
    "unix:/run/a.sock",
    "[::1]:1",
    "",
  ]);
});

Deno.test("a socket is made beside its place, and found there", () => {
  assertEquals(unixWorkshop("/run/a"), "/run/a.new");
  assertEquals(unixBindPath("/run/a"), "/run/a.new/s");
  assertEquals(unixAsidePath("/run/a"), "/run/a.new/r");
  assertEquals(["/run/a.new/s", "/run/a.new", "/run/a", ".new/s"].map(unixPlace), [
    "/run/a",
    "/run/a.new",
    "/run/a",
    ".new/s",
  ]);
});
