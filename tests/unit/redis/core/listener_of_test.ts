import { type Endpoint, tcpEndpoint, unixEndpoint } from "../../../../src/endpoint.ts";
import { listenerOf } from "../../../../src/redis/core/listener_of.ts";
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
