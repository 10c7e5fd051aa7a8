import { openLibssl } from "../../../../src/net/epoll/libssl.ts";
import { Openssl } from "../../../../src/net/epoll/openssl.ts";
import { EpollTlsClient, EpollTlsServer } from "../../../../src/net/epoll/tls_contexts.ts";
import { TICKET_KEY_BYTES } from "../../../../src/net/tls.ts";
import { TestCa } from "../../../support/servers/certificates.ts";
import { libsslPath } from "../../../support/tools/libc_path.ts";
import { assert, assertEquals, assertThrows } from "../../../deps.ts";

const openssl = new Openssl(openLibssl(libsslPath));

Deno.test("a pair that does not fit leaves the former contexts as they are", () => {
  using ca = new TestCa();
  const [pair, other] = [ca.issue(), ca.issue()];
  const material = {
    ...{ pair, named: [{ name: "a.example", pair: other }], clientCa: null },
    ...{ minVersion: "1.2" as const, ticketKey: new Uint8Array(TICKET_KEY_BYTES) },
  };
  const server = new EpollTlsServer(openssl, material);
  const former = [server.contextFor(null), server.contextFor("a.example")];
  assert(former[0] !== former[1], "two contexts");
  const bad = { cert: pair.cert, key: other.key };
  assertThrows(() => server.replace({ ...material, named: [{ name: "b.example", pair: bad }] }));
  assertEquals([server.contextFor(null), server.contextFor("a.example")], former);
  server.replace({ ...material, named: [] });
  assertEquals(server.hasNames, false);
  server.close();
});

Deno.test("a session made under other material is not kept", () => {
  using ca = new TestCa();
  const material = { ca: ca.cert, serverName: null, pair: null, isInsecure: false };
  const client = new EpollTlsClient(openssl, material);
  const { generation } = client;
  const ssl = client.connection("localhost", "localhost:1");
  assert(ssl !== null, "a connection");
  client.replace({ ...material, isInsecure: true });
  assertEquals([client.generation, client.isInsecure], [generation + 1, true]);
  client.keepSession(ssl, "localhost:1", generation);
  openssl.lib.SSL_free(ssl);
  client.close();
  assertEquals(client.isOpen, false);
});
