import { type Endpoint, tcpEndpoint, unixEndpoint } from "../../../../src/endpoint.ts";
import { advertisedTo, listenerOf, speaksTls } from "../../../../src/redis/core/listener_of.ts";
import { assertEquals } from "../../../deps.ts";

const plain = tcpEndpoint("0.0.0.0", 6379);
const secured = tcpEndpoint("0.0.0.0", 6380);

Deno.test("a client has come by the address whose port it is connected to", () => {
  const at = (local: Endpoint | null) =>
    listenerOf({ listen: plain, tls: { listen: secured } }, { local });
  assertEquals(at(tcpEndpoint("10.0.0.1", 6379)), plain);
  assertEquals(at(tcpEndpoint("10.0.0.1", 6380)), secured);
  assertEquals(at(unixEndpoint("/run/aster.sock")), plain);
  assertEquals(at(null), plain);
});

Deno.test("without an address of its own TLS is spoken at the other one", () => {
  const local = tcpEndpoint("10.0.0.1", 6380);
  assertEquals(listenerOf({ listen: plain, tls: { listen: null } }, { local }), plain);
  assertEquals(listenerOf({ listen: plain, tls: null }, { local }), plain);
});

Deno.test("a client speaks TLS where it came by the address of TLS, or there is no other one", () => {
  const speaks = (tls: { listen: Endpoint | null } | null, port: number) =>
    speaksTls({ listen: plain, tls }, { local: tcpEndpoint("10.0.0.1", port) });
  assertEquals([speaks({ listen: secured }, 6379), speaks({ listen: secured }, 6380)], [
    false,
    true,
  ]);
  assertEquals([speaks({ listen: null }, 6379), speaks(null, 6379)], [true, false]);
});

Deno.test("a client is told the address that is listened at, unless another one is said", () => {
  const told = (listen: Endpoint, isExplicit: boolean) =>
    advertisedTo({ listen, tls: null }, { local: null }, { address: "192.0.2.7", isExplicit });
  const own = tcpEndpoint("127.0.0.1", 6379);
  assertEquals(told(own, false), own);
  assertEquals(told(tcpEndpoint("2001:db8::1", 6379), false), tcpEndpoint("2001:db8::1", 6379));
  assertEquals(told(tcpEndpoint("proxy.example", 6379), false).hostname, "proxy.example");
  assertEquals(told(own, true), tcpEndpoint("192.0.2.7", 6379));
});

Deno.test("where every address is listened at, or none, a client is told the one that was found", () => {
  const found = { address: "192.0.2.7", isExplicit: false };
  const told = (listen: Endpoint) => advertisedTo({ listen, tls: null }, { local: null }, found);
  for (const wildcard of ["0.0.0.0", "::", "0:0::0"]) {
    assertEquals(told(tcpEndpoint(wildcard, 6379)), tcpEndpoint("192.0.2.7", 6379));
  }
  assertEquals(told(unixEndpoint("/run/aster.sock")), tcpEndpoint("192.0.2.7", 0));
});

Deno.test("who has come by the address of TLS is told that one", () => {
  const listens = { listen: plain, tls: { listen: tcpEndpoint("10.0.0.1", 6380) } };
  const found = { address: "192.0.2.7", isExplicit: false };
  const told = (port: number) =>
    advertisedTo(listens, { local: tcpEndpoint("10.0.0.1", port) }, found);
  assertEquals(told(6380), tcpEndpoint("10.0.0.1", 6380));
  assertEquals(told(6379), tcpEndpoint("192.0.2.7", 6379));
});
