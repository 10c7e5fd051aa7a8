/**
 * What every I/O engine promises about TLS: who is let in, what a failure is called, and that certificates are
 * replaced under connections that go on. Run for each implementation from its own test, on loopback.
 *
 * @module
 */
import type { Failure } from "../../src/failure.ts";
import { type Endpoint, hostOf } from "../../src/endpoint.ts";
import type { Connection } from "../../src/net/io_engine.ts";
import {
  HANDSHAKES_MAX,
  TICKET_KEY_BYTES,
  type TlsClientMaterial,
  type TlsServerMaterial,
} from "../../src/net/tls.ts";
import { assert, assertEquals } from "../deps.ts";
import { type Certificate, TestCa } from "../support/servers/certificates.ts";
import {
  type CreateEngine,
  DialOutcome,
  EngineScene,
  Front,
  readText,
  type TlsOfScene,
} from "../support/rigs/engine_scene.ts";
import { UnacceptedConnections } from "../support/clients/unaccepted_connections.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { type SanitizedOptions, sanitizedTest } from "../support/tools/sanitized.ts";

/** Connections that a test begins at a time. */
const CONNECTS_AT_ONCE = 64;

let made: { ca: TestCa; own: Certificate; client: Certificate } | null = null;

/** The CA of these tests, a certificate for this machine, and one of a client called "alice". */
function certificates(): { ca: TestCa; own: Certificate; client: Certificate } {
  if (made !== null) return made;
  const ca = new TestCa();
  globalThis.addEventListener("unload", () => ca[Symbol.dispose]());
  return made = { ca, own: ca.issue(), client: ca.issue({ name: "alice" }) };
}

function serverMaterial(change: Partial<TlsServerMaterial> = {}): TlsServerMaterial {
  return {
    pair: certificates().own,
    named: [],
    clientCa: null,
    minVersion: "1.2",
    ticketKey: new Uint8Array(TICKET_KEY_BYTES).fill(7),
    ...change,
  };
}

function clientMaterial(change: Partial<TlsClientMaterial> = {}): TlsClientMaterial {
  return { ca: certificates().ca.cert, serverName: null, pair: null, isInsecure: false, ...change };
}

/** Certificates for a scene whose connections all speak TLS. */
export function tlsOfScene(
  server: Partial<TlsServerMaterial> = {},
  client: Partial<TlsClientMaterial> = {},
): TlsOfScene {
  return {
    server: serverMaterial(server),
    client: clientMaterial(client),
    ca: certificates().ca.cert,
  };
}

/** A failed handshake as its listener hears of it. */
interface FailedHandshake {
  readonly failure: string;
  readonly peer: Endpoint | null;
  readonly detail: string;
}

/** Registers the tests for one implementation. */
export function testIoTlsContract(
  name: string,
  createEngine: CreateEngine,
  options: SanitizedOptions = {},
): void {
  const test = (
    title: string,
    tls: () => TlsOfScene,
    run: (scene: EngineScene) => Promise<void>,
  ) =>
    sanitizedTest(`${name}: ${title}`, async () => {
      await using scene = new EngineScene(createEngine, tls());
      await run(scene);
    }, options);

  test(
    "a client with a certificate has its name, and one without is refused",
    () =>
      tlsOfScene({ clientCa: certificates().ca.cert }, {
        pair: certificates().client,
      }),
    async (scene) => {
      const front = scene.listen();
      const failed = failuresOf(front);
      const names: (string | null | undefined)[] = [];
      const { onAccepted } = front;
      front.onAccepted = (connection) => {
        names.push(connection.certificateName);
        onAccepted(connection);
      };
      const [server, client] = await scene.pair(front);
      server.echo();
      client.send("hello");
      await until(() => client.receiver.text === "hello", { what: "an echo" });
      assertEquals(names, ["alice"]);
      const peer = await scene.peer(front.port);
      // In TLS 1.3 a client is done before it is refused.
      await withDeadline(peer.read(new Uint8Array(1)).catch(() => null), "the end");
      await until(() => failed.length > 0, { what: "a failed handshake" });
      assertEquals(failed[0]!.failure, "tls_client_no_certificate");
    },
  );

  test(
    "a client whose certificate has two names has none",
    () => {
      const { ca } = certificates();
      return tlsOfScene({ clientCa: ca.cert }, { pair: ca.issue({ name: "alice/CN=admin" }) });
    },
    async (scene) => {
      const front = scene.listen();
      const names: (string | null | undefined)[] = [];
      const { onAccepted } = front;
      front.onAccepted = (connection) => {
        names.push(connection.certificateName);
        onAccepted(connection);
      };
      await scene.pair(front);
      assertEquals(names, [null]);
    },
  );

  for (
    const [title, server, client, failure] of [
      ["expired", { isExpired: true }, {}, "tls_backend_expired"],
      ["for another name", { for: "DNS:elsewhere.example" }, {}, "tls_backend_name"],
      ["for another address", { for: "IP:192.0.2.1" }, {}, "tls_backend_name"],
      ["signed by itself", { isSelfSigned: true }, {}, "tls_backend_self_signed"],
      ["for another name than asked for", {}, { serverName: "a.example" }, "tls_backend_name"],
      // Resolvers take these for addresses, and OpenSSL does not.
      ["for an address in full", {}, { serverName: "127.1" }, "tls_backend_name"],
      ["for an address without a zone", {}, { serverName: "fe80::1%lo" }, "tls_backend_name"],
    ] as const
  ) {
    test(
      `a certificate that is ${title} is refused, and called so`,
      () => tlsOfScene({ pair: certificates().ca.issue(server) }, client),
      async (scene) => {
        assertEquals(await dialled(scene, scene.listen()), failure);
      },
    );
  }

  test("a certificate of an unknown CA is refused, and called so", () => {
    using other = new TestCa("Another CA");
    return tlsOfScene({ pair: other.issue() });
  }, async (scene) => {
    const front = scene.listen();
    const failed = failuresOf(front);
    assertEquals(await dialled(scene, front), "tls_backend_unknown_ca");
    await until(() => failed.length > 0, { what: "the alert" });
    assertEquals([failed[0]!.failure, hostOf(failed[0]!.peer)], [
      "tls_client_refusal",
      "127.0.0.1",
    ]);
  });

  test(
    "any certificate is taken where that is wanted",
    () =>
      tlsOfScene({ pair: certificates().ca.issue({ isSelfSigned: true, for: "DNS:x" }) }, {
        isInsecure: true,
      }),
    async (scene) => {
      assertEquals(await dialled(scene, scene.listen()), "connected");
    },
  );

  test(
    "a server may be asked for by another name than its address",
    () =>
      tlsOfScene({ pair: certificates().ca.issue({ for: "DNS:cache.example" }) }, {
        serverName: "cache.example",
      }),
    async (scene) => {
      assertEquals(await dialled(scene, scene.listen()), "connected");
    },
  );

  test("each name that a client asks for has its own certificate", () => {
    const { ca } = certificates();
    return tlsOfScene({
      named: [
        { name: "one.example", pair: ca.issue({ for: "DNS:one.example" }) },
        { name: "*.two.example", pair: ca.issue({ for: "DNS:*.two.example" }) },
      ],
    });
  }, async (scene) => {
    const front = scene.listen();
    const ask = async (serverName: string) => {
      const tls = scene.engine.tlsClient(clientMaterial({ serverName }));
      const outcome = await dialledWith(scene, front, tls);
      tls.close();
      return outcome;
    };
    assertEquals(await ask("one.example"), "connected");
    assertEquals(await ask("a.two.example"), "connected");
    assertEquals(await ask("localhost"), "connected");
    assertEquals(await ask("three.example"), "tls_backend_name");
  });

  test(
    "a replaced certificate is for new handshakes, and connections go on",
    tlsOfScene,
    async (scene) => {
      const tls = scene.engine.tlsServer(serverMaterial());
      const front = frontWith(scene, tls);
      const [server, client] = await scene.pair(front);
      server.echo();
      tls.replace(serverMaterial({ pair: certificates().ca.issue({ for: "DNS:new.example" }) }));
      client.send("still here");
      await until(() => client.receiver.text === "still here", { what: "an echo" });
      assertEquals(await dialled(scene, front), "tls_backend_name");
      const asked = scene.engine.tlsClient(clientMaterial({ serverName: "new.example" }));
      assertEquals(await dialledWith(scene, front, asked), "connected");
      asked.close();
      tls.close();
    },
  );

  test("sessions let nobody in where their certificates would not", tlsOfScene, async (scene) => {
    const { ca, client } = certificates();
    using other = new TestCa("Another CA");
    const openFront = scene.listen();
    const connections: Connection[] = [];
    openFront.onAccepted = (connection) => connections.push(connection);
    const ticketKey = new Uint8Array(TICKET_KEY_BYTES).fill(8);
    const tls = scene.engine.tlsServer(serverMaterial({ clientCa: ca.cert, ticketKey }));
    const front = frontWith(scene, tls);
    const failed = failuresOf(front);
    let accepted = 0;
    front.onAccepted = (connection) => {
      accepted += 1;
      connections.push(connection);
    };
    const session = ["-sess_in", `${client.certPath}.session`];
    const begin = ["-sess_out", session[1]!];
    const own = ["-cert", client.certPath, "-key", client.keyPath];
    const seen = async (what: string, admitted: number, refused: number) => {
      await until(() => accepted + failed.length >= admitted + refused, { what });
      assertEquals([accepted, failed.length], [admitted, refused], what);
    };
    await connectOnce(openFront.port, begin);
    await connectOnce(front.port, session);
    await seen("a session of a server that wants no certificates", 0, 1);
    await connectOnce(front.port, [...begin, ...own]);
    await connectOnce(front.port, session);
    await seen("a session of its own", 2, 1);
    ticketKey.fill(9);
    tls.replace(serverMaterial({ clientCa: other.cert, ticketKey }));
    await connectOnce(front.port, [...session, ...own]);
    await seen("a session of another CA", 2, 2);
    for (const connection of connections) connection.discard();
    tls.close();
  });

  test("names and CAs that come by a replacement count from then on", tlsOfScene, async (scene) => {
    const { ca, client } = certificates();
    const tls = scene.engine.tlsServer(serverMaterial());
    const front = frontWith(scene, tls);
    const failed = failuresOf(front);
    const ask = async (change: Partial<TlsClientMaterial>) => {
      const asked = scene.engine.tlsClient(clientMaterial(change));
      const outcome = await dialledWith(scene, front, asked);
      asked.close();
      return outcome;
    };
    assertEquals(await ask({ serverName: "one.example" }), "tls_backend_name");
    const one = { name: "one.example", pair: ca.issue({ for: "DNS:one.example" }) };
    tls.replace(serverMaterial({ named: [one], clientCa: ca.cert }));
    assertEquals(await ask({ serverName: "one.example", pair: client }), "connected");
    assertEquals(await ask({ pair: client }), "connected");
    // In TLS 1.3 a client is done before it is refused.
    await ask({});
    const isMeant = ({ failure }: FailedHandshake) => failure === "tls_client_no_certificate";
    await until(() => failed.some(isMeant), { what: "a failed handshake" });
    tls.replace(serverMaterial());
    assertEquals(await ask({}), "connected");
    tls.close();
  });

  test(
    "a client that speaks no TLS is told of as such, and keeps nobody out",
    tlsOfScene,
    async (scene) => {
      const front = scene.listen();
      const failed = failuresOf(front);
      await scene.engine.opening;
      const plain = await Deno.connect({ hostname: "127.0.0.1", port: front.port });
      scene.own(plain);
      await plain.write(new TextEncoder().encode("PING\r\n*1\r\n$4\r\nPING\r\n"));
      await until(() => failed.length > 0, { what: "a failed handshake" });
      assertEquals(failed[0]!.failure, "tls_client_plain");
      assertEquals(await dialled(scene, front), "connected");
    },
  );

  test("a server that speaks no TLS is told of as such", tlsOfScene, async (scene) => {
    const plain = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    scene.own(plain);
    const outcome = new DialOutcome();
    scene.dial({ port: plain.addr.port }, outcome);
    const accepted = await plain.accept();
    scene.own(accepted);
    await accepted.write(new TextEncoder().encode("-ERR what is this?\r\n"));
    await until(() => outcome.heard.length > 0, { what: "an outcome" });
    assertEquals(outcome.heard, ["tls_backend_plain"]);
  });

  test(
    "a server that goes silent within the handshake is given up in time",
    tlsOfScene,
    async (scene) => {
      const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      scene.own(silent);
      const outcome = new DialOutcome();
      scene.dial({ port: silent.addr.port, timeoutMs: 200 }, outcome);
      scene.own(await silent.accept());
      await until(() => outcome.heard.length > 0, { what: "an outcome" });
      assertEquals(outcome.heard, ["connect_timeout"]);
    },
  );

  test("those who never finish are given up for those who come", tlsOfScene, async (scene) => {
    const front = scene.listen();
    const failed = failuresOf(front);
    await scene.engine.opening;
    const begin = async () => {
      const half = await Deno.connect({ hostname: "127.0.0.1", port: front.port });
      scene.own(half);
      return half;
    };
    const oldest = await begin();
    // Many at a time: all have to come before the first is given up for its age.
    for (let count = 1; count < HANDSHAKES_MAX + 50; count += CONNECTS_AT_ONCE) {
      await Promise.all(Array.from({ length: CONNECTS_AT_ONCE }, begin));
    }
    assertEquals(await dialled(scene, front), "connected");
    await until(() => failed.length >= 50, { what: "those that were given up" });
    assertEquals(failed[0], {
      failure: "tls_client_timeout",
      peer: { kind: "tcp", ...hostAndPort(oldest.localAddr) },
      detail: "others came",
    });
  });

  test(
    "what comes in one piece with the end of the handshake is read",
    tlsOfScene,
    async (scene) => {
      const [server, peer] = await scene.pairWithPeer();
      assert(server.socket.ownBytes! > 0, "what the library keeps is told");
      server.echo();
      await peer.write(new TextEncoder().encode("at once"));
      assertEquals(await readText(peer, 7), "at once");
    },
  );

  test("who waits to be accepted when a listener closes is heard", tlsOfScene, async (scene) => {
    const front = scene.listen();
    await scene.engine.opening;
    const failed = failuresOf(front);
    using waiting = new UnacceptedConnections(front.port, 50);
    waiting.send("GET / HTTP/1.1\r\n\r\n");
    await front.listener.close();
    assertEquals(failed.length, 50);
  });

  test("a listener that closes lets handshakes under way finish", tlsOfScene, async (scene) => {
    const front = scene.listen();
    const [server, client] = await scene.pair(front);
    await front.listener.close();
    server.echo();
    client.send("x");
    await until(() => client.receiver.text === "x", { what: "an echo" });
    assert(!server.socket.isClosed, "the connection stays");
    server.socket.close(null);
    assertEquals(server.socket.ownBytes, 0);
  });
}

function frontWith(scene: EngineScene, tls: ReturnType<EngineScene["engine"]["tlsServer"]>): Front {
  return scene.listen({ tls });
}

function failuresOf(front: Front): FailedHandshake[] {
  const failed: FailedHandshake[] = [];
  front.handshakeFailed = (failure: Failure, peer: Endpoint | null, detail: string) =>
    failed.push({ failure: failure.name, peer, detail });
  return failed;
}

/** Has another program connect, which ends behind its handshake. */
async function connectOnce(port: number, options: readonly string[]): Promise<void> {
  const address = ["s_client", "-connect", `127.0.0.1:${port}`, "-tls1_2"];
  await new Deno.Command("openssl", { args: [...address, ...options], stdin: "null" }).output();
}

/** How an attempt to connect ends: `connected`, or a failure's name. */
async function dialled(scene: EngineScene, front: Front): Promise<string> {
  return await outcomeOf(scene, (outcome) => scene.dial({ port: front.port }, outcome));
}

async function dialledWith(
  scene: EngineScene,
  front: Front,
  tls: ReturnType<EngineScene["engine"]["tlsClient"]>,
): Promise<string> {
  return await outcomeOf(scene, (outcome) => scene.dial({ port: front.port, tls }, outcome));
}

async function outcomeOf(
  scene: EngineScene,
  begin: (outcome: DialOutcome) => unknown,
): Promise<string> {
  await scene.engine.opening;
  const outcome = new DialOutcome();
  begin(outcome);
  await until(() => outcome.heard.length > 0, { what: "an outcome", intervalMs: 1 });
  return outcome.heard.join();
}

function hostAndPort({ hostname, port }: Deno.NetAddr): { hostname: string; port: number } {
  return { hostname, port };
}
