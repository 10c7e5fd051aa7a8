/**
 * Pings: when they fail, when they eject, and that a late answer is no sign of life.
 *
 * @module
 */
import type { Backend } from "../../../src/backend/backend.ts";
import { FLAP_HOLD_FIRST_MS } from "../../../src/backend/flaps.ts";
import { type HealthOptions, HealthProbe, HURRY_SPACING_MS } from "../../../src/backend/health.ts";
import {
  countOf,
  gatherDurations,
  readSeriesKey,
  SERIES_NUMBERS,
  SeriesBudget,
} from "../../../src/observe/durations.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { LineProtocol } from "../../support/clients/line_protocol.ts";
import { CoreRig, type RigOptions } from "../../support/rigs/core_rig.ts";
import { type FakeTcpConn, turn } from "../../support/fakes/fake_tcp_conn.ts";
import { until } from "../../support/tools/poll.ts";
import { assertEquals } from "../../deps.ts";

const PORT = 7000;

/** One probed backend. Real time passes between pings only; the clock is the test's. */
class Scene implements Disposable {
  readonly rig: CoreRig;
  readonly changes: boolean[] = [];
  isDispensable = true;
  readonly probe: HealthProbe;

  constructor(options: Partial<HealthOptions> = {}, rig: RigOptions = {}) {
    this.rig = new CoreRig({ backendCount: 1, ...rig });
    this.probe = new HealthProbe(
      this.rig.backends[0]!,
      PROFILES[2].master,
      this.rig.context,
      { failLimit: 2, healthyIntervalMs: 2, ejectedIntervalMs: 4, ...options },
      {
        healthChanged: (_backend: Backend, isHealthy) => this.changes.push(isHealthy),
        isDispensable: () => this.isDispensable,
      },
    );
  }

  /** Waits for the next attempt to connect. */
  async connecting(count: number): Promise<void> {
    await until(() => this.rig.network.countTo(PORT) === count, {
      what: `attempt ${count}`,
      intervalMs: 1,
    });
  }

  async accept(count: number): Promise<FakeTcpConn> {
    await this.connecting(count);
    return await this.rig.accept(0);
  }

  async refuse(count: number): Promise<void> {
    await this.connecting(count);
    await this.rig.refuse(0);
  }

  /** The next attempt finds no descriptor. */
  async lack(count: number): Promise<void> {
    await this.connecting(count);
    const error = Object.assign(new Error("Too many open files"), { code: "EMFILE" });
    await this.rig.network.attempt(PORT).fails(error);
  }

  async ends(): Promise<void> {
    this.probe.stop();
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.probe.stop();
    this.rig[Symbol.dispose]();
  }
}

/** Probes that were timed, and how many of each. */
function probesOf({ rig }: Scene): string[] {
  const { keys, values } = gatherDurations([rig.backends[0]!.durations], new SeriesBudget());
  return keys.map((key, index) => {
    const numbers = values.subarray(index * SERIES_NUMBERS, (index + 1) * SERIES_NUMBERS);
    return `${readSeriesKey(key).command} ${countOf(numbers)}`;
  }).sort();
}

async function pinged(conn: FakeTcpConn, count: number): Promise<void> {
  await until(() => conn.written === "probe\n".repeat(count), {
    what: `ping ${count}`,
    intervalMs: 1,
  });
}

Deno.test("a backend that answers is pinged over one connection and nobody hears of it", async () => {
  using scene = new Scene();
  scene.probe.start(true);
  const conn = await scene.accept(1);
  for (let count = 1; count <= 3; count++) {
    await pinged(conn, count);
    await conn.receives("pong\n");
  }
  assertEquals([scene.changes, scene.rig.network.countTo(PORT)], [[], 1]);
  await scene.ends();
});

Deno.test("as many failures in a row as the limit eject; the first success brings back", async () => {
  using scene = new Scene({ failLimit: 3 });
  scene.probe.start(true);
  await scene.refuse(1);
  await scene.refuse(2);
  assertEquals(scene.changes, []);
  await scene.refuse(3);
  assertEquals(scene.changes, [false]);
  await scene.refuse(4);
  assertEquals(scene.changes, [false]);
  const conn = await scene.accept(5);
  await conn.receives("pong\n");
  assertEquals(scene.changes, [false, true]);
  const { pings, pingFailures } = scene.rig.backends[0]!.snapshot();
  assertEquals([pings, pingFailures], [1, 4]);
  assertEquals(probesOf(scene), ["connect 1", "heartbeat 1"]);
  await scene.ends();
});

Deno.test("what the proxy lacks ejects nobody, and brings nobody back", async () => {
  using scene = new Scene({ failLimit: 2 });
  scene.probe.start(true);
  for (let count = 1; count <= 4; count++) await scene.lack(count);
  assertEquals(scene.changes, []);
  await scene.refuse(5);
  await scene.lack(6);
  await scene.refuse(7);
  assertEquals(scene.changes, [false], "those that the backend failed count");
  await scene.lack(8);
  assertEquals(scene.changes, [false]);
  await scene.ends();
});

Deno.test("a success in between starts the count anew", async () => {
  using scene = new Scene({ failLimit: 2 });
  scene.probe.start(true);
  await scene.refuse(1);
  const conn = await scene.accept(2);
  await conn.receives("pong\n");
  await pinged(conn, 2);
  await conn.ends();
  assertEquals(scene.changes, []);
  await scene.refuse(3);
  assertEquals(scene.changes, [false]);
  await scene.ends();
});

Deno.test("an answer that says no is a failure", async () => {
  using scene = new Scene({ failLimit: 1 });
  scene.probe.start(true);
  const conn = await scene.accept(1);
  await conn.receives("-loading\n");
  assertEquals(scene.changes, [false]);
  await scene.ends();
});

Deno.test("who is known as ejected at the start returns at the first success", async () => {
  using scene = new Scene();
  scene.probe.start(false);
  await scene.refuse(1);
  await scene.refuse(2);
  await scene.refuse(3);
  assertEquals(scene.changes, []);
  const conn = await scene.accept(4);
  await conn.receives("pong\n");
  assertEquals(scene.changes, [true]);
  await scene.ends();
});

Deno.test("a late answer to an earlier ping is no sign of life", async () => {
  using scene = new Scene({ failLimit: 1, healthyIntervalMs: 5, ejectedIntervalMs: 5 });
  scene.probe.start(true);
  const late = await scene.accept(1);
  scene.rig.clock.advance(6);
  assertEquals(scene.changes, [false]);
  await scene.connecting(2);
  assertEquals(late.isClosed, true);
  await late.receives("pong\n");
  assertEquals(scene.changes, [false]);
  await scene.ends();
});

Deno.test("a ping fails after its interval or the read timeout, whichever is shorter", async () => {
  const cases = [
    { readTimeoutMs: 1000, intervalMs: 300, failsAfterMs: 300 },
    { readTimeoutMs: 200, intervalMs: 300, failsAfterMs: 200 },
  ];
  for (const { readTimeoutMs, intervalMs, failsAfterMs } of cases) {
    using scene = new Scene(
      { failLimit: 1, healthyIntervalMs: intervalMs },
      { limits: { readTimeoutMs } },
    );
    scene.probe.start(true);
    await scene.accept(1);
    scene.rig.clock.advance(failsAfterMs);
    assertEquals(scene.changes, []);
    scene.rig.clock.advance(1);
    assertEquals(scene.changes, [false]);
    await scene.ends();
  }
});

Deno.test("the time a ping has follows the interval that counts now", async () => {
  using scene = new Scene({ failLimit: 1, healthyIntervalMs: 2, ejectedIntervalMs: 20 });
  scene.isDispensable = false;
  scene.probe.start(false);
  const first = await scene.accept(1);
  scene.rig.clock.advance(20);
  await first.receives("pong\n");
  assertEquals(scene.changes, [true]);
  await pinged(first, 2);
  scene.rig.clock.advance(3);
  assertEquals(scene.changes, [true, false]);
  const second = await scene.accept(2);
  await second.receives("pong\n");
  await pinged(second, 2);
  scene.rig.clock.advance(3);
  assertEquals(scene.changes, [true, false, true, false]);
  await scene.ends();
});

Deno.test("a connect that hangs fails the ping after the same time", async () => {
  using scene = new Scene({ failLimit: 1, healthyIntervalMs: 20 }, {
    limits: { dialTimeoutMs: 60_000 },
  });
  scene.probe.start(true);
  scene.rig.clock.advance(19);
  assertEquals(scene.changes, []);
  scene.rig.clock.advance(1);
  assertEquals(scene.changes, [false]);
  await scene.ends();
});

Deno.test("a stopped probe neither pings nor tells", async () => {
  using scene = new Scene({ failLimit: 1 });
  scene.probe.start(true);
  const conn = await scene.accept(1);
  scene.probe.stop();
  await conn.receives("-no\n");
  assertEquals([scene.changes, conn.isClosed], [[], true]);
  scene.probe.stop();
  assertEquals(scene.rig.network.countTo(PORT), 1);
  await scene.ends();
});

Deno.test("a backend that hangs up on a ping gets the other one at once, and keeps it", async () => {
  const protocol = Object.assign(new LineProtocol(), {
    otherProbe: { bytes: new TextEncoder().encode("other\n"), profile: PROFILES[3].master },
  });
  using scene = new Scene({ failLimit: 1 }, { protocol });
  scene.probe.start(true);
  const first = await scene.accept(1);
  await pinged(first, 1);
  await first.takesAll();
  await first.ends();
  const second = await scene.accept(2);
  await second.takesAll();
  assertEquals(second.takeWritten(), "other\n");
  await second.receives("pong\n");
  await until(() => second.takeWritten() === "other\n", { what: "the next", intervalMs: 1 });
  assertEquals(scene.changes, []);
  // Whoever hangs up on both fails.
  await second.ends();
  const third = await scene.accept(3);
  await third.takesAll();
  assertEquals(third.takeWritten(), "probe\n");
  await third.ends();
  await until(() => scene.changes.length > 0, { what: "the ejection", intervalMs: 1 });
  assertEquals(scene.changes, [false]);
  await scene.ends();
});

Deno.test("a failed request has it pinged at once, not while it is pinged, and not again at once", async () => {
  using scene = new Scene({ healthyIntervalMs: 60_000 });
  scene.probe.start(true);
  const conn = await scene.accept(1);
  scene.probe.hurry();
  await pinged(conn, 1);
  await conn.receives("pong\n");
  scene.probe.hurry();
  await turn();
  await pinged(conn, 1);
  scene.rig.clock.advance(HURRY_SPACING_MS);
  scene.probe.hurry();
  await pinged(conn, 2);
  await conn.receives("pong\n");
  assertEquals(scene.changes, []);
  await scene.ends();
});

Deno.test("who gets no replies to requests is ejected though it answers pings, until a later ping", async () => {
  using scene = new Scene({ failLimit: 5, healthyIntervalMs: 60_000, ejectedIntervalMs: 1 });
  scene.probe.start(true);
  const conn = await scene.accept(1);
  await pinged(conn, 1);
  scene.probe.condemn();
  assertEquals(scene.changes, [false]);
  // What it says to the ping before is not heard.
  await conn.receives("pong\n");
  assertEquals(scene.changes, [false]);
  scene.probe.condemn();
  const next = await scene.accept(2);
  await next.receives("pong\n");
  assertEquals(scene.changes, [false, true]);
  await scene.ends();
});

Deno.test("who comes and goes has to answer for a while, if others do its work meanwhile", async () => {
  for (const isDispensable of [true, false]) {
    using scene = new Scene({ failLimit: 1, healthyIntervalMs: 5, ejectedIntervalMs: 1 });
    scene.isDispensable = isDispensable;
    scene.probe.start(true);
    await scene.refuse(1);
    const first = await scene.accept(2);
    await first.receives("pong\n");
    assertEquals(scene.changes, [false, true]);
    await pinged(first, 2);
    await first.receives("-no\n");
    const second = await scene.accept(3);
    await second.receives("pong\n");
    assertEquals(scene.changes.length, isDispensable ? 3 : 4);
    if (isDispensable) {
      scene.rig.clock.advance(FLAP_HOLD_FIRST_MS);
      await pinged(second, 2);
      await second.receives("pong\n");
    }
    assertEquals(scene.changes, [false, true, false, true]);
    await scene.ends();
  }
});
