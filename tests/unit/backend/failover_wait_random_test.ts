/**
 * Clients that write one value after the other, to a server that refuses some of them for now, comes and goes, at any
 * time: each request has one reply, no value is written twice, and none behind a later one.
 *
 * @module
 */
import { FailoverWait } from "../../../src/backend/failover_wait.ts";
import { failures } from "../../../src/failure.ts";
import { CoreRig, type RigClient } from "../../support/rigs/core_rig.ts";
import { type FakeTcpConn, turn } from "../../support/fakes/fake_tcp_conn.ts";
import { type Random, scaled, seededRandom } from "../../support/tools/seed.ts";
import { assert, assertEquals } from "../../deps.ts";

const RUNS = 20;
const STEPS = 60;
/** Steps in which all that waits is answered. */
const LAST_STEPS = 40;
const WAIT_MS = 600;
const TICK_MS = 50;

/** A client, and the key that it alone writes to. */
class Writer {
  readonly client: RigClient;
  readonly key: string;
  sent = 0;
  /** The values that the server has written, in their order. */
  readonly written: number[] = [];

  constructor(client: RigClient, key: string) {
    this.client = client;
    this.key = key;
  }

  async write(count: number): Promise<void> {
    let text = "";
    for (let left = count; left > 0; left--) text += `put ${this.key} ${this.sent += 1}\n`;
    await this.client.conn.receives(text);
  }
}

/** One server, and what waits for it. */
class Scene implements Disposable {
  readonly rig = new CoreRig({
    backendCount: 1,
    retainsRequests: true,
    limits: { failoverWaitMs: WAIT_MS, readTimeoutMs: 60_000 },
  });
  readonly writers: Writer[];
  readonly #waits: FailoverWait;
  readonly #random: Random;
  #conn: FakeTcpConn | null = null;
  #received = "";
  /** Requests that the server has not answered. */
  #due: string[] = [];

  constructor(random: Random) {
    this.#random = random;
    const { context, router } = this.rig;
    this.#waits = new FailoverWait(context, {
      connectionFor: (place, isRead, client) => router.connectionFor(place, isRead, client),
      backendAt: (place) => router.backendAt(place),
      goneReason: () => null,
      requestsWait: () => {},
      beforeResend: () => {},
    });
    this.rig.takeUnsent = (exchange, failure) => this.#waits.takeUnsent(exchange, failure);
    router.onError = (exchange, reply) => {
      const bytes = new TextEncoder().encode(reply);
      return reply === "-later\n" && this.#waits.takeRefused(exchange, bytes, 0, bytes.length);
    };
    this.writers = ["a0", "b0", "c0"].map((key) => new Writer(this.rig.client(), key));
  }

  /** The server can be connected to, if somebody tries. */
  async comes(): Promise<void> {
    const attempts = this.rig.network.attempts.filter(({ isSettled }) => !isSettled);
    for (const attempt of attempts) if (attempt.isAborted) await attempt.fails();
    const isAwaited = attempts.some(({ isAborted }) => !isAborted);
    if (this.#conn !== null || !isAwaited) return;
    this.#conn = await this.rig.accept(0);
    this.#received = "";
    this.#due = [];
    await turn();
  }

  async goes(): Promise<void> {
    const conn = this.#conn;
    this.#conn = null;
    await conn?.ends();
  }

  /** The server answers up to so many requests in one piece; each is refused with this chance. */
  async answers(count: number, refusalChance: number): Promise<void> {
    if (this.#conn === null) return;
    this.#received += this.#conn.takeWritten();
    const lines = this.#received.split("\n");
    this.#received = lines.pop()!;
    this.#due.push(...lines);
    let replies = "";
    for (const line of this.#due.splice(0, count)) {
      const [, key, value] = line.split(" ");
      const isRefused = this.#random.chance(refusalChance);
      if (!isRefused) this.writers.find((one) => one.key === key)!.written.push(Number(value));
      replies += isRefused ? "-later\n" : "ok\n";
    }
    if (replies !== "") await this.#conn.receives(replies);
  }

  async passes(milliseconds: number): Promise<void> {
    this.rig.clock.advance(milliseconds);
    await turn();
  }

  async end(): Promise<void> {
    for (const { client } of this.writers) client.session.close(failures.shuttingDown);
    this.#waits.close();
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

async function step(scene: Scene, random: Random): Promise<void> {
  const kind = random.below(100);
  if (kind < 30) await scene.writers[random.below(3)]!.write(random.between(1, 3));
  else if (kind < 40) await scene.comes();
  else if (kind < 70) await scene.answers(random.between(1, 2), random.chance(0.7) ? 0.9 : 0.1);
  else if (kind < 73) await scene.goes();
  else await scene.passes(random.between(1, TICK_MS));
}

Deno.test("whatever a server refuses, each client's writes are carried out in their order, and once", async () => {
  const random = seededRandom("refused writes");
  for (let run = scaled(RUNS); run > 0; run--) {
    using scene = new Scene(random);
    for (let count = 0; count < STEPS; count++) await step(scene, random);
    for (let count = 0; count < LAST_STEPS; count++) {
      await scene.comes();
      await scene.answers(1_000, 0);
      await scene.passes(TICK_MS);
    }
    for (const { client, key, sent, written } of scene.writers) {
      const replies = client.conn.takeWritten().split("\n").slice(0, -1);
      assertEquals(replies.length, sent, key);
      const isInOrder = written.every((value, at) => at === 0 || value > written[at - 1]!);
      assert(isInOrder, `${key}: ${written}`);
      assert(replies.filter((reply) => reply === "ok").length <= written.length, key);
    }
    await scene.end();
  }
});
