/**
 * One run of the model test: clients, faults, recovery, and what must be true afterwards.
 *
 * @module
 */
import { type Aster, startAster } from "../support/aster.ts";
import { delay, until, withDeadline } from "../support/poll.ts";
import { Random } from "../support/seed.ts";
import { type Backends, moveSlots, startBackends } from "./backends.ts";
import type { Expectations } from "./dialect.ts";
import {
  createExclusion,
  disturbRelay,
  disturbServers,
  pauseProxy,
  resetClients,
} from "./faults.ts";
import { HalfCloser } from "./half_closer.ts";
import { MemcacheDialect } from "./memcache_dialect.ts";
import { type ClientRules, HANG_MS, ModelClient } from "./model_client.ts";
import {
  becomesIdle,
  idleDescriptors,
  memoryBytes,
  type Metrics,
  openDescriptors,
  staysQuiet,
} from "./proxy_watch.ts";
import { RedisDialect } from "./redis_dialect.ts";
import { RunReport } from "./run_report.ts";
import type { Scenario } from "./scenario.ts";
import { SubscriberCrowd } from "./subscriber_crowd.ts";
import { Violation } from "./violation.ts";

/** Longest time from the end of all faults until no request fails any more, in milliseconds. */
const RECOVERY_DEADLINE_MS = 15_000;
/** So long no request may fail for the proxy to have recovered, in milliseconds. */
const RECOVERED_MS = 400;
/** The proxy's memory stays below this, in bytes, whatever happens. */
const MEMORY_LIMIT_BYTES = 900 * 1024 * 1024;
const WATCH_INTERVAL_MS = 500;
/** Subscribers that come together, and names that all of them subscribe to. */
const CROWD_CLIENTS_MAX = 30;
const CROWD_NAMES_MAX = 6_000;
/** Clients that end their input behind every few requests. */
const HALF_CLOSERS = 3;

/**
 * Runs a scenario.
 *
 * @param durationMs How long faults happen, in milliseconds.
 * @param report Counts go here as they are made.
 * @throws {Violation} If the proxy broke a promise.
 */
export async function runModel(
  scenario: Scenario,
  seed: number,
  durationMs: number,
  report: RunReport = new RunReport(),
): Promise<RunReport> {
  await using backends = await startBackends(scenario);
  await using aster = await startAster(
    (port) => configuration(scenario, port, backends),
    { metrics: true },
  );
  const run = new ModelRun(scenario, seed, backends, aster, report);
  try {
    await run.execute(durationMs);
  } catch (error) {
    if (error instanceof Violation) {
      error.message += `\n${report}\nlast lines of the proxy's log:\n${lastLines(aster.logs())}`;
    }
    throw error;
  }
  return report;
}

function lastLines(text: string): string {
  return text.split("\n").slice(-25).join("\n");
}

function configuration(scenario: Scenario, port: number, backends: Backends): string {
  const { readTimeoutMs } = scenario;
  const weight = scenario.type === "redis_cluster" ? "" : ":1";
  const servers = backends.relays.map((relay) => `"${relay.address}${weight}"`);
  return [
    "[[clusters]]",
    'name = "model"',
    `listen_addr = "127.0.0.1:${port}"`,
    `cache_type = "${scenario.type}"`,
    `servers = [${servers.join(", ")}]`,
    `thread = ${scenario.threads}`,
    `node_connections = ${scenario.nodeConnections}`,
    `read_timeout = ${readTimeoutMs}`,
    `write_timeout = ${3 * readTimeoutMs}`,
    `dial_timeout = ${readTimeoutMs}`,
    ...scenario.settings,
    "",
  ].join("\n");
}

/** Nothing may fail. */
function isCalm({ hasRelayFaults, hasServerFaults, hitsLimits }: Scenario): boolean {
  return !hasRelayFaults && !hasServerFaults && !hitsLimits;
}

class ModelRun {
  readonly #scenario: Scenario;
  readonly #random: Random;
  readonly #backends: Backends;
  readonly #aster: Aster;
  readonly #report: RunReport;
  readonly #clients: ModelClient<unknown>[] = [];
  #areFaultsOver = false;
  #isOver = false;

  constructor(
    scenario: Scenario,
    seed: number,
    backends: Backends,
    aster: Aster,
    report: RunReport,
  ) {
    this.#scenario = scenario;
    this.#random = new Random(seed);
    this.#backends = backends;
    this.#aster = aster;
    this.#report = report;
  }

  async execute(durationMs: number): Promise<void> {
    const idleCount = await idleDescriptors(this.#aster);
    for (let number = 1; number <= this.#scenario.clientCount; number++) this.#addClient(number);
    const talks = Promise.all(
      [...this.#clients, ...this.#halfClosers()].map((client) => client.run(() => !this.#isOver)),
    );
    const story = Promise.all([this.#tell(durationMs), this.#subscribe()]);
    const watch = this.#watch();
    try {
      await Promise.race([talks, story, watch]);
      await withDeadline(talks, "all clients have their replies", 2 * HANG_MS);
    } finally {
      this.#areFaultsOver = true;
      this.#isOver = true;
      await Promise.allSettled([story, watch]);
    }
    const metrics = await becomesIdle(this.#aster, idleCount);
    await staysQuiet(this.#aster);
    this.#report.looked(memoryBytes(this.#aster), openDescriptors(this.#aster));
    this.#checkMetrics(metrics);
  }

  /** Faults, then recovery. */
  async #tell(durationMs: number): Promise<void> {
    const faults = this.#disturb();
    await delay(durationMs);
    this.#areFaultsOver = true;
    await faults;
    await this.#recover();
    this.#isOver = true;
  }

  /** Subscribers come and go in crowds until faults are over. */
  async #subscribe(): Promise<void> {
    if (this.#scenario.type === "memcache") return;
    const rules = {
      port: this.#aster.port,
      isCalm: isCalm(this.#scenario),
      clientsMax: CROWD_CLIENTS_MAX,
      namesMax: CROWD_NAMES_MAX,
    };
    const crowd = new SubscriberCrowd(this.#newRandom(), rules, this.#report.crowd);
    await crowd.run(() => this.#areFaultsOver);
  }

  async #disturb(): Promise<void> {
    const { hasRelayFaults, hasServerFaults, movesSlots, pausesProxy, readTimeoutMs } =
      this.#scenario;
    const { relays, servers, cluster, isVolatile } = this.#backends;
    const times = { readTimeoutMs, pauseMaxMs: 800 };
    const counts = this.#report.faults;
    const isOver = () => this.#areFaultsOver;
    const exclusively = createExclusion();
    const loops = [resetClients(this.#aster.port, this.#newRandom(), counts, isOver)];
    if (hasRelayFaults) {
      for (const relay of relays) {
        loops.push(disturbRelay(relay, this.#newRandom(), times, counts, isOver));
      }
    }
    if (hasServerFaults) {
      const lostData = isVolatile ? () => this.#forgetKeys() : null;
      const faults = { servers, pauseMaxMs: 2_500, exclusively, lostData };
      loops.push(disturbServers(faults, this.#newRandom(), times, counts, isOver));
    }
    if (pausesProxy) {
      loops.push(pauseProxy(this.#aster.process, this.#newRandom(), times, counts, isOver));
    }
    if (cluster !== null && movesSlots) {
      loops.push(moveSlots(cluster, this.#newRandom(), counts, exclusively, isOver));
    }
    await Promise.all(loops);
  }

  async #recover(): Promise<void> {
    if (this.#scenario.hitsLimits) return;
    const report = this.#report;
    let failedCount = -1;
    let quietSinceMs = performance.now();
    await until(() => {
      const nowMs = performance.now();
      if (this.#isOver || report.failedCount !== failedCount) quietSinceMs = nowMs;
      failedCount = report.failedCount;
      return this.#isOver || nowMs - quietSinceMs >= RECOVERED_MS;
    }, { what: "requests succeed again", deadlineMs: RECOVERY_DEADLINE_MS, intervalMs: 20 })
      .catch(() => {
        throw new Violation(`requests still fail ${RECOVERY_DEADLINE_MS} ms after the last fault`);
      });
  }

  /** Looks now and then whether all goes on; ends with the run, or with a violation. */
  async #watch(): Promise<void> {
    while (!this.#isOver) {
      await delay(WATCH_INTERVAL_MS);
      const { status } = this.#aster.process;
      if (status !== null) throw new Violation(`the proxy has ended with code ${status.code}`);
      const nowMs = performance.now();
      for (const client of this.#clients) client.checkProgress(nowMs);
      this.#report.looked(memoryBytes(this.#aster), openDescriptors(this.#aster));
      const { memoryBytes: bytes } = this.#report;
      if (bytes > MEMORY_LIMIT_BYTES) throw new Violation(`the proxy takes ${bytes} bytes`);
    }
  }

  #addClient(number: number): void {
    const { type, isWeak, movesSlots, slotCount } = this.#scenario;
    const { mediumShare, largeShare, depthMax, slowShare } = this.#scenario;
    const random = this.#newRandom();
    const identity = { client: number, keyPrefix: "model" };
    const expectations: Expectations = {
      isCalm: isCalm(this.#scenario),
      movesSlots,
      tagCount: slotCount,
      isWeak,
      mediumShare,
      largeShare,
    };
    const rules: ClientRules = { port: this.#aster.port, depthMax, slowShare, leaves: true };
    const report = this.#report;
    const counts = report.clients;
    this.#clients.push(
      (type === "memcache"
        ? new ModelClient(
          number,
          random,
          new MemcacheDialect(random, identity, expectations, report),
          rules,
          counts,
        )
        : new ModelClient(
          number,
          random,
          new RedisDialect(random, identity, expectations, report),
          rules,
          counts,
        )) as ModelClient<unknown>,
    );
  }

  #halfClosers(): HalfCloser[] {
    if (this.#scenario.type === "memcache") return [];
    const areCalm = isCalm(this.#scenario);
    const rules = {
      port: this.#aster.port,
      isCalm: areCalm,
      isExact: areCalm && !this.#scenario.movesSlots,
    };
    return Array.from(
      { length: HALF_CLOSERS },
      (_, index) =>
        new HalfCloser(String(index), this.#newRandom(), rules, this.#report.halfCloses),
    );
  }

  #forgetKeys(): void {
    for (const client of this.#clients) client.forgetKeys();
  }

  #newRandom(): Random {
    return new Random(this.#random.next());
  }

  /** Servers that speak the truth give the proxy no reason for these. */
  #checkMetrics(metrics: Metrics): void {
    for (const reason of ["backend_stray", "backend_malformed", "generation_mismatch"]) {
      const count = metrics.failures(reason);
      if (count > 0) throw new Violation(`${count} failures of reason ${reason}`);
    }
    const restarts = metrics.sum("aster_worker_restarts_total");
    if (restarts > 0) throw new Violation(`${restarts} workers died`);
    const closed = metrics.failures("client_write_timeout") +
      metrics.failures("client_output_limit");
    const { closedByProxy } = this.#report.clients;
    if (closedByProxy > closed) {
      throw new Violation(
        `${closedByProxy} connections closed early, but ${closed} for a limit; the last had ` +
          this.#report.clients.lastClosed,
      );
    }
  }
}
