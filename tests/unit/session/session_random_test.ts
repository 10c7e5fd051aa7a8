/**
 * Random clients, slow and fast, that half-close or are lost at any point, under windows, budgets and limits so tight
 * that all of them are met at once: each client gets its replies in order and is closed, and nothing is kept.
 *
 * @module
 */
import { failures } from "../../../src/failure.ts";
import { KEYS_AT_ONCE_MAX } from "../../../src/session/split_dispatch.ts";
import { FRAGMENTS_IN_FLIGHT_MAX } from "../../../src/session/split_window.ts";
import { CoreRig, type RigClient } from "../../support/rigs/core_rig.ts";
import { type FakeTcpConn, turn } from "../../support/fakes/fake_tcp_conn.ts";
import { type Random, scaled, seededRandom } from "../../support/tools/seed.ts";
import { assert, assertEquals } from "../../deps.ts";

const PLACES = 3;
const LONG_VALUE = "x".repeat(200_000);
const STEPS_MAX = 10_000;

/** What a backend has for a key. */
function valueOf(key: string): string {
  return key.startsWith("long") ? `${key}:${LONG_VALUE}` : `v_${key}`;
}

function replyTo(line: string): string {
  return `${line.split(" ").slice(1).map(valueOf).join(",")}\n`;
}

function randomRequest(random: Random, name: string): string {
  const key = (prefix = "") => `${prefix}${name}_${random.below(1000)}_${random.below(PLACES)}`;
  const keys = (count: number) => Array.from({ length: count }, () => key()).join(" ");
  const kind = random.below(20);
  if (kind === 0) return `mget ${keys(KEYS_AT_ONCE_MAX + random.below(500))}\n`;
  if (kind === 1) return `get ${key("long")}\n`;
  if (kind < 5) return `mget ${keys(random.between(2, 12))}\n`;
  return `get ${key()}\n`;
}

/** A client: sends in pieces, takes its replies as fast as it likes. */
class RandomClient {
  readonly rig: RigClient;
  readonly expected: string;
  readonly isLost: boolean;
  #unsent: string;
  #hasEnded = false;
  #received = "";

  constructor(random: Random, rig: RigClient, name: string) {
    this.rig = rig;
    rig.conn.takesWrites = random.chance(0.5);
    const requests = Array.from(
      { length: random.between(1, 60) },
      () => randomRequest(random, name),
    );
    this.#unsent = requests.join("");
    this.expected = requests.map((request) => replyTo(request.trim())).join("");
    this.isLost = random.chance(0.2);
  }

  get isDone(): boolean {
    return this.rig.conn.isClosed;
  }

  async step(random: Random): Promise<void> {
    const { conn, session } = this.rig;
    if (random.chance(0.5) && conn.writing !== null) {
      const { length } = conn.writing;
      await conn.takes(random.chance(0.5) ? length : random.between(1, length));
    } else if (this.#unsent.length > 0) {
      const length = random.chance(0.3) ? random.between(1, 40) : random.between(1, 20_000);
      const piece = this.#unsent.slice(0, length);
      this.#unsent = this.#unsent.slice(length);
      await conn.receives(piece);
    } else if (!this.#hasEnded) {
      this.#hasEnded = true;
      await conn.ends();
    }
    if (this.isLost && random.chance(0.02)) session.close(failures.clientKilled);
    this.#received += conn.takeWritten();
  }

  check(): void {
    this.#received += this.rig.conn.takeWritten();
    if (this.isLost) assert(this.expected.startsWith(this.#received), "what came is right");
    else assertEquals(this.#received.length, this.expected.length);
    if (!this.isLost) assert(this.#received === this.expected, "every reply, in order");
  }
}

/** A backend that answers in order, when it likes. */
class RandomBackend {
  readonly #conn: FakeTcpConn;
  #lines: string[] = [];
  #rest = "";

  constructor(conn: FakeTcpConn) {
    this.#conn = conn;
  }

  async step(random: Random): Promise<void> {
    const lines = (this.#rest + this.#conn.takeWritten()).split("\n");
    this.#rest = lines.pop()!;
    this.#lines.push(...lines);
    const count = random.chance(0.3) ? this.#lines.length : random.below(4);
    const replies = this.#lines.splice(0, count).map(replyTo).join("");
    if (replies === "") return await turn();
    const cut = random.below(replies.length);
    await this.#conn.receives(replies.slice(0, cut), replies.slice(cut));
  }
}

Deno.test("whatever clients and backends do, replies are whole and in order, and nothing is kept", async () => {
  const random = seededRandom("sessions at random");
  for (let round = 0; round < scaled(2); round++) {
    using rig = new CoreRig({
      backendCount: PLACES,
      limits: { queueSoftBytes: random.pick([200, 500_000]), queueBytesMax: 50_000_000 },
      sessionLimits: {
        pipelineMax: random.pick([2, 1000]),
        outputBytesMax: random.pick([2, 64]) * 1024 * 1024,
        readAheadBytes: random.pick([1_000, 64 * 1024]),
      },
      outputPoolBytes: random.pick([1, 256 * 1024 * 1024]),
    });
    const { fanOut, output } = rig.sessionContext;
    const taken = random.pick([0, FRAGMENTS_IN_FLIGHT_MAX - 2]);
    fanOut.window.inFlight = taken;
    const clients = Array.from(
      { length: 6 },
      (_, index) => new RandomClient(random, rig.client(), `c${index}`),
    );
    const backends = new Map<number, RandomBackend>();
    for (let steps = 0; clients.some(({ isDone }) => !isDone); steps++) {
      assert(steps < STEPS_MAX, "somebody waits for ever");
      for (let place = 0; place < PLACES; place++) {
        if (backends.has(place) || rig.network.countTo(7000 + place) === 0) continue;
        backends.set(place, new RandomBackend(await rig.accept(place)));
      }
      const client = random.pick(clients);
      if (!client.isDone) await client.step(random);
      if (random.chance(0.5)) {
        for (const backend of backends.values()) await backend.step(random);
      }
      // Whoever waits for half of the window to be free would wait for those that only the test has taken.
      if (taken > 0 && fanOut.window.inFlight === taken) {
        fanOut.window.inFlight += 1;
        fanOut.window.giveBack(0);
        fanOut.window.inFlight -= 1;
        await turn();
      }
    }
    for (const backend of backends.values()) {
      for (let n = 0; n < 50; n++) await backend.step(random);
    }
    for (const client of clients) client.check();
    assertEquals([fanOut.window.inFlight, fanOut.window.takenBytes], [taken, 0]);
    assertEquals([output.heldBytes, rig.metrics.clientsConnected], [0, 0]);
    await rig.ends();
  }
});
