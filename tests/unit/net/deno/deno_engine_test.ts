/**
 * What the engine makes of Deno's connections. The rest is the contract's.
 *
 * @module
 */
import { READ_SMALL_BYTES } from "../../../../src/bytes/receive_buffer.ts";
import { tcpEndpoint } from "../../../../src/endpoint.ts";
import { DenoEngine } from "../../../../src/net/deno/deno_engine.ts";
import type { Connection } from "../../../../src/net/io_engine.ts";
import { DialOutcome, SocketEnd } from "../../../support/rigs/engine_scene.ts";
import { ChunkPool } from "../../../../src/bytes/chunk_pool.ts";
import { FakeNetwork } from "../../../support/fakes/fake_network.ts";
import { FakeTcpConn, turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { until } from "../../../support/tools/poll.ts";
import { UnhandledRejections } from "../../../support/tools/unhandled_rejections.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { ManualClock } from "../../../support/fakes/manual_clock.ts";
import { assert, assertEquals } from "../../../deps.ts";

sanitizedTest("a connection of Deno's becomes the engine's, read once it is resumed", async () => {
  const engine = new DenoEngine(new ManualClock());
  const conn = new FakeTcpConn();
  const endpoint = new SocketEnd(engine, engine.adopt(conn.asTcpConn), new ChunkPool());
  assertEquals([conn.isReading, endpoint.receiver.reserveCount], [false, 0]);
  endpoint.socket.resume();
  await conn.receives("hello");
  endpoint.send("world");
  assertEquals(conn.written, "");
  await turn();
  assertEquals([endpoint.receiver.text, conn.written], ["hello", "world"]);
  endpoint.socket.close(null);
  assertEquals([conn.closeCount, conn.breaches], [1, []]);
});

sanitizedTest("a connection that nobody wants is closed unread", () => {
  const conn = new FakeTcpConn();
  new DenoEngine(new ManualClock()).adopt(conn.asTcpConn).discard();
  assertEquals([conn.closeCount, conn.isReading], [1, false]);
});

sanitizedTest("a read that waits has little room: thousands wait at once", () => {
  assertEquals(new DenoEngine(new ManualClock()).readBytesMin, READ_SMALL_BYTES);
});

sanitizedTest("dials go to Deno's network and come back as connections", async () => {
  using network = new FakeNetwork();
  const engine = new DenoEngine(new ManualClock());
  const outcome = new DialOutcome();
  engine.dial({ endpoint: tcpEndpoint("one", 7000), timeoutMs: 60_000 }, outcome);
  engine.dial({ endpoint: tcpEndpoint("two", 7001), timeoutMs: 60_000 }, outcome);
  assertEquals(network.attempts.map(({ hostname }) => hostname), ["one", "two"]);
  const conn = await network.attempt(7000).succeeds();
  await network.attempt(7001).fails();
  assertEquals(outcome.heard, ["connected", "connect_refused"]);
  assertEquals(conn.isClosed, true, "the outcome discards what it gets");
});

sanitizedTest(
  "an acceptor's mistake is none of the connection's, and is left to be seen",
  async () => {
    using rejections = new UnhandledRejections();
    const engine = new DenoEngine(new ManualClock());
    const connections: Connection[] = [];
    const failed: string[] = [];
    const mistake = new Error("mistake");
    const listener = engine.listen({ endpoint: tcpEndpoint("127.0.0.1", 0), sharesPort: false }, {
      lack: null,
      accepted: (connection) => {
        connections.push(connection);
        throw mistake;
      },
      acceptFailed: ({ name }) => failed.push(name),
    });
    const peer = await Deno.connect({ hostname: "127.0.0.1", port: listener.port });
    await until(() => rejections.errors.length > 0, { what: "the mistake" });
    assertEquals([rejections.errors, failed, connections.length], [[mistake], [], 1]);
    connections[0]!.discard();
    assert(await peer.read(new Uint8Array(1)) === null, "the end");
    peer.close();
    await listener.close().catch(() => {});
    engine.close();
  },
);
