/**
 * Requests that no server has run: when they wait, in which order they go on, and when they fail after all.
 *
 * @module
 */
import {
  FailoverWait,
  REFUSED_RETRY_FIRST_MS,
  REFUSED_RETRY_MOST_MS,
} from "../../../src/backend/failover_wait.ts";
import { REQUEST_OBJECTS_BYTES } from "../../../src/backend/outbox.ts";
import { PauseMode } from "../../../src/backend/server_orders.ts";
import { type Failure, failures } from "../../../src/failure.ts";
import { CoreRig, type RigClient, type RigOptions } from "../../support/rigs/core_rig.ts";
import { type FakeTcpConn, turn } from "../../support/fakes/fake_tcp_conn.ts";
import { assertEquals } from "../../deps.ts";

const WAIT_MS = 10_000;
/** Longest back-off while requests wait, and a little more. */
const BACKOFF_MS = 501;

class Scene implements Disposable {
  readonly rig: CoreRig;
  readonly waits: FailoverWait;
  gone: Failure | null = null;
  wishes = 0;
  readonly client: RigClient;

  constructor(limits: RigOptions["limits"] = {}) {
    this.rig = new CoreRig({
      retainsRequests: true,
      limits: { failoverWaitMs: WAIT_MS, readTimeoutMs: 60_000, ...limits },
    });
    const { context, router } = this.rig;
    this.waits = new FailoverWait(context, {
      connectionFor: (place, isRead, client) => router.connectionFor(place, isRead, client),
      backendAt: (place) => router.backendAt(place),
      goneReason: () => this.gone,
      requestsWait: () => this.wishes += 1,
      beforeResend: () => {},
    });
    this.rig.takeUnsent = (exchange, failure) => this.waits.takeUnsent(exchange, failure);
    router.onError = (exchange, reply) => {
      const bytes = new TextEncoder().encode(reply);
      return reply.startsWith("-later") &&
        this.waits.takeRefused(exchange, bytes, 0, bytes.length);
    };
    this.client = this.rig.client();
  }

  /** What the client asks for. */
  asks(text: string, client = this.client): Promise<void> {
    return client.conn.receives(text);
  }

  /** What the client was answered since. */
  heard(client = this.client): string {
    return client.conn.takeWritten();
  }

  /** The next attempt to connect is refused. */
  async refused(backend = 0): Promise<void> {
    await this.rig.refuse(backend);
  }

  /** Lets the back-off pass, has the next attempt succeed, and what waits go out. */
  async connects(backend = 0): Promise<FakeTcpConn> {
    this.rig.clock.advance(BACKOFF_MS);
    const conn = await this.rig.accept(backend);
    await this.passes(1);
    return conn;
  }

  async passes(milliseconds: number): Promise<void> {
    this.rig.clock.advance(milliseconds);
    await turn();
  }

  get counts(): [waited: number, waiting: number] {
    const { waitedRequests, waitingRequests } = this.rig.metrics;
    return [waitedRequests, waitingRequests];
  }

  async ends(...clients: RigClient[]): Promise<void> {
    for (const { session } of [this.client, ...clients]) session.close(failures.shuttingDown);
    this.waits.close();
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

Deno.test("what could not be sent goes out in its order when its server is there", async () => {
  using scene = new Scene();
  await scene.asks("put a0 1\nget a0\n");
  await scene.refused();
  // In back-off it is not even tried.
  await scene.asks("put a0 2\nget b1\n");
  assertEquals([scene.heard(), scene.counts], ["", [2, 2]]);
  const conn = await scene.connects();
  assertEquals(conn.written, "put a0 1\nget a0\n");
  await conn.receives("ok\n1\n");
  // The client was held: what came behind goes out now, also to others.
  const other = await scene.rig.accept(1);
  assertEquals([conn.written, other.written], ["put a0 1\nget a0\nput a0 2\n", "get b1\n"]);
  await other.receives("B\n");
  await conn.receives("ok\n");
  assertEquals([scene.heard(), scene.counts], ["ok\n1\nok\nB\n", [2, 0]]);
  await scene.ends();
});

Deno.test("what waits in back-off of another client waits, too, and nobody else does", async () => {
  using scene = new Scene();
  await scene.asks("get a0\n");
  await scene.refused();
  const late = scene.rig.client();
  await scene.asks("get c0\n", late);
  const other = scene.rig.client();
  await scene.asks("get b1\n", other);
  const second = await scene.rig.accept(1);
  await second.receives("B\n");
  assertEquals([scene.heard(other), scene.counts], ["B\n", [2, 2]]);
  assertEquals(scene.waits.clientCount, 2);
  const conn = await scene.connects();
  assertEquals(conn.written, "get a0\nget c0\n");
  await conn.receives("A\nC\n");
  assertEquals([scene.heard(), scene.heard(late)], ["A\n", "C\n"]);
  await scene.ends(late, other);
});

Deno.test("when its time is over it fails for the reason why it was not sent", async () => {
  using scene = new Scene();
  await scene.asks("get a0\nget a0\n");
  await scene.refused();
  for (let passed = 0; passed < WAIT_MS; passed += 1000) {
    await scene.passes(1000);
    if (scene.rig.network.countTo(7000) > 1) await scene.refused().catch(() => {});
  }
  await scene.passes(1);
  const text = "-connect_refused 10.0.0.1:7000\n";
  assertEquals([scene.heard(), scene.counts], [text + text, [2, 0]]);
  assertEquals(scene.wishes > 0, true);
  await scene.ends();
});

Deno.test("where it is of no use to wait it fails at once, whenever that is found out", async () => {
  using scene = new Scene();
  await scene.asks("get a0\n");
  await scene.refused();
  scene.gone = failures.backendRemoved;
  await scene.passes(1);
  assertEquals(scene.heard(), "-backend_removed 10.0.0.1:7000\n");
  await scene.asks("get a0\n");
  assertEquals(scene.heard(), "-connect_refused 10.0.0.1:7000\n");
  await scene.ends();
});

Deno.test("without failover_wait all fails at once", async () => {
  using scene = new Scene({ failoverWaitMs: 0 });
  await scene.asks("get a0\n");
  await scene.refused();
  await scene.asks("get a0\n");
  const text = "-connect_refused 10.0.0.1:7000\n";
  assertEquals([scene.heard(), scene.counts], [text + text, [0, 0]]);
  await scene.ends();
});

Deno.test("what was sent fails with its connection: it may have run", async () => {
  using scene = new Scene();
  await scene.asks("put a0 1\n");
  const conn = await scene.rig.accept(0);
  await turn();
  await conn.ends();
  assertEquals(scene.heard(), "-backend_closed 10.0.0.1:7000\n");
  await scene.ends();
});

Deno.test("a client that goes takes along what waits for it", async () => {
  using scene = new Scene();
  await scene.asks("put a0 1\n");
  await scene.refused();
  await scene.client.conn.failsRead();
  const conn = await scene.rig.accept(0).catch(() => null);
  assertEquals(conn, null);
  await scene.passes(1);
  assertEquals(scene.counts, [1, 0]);
  await scene.ends();
});

Deno.test("what waits is bounded, and the next one fails at once", async () => {
  using scene = new Scene({ queueBytesMax: 20 });
  await scene.asks("put a0 123456789\n");
  await scene.refused();
  const late = scene.rig.client();
  await scene.asks("put a0 1\n", late);
  assertEquals(scene.heard(late), "-connect_refused 10.0.0.1:7000\n");
  await scene.ends(late);
});

Deno.test("what waits counts with its objects, as in a connection's queue, and is its client's", async () => {
  const each = "get a0\n".length + REQUEST_OBJECTS_BYTES;
  using scene = new Scene({ queueBytesMax: 2 * each });
  const held = () => {
    const found: [number, number][] = [];
    scene.waits.visitClients(({ number }, byteCount) => found.push([number, byteCount]));
    return found;
  };
  await scene.asks("get a0\n");
  await scene.refused();
  const second = scene.rig.client();
  await scene.asks("get a0\n", second);
  const third = scene.rig.client();
  await scene.asks("get a0\n", third);
  assertEquals(scene.heard(third), "-connect_refused 10.0.0.1:7000\n");
  const numbers = [scene.client, second].map(({ session }) => session.number);
  assertEquals(held(), numbers.map((number) => [number, each]));
  // Whoever is closed to save memory has nothing at once, not at the next look only.
  second.session.close(failures.memoryLimit);
  assertEquals(held(), [[numbers[0], each]]);
  await scene.ends(third);
});

Deno.test("a pause of the server is not its time", async () => {
  using scene = new Scene();
  await scene.asks("get a0\n");
  await scene.refused();
  const { orders } = scene.rig.context;
  orders.pause("10.0.0.1:7000", { mode: PauseMode.All, endMs: Infinity });
  await scene.passes(2 * WAIT_MS);
  assertEquals([scene.heard(), scene.counts], ["", [1, 1]]);
  orders.resume("10.0.0.1:7000");
  const conn = await scene.connects();
  await conn.receives("A\n");
  assertEquals(scene.heard(), "A\n");
  await scene.ends();
});

Deno.test("fragments wait each for its own server", async () => {
  using scene = new Scene();
  await scene.asks("mget a0 b1 c0\n");
  await scene.refused();
  const other = await scene.rig.accept(1);
  await other.receives("B\n");
  assertEquals([scene.heard(), scene.rig.sessionContext.fanOut.window.inFlight], ["", 0]);
  const conn = await scene.connects();
  assertEquals(conn.written, "mget a0 c0\n");
  await conn.receives("A,C\n");
  assertEquals(scene.heard(), "A,B,C\n");
  await scene.ends();
});

/** A connection that has answered a request. */
async function connected(scene: Scene): Promise<FakeTcpConn> {
  await scene.asks("get x0\n");
  const conn = await scene.rig.accept(0);
  await conn.receives("X\n");
  assertEquals(scene.heard(), "X\n");
  return conn;
}

Deno.test("what a server refuses for now is sent again, later each time, and all of one client in order", async () => {
  using scene = new Scene();
  const conn = await connected(scene);
  await scene.asks("put a0 1\nput a0 2\n");
  const both = "put a0 1\nput a0 2\n";
  let written = "get x0\n" + both;
  assertEquals(conn.written, written);
  let waitedMs = 0;
  for (let round = 0; round < 8; round++) {
    await conn.receives("-later\n");
    await scene.passes(0);
    // Whether the second one was run is not known yet.
    assertEquals(conn.written, written);
    await conn.receives("-later\n");
    const pauseMs = Math.min(REFUSED_RETRY_MOST_MS, Math.max(REFUSED_RETRY_FIRST_MS, waitedMs));
    await scene.passes(pauseMs - 1);
    assertEquals(conn.written, written);
    await scene.passes(1);
    written += both;
    assertEquals(conn.written, written, `round ${round}, ${pauseMs} ms`);
    waitedMs += pauseMs;
  }
  await conn.receives("ok\nok\n");
  assertEquals([scene.heard(), scene.counts], ["ok\nok\n", [2, 0]]);
  await scene.ends();
});

Deno.test("what a later request of its client has overtaken is not sent again", async () => {
  using scene = new Scene();
  const conn = await connected(scene);
  const other = scene.rig.client();
  await scene.asks("put a0 1\nput a0 2\n");
  await scene.asks("put a0 9\n", other);
  await conn.receives("-later\nok\n-later\n");
  await scene.passes(1);
  assertEquals(scene.heard(), "-later\nok\n");
  // The other client has nothing in flight behind its own.
  await scene.passes(REFUSED_RETRY_FIRST_MS);
  await conn.receives("ok\n");
  assertEquals(scene.heard(other), "ok\n");
  await scene.ends(other);
});

Deno.test("what may have been overtaken by a request whose connection was lost is not sent again", async () => {
  using scene = new Scene();
  const conn = await connected(scene);
  await scene.asks("put a0 1\nput a0 2\n");
  await conn.receives("-later\n");
  await conn.ends();
  await scene.passes(1);
  assertEquals(scene.heard(), "-later\n-backend_closed 10.0.0.1:7000\n");
  await scene.ends();
});

Deno.test("requests of other places do not matter for its order", async () => {
  using scene = new Scene();
  const conn = await connected(scene);
  await scene.asks("put a0 1\nget b1\n");
  const other = await scene.rig.accept(1);
  await conn.receives("-later\n");
  await other.receives("B\n");
  await scene.passes(REFUSED_RETRY_FIRST_MS);
  await conn.receives("ok\n");
  assertEquals(scene.heard(), "ok\nB\n");
  await scene.ends();
});

Deno.test("refused until its time is over it gets the server's error; a script gets it at once", async () => {
  using scene = new Scene();
  const conn = await connected(scene);
  await scene.asks("put a0 1\n");
  await conn.receives("-later\n");
  let answered = conn.written.length;
  let reply = "";
  for (let passed = 0; reply === "" && passed <= WAIT_MS + 1000; passed += 500) {
    await scene.passes(500);
    if (conn.written.length > answered) await conn.receives("-later\n");
    answered = conn.written.length;
    reply = scene.heard();
  }
  assertEquals(reply, "-later\n");
  await scene.asks("run a0\n");
  await conn.receives("-later\n");
  assertEquals(scene.heard(), "-later\n");
  await scene.ends();
});

Deno.test("those of one client that are refused one after the other go on together", async () => {
  using scene = new Scene();
  const conn = await connected(scene);
  await scene.asks("put a0 1\nput a0 2\n");
  const both = "put a0 1\nput a0 2\n";
  await conn.receives("-later\n");
  await scene.passes(10);
  await conn.receives("-later\n");
  // Alone, the first one could be refused once more, and the second one be run before it.
  await scene.passes(REFUSED_RETRY_FIRST_MS - 10);
  assertEquals(conn.written, "get x0\n" + both);
  await scene.passes(10);
  assertEquals(conn.written, "get x0\n" + both + both);
  await conn.receives("ok\nok\n");
  assertEquals(scene.heard(), "ok\nok\n");
  await scene.ends();
});

Deno.test("a read waits behind its client's write of the same place, also where only writes are paused", async () => {
  using scene = new Scene();
  await scene.asks("put a0 1\nget a0\n");
  await scene.refused();
  const other = scene.rig.client();
  await scene.asks("get a0\n", other);
  const { orders } = scene.rig.context;
  orders.pause("10.0.0.1:7000", { mode: PauseMode.Writes, endMs: Infinity });
  const conn = await scene.connects();
  await scene.passes(2 * WAIT_MS);
  assertEquals(conn.written, "get a0\n");
  await conn.receives("0\n");
  orders.resume("10.0.0.1:7000");
  await scene.passes(1);
  assertEquals(conn.written, "get a0\nput a0 1\nget a0\n");
  await conn.receives("ok\n1\n");
  assertEquals([scene.heard(), scene.heard(other)], ["ok\n1\n", "0\n"]);
  await scene.ends(other);
});
