/**
 * One run of the model test: clients, faults, recovery, and what must be true afterwards.
 *
 * @module
 */
import { READ_HUGE_BYTES } from "../../src/bytes/receive_buffer.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { delay, until, withDeadline } from "../support/tools/poll.ts";
import { Random } from "../support/tools/seed.ts";
import { type Backends, moveSlots, startBackends } from "./backends.ts";
import type { Expectations } from "./dialect.ts";
import {
  createExclusion,
  disturbRelay,
  disturbServers,
  pauseProxy,
  resetClients,
  stopMaxMs,
} from "./faults.ts";
import { HalfCloser } from "./half_closer.ts";
import { MemcacheActor } from "./memcache_actors.ts";
import { MemcacheDialect } from "./memcache_dialect.ts";
import { type ClientCounts, type ClientRules, HANG_MS, ModelClient } from "./model_client.ts";
import {
  becomesIdle,
  connectionsOf,
  idleDescriptors,
  memoryBytes,
  type Metrics,
  openDescriptors,
  scrape,
  staysQuiet,
} from "./proxy_watch.ts";
import { RedisDialect } from "./redis_dialect.ts";
import { RunReport } from "./run_report.ts";
import type { Scenario } from "./scenario.ts";
import { SubscriberCrowd } from "./subscriber_crowd.ts";
import { flood, pauseServers, reloadAll, RestartedProxy, slowAdminClients } from "./turmoil.ts";
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
 * How much longer one of them may wait where the proxy is stopped again and again. It then runs a tenth of the time, and
 * to end a wait takes it several replies, one after the other.
 */
const PAUSED_FACTOR = 4;
/** Clients of a process that is restarted, and actors of each protocol of memcache but its first, in a turmoil. */
const RESTARTED_CLIENTS = 6;
const ACTORS = 4;
/** Part of a turmoil that only warms up. */
const WARM_UP_SHARE = 0.4;
/** A process that served for less time is still growing to what it needs: then only what it has in use is looked at. */
const WARM_UP_LEAST_MS = 45_000;
/** What memory may grow by beyond its value behind that: a share and bytes. */
const GROWTH_SHARE_MAX = 0.2;
const GROWTH_BYTES_MAX = 20 * 1024 * 1024;
/**
 * How long the least of its memory is looked for. V8 gives back what workers had that have ended, and what others do
 * not need any more, some 10 seconds behind the last request: by then it was 190 MiB, and 300 at first.
 */
const MEMORY_SETTLES_MS = 20_000;
/** Descriptors that Deno keeps when workers have ended. */
const KEPT_BY_DENO_MAX = 6;
/** Within this a process that is restarted lets its clients go, in milliseconds. */
const SHUTDOWN_MS = 2_000;

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
    { metrics: true, environment: scenario.isTurmoil ? packagedEnvironment() : {} },
  );
  const startOther = () =>
    startAster(
      (port) =>
        `[runtime]\nshutdown_timeout = ${SHUTDOWN_MS}\n${configuration(scenario, port, backends)}`,
      { environment: packagedEnvironment() },
    );
  const run = async (phase: number, ms: number) => {
    const parts = { scenario, seed: seed + phase, phase, backends, aster, report, startOther };
    return await new ModelRun(parts).execute(ms);
  };
  try {
    if (!scenario.isTurmoil) {
      await run(0, durationMs);
      return report;
    }
    const warmUpMs = durationMs * WARM_UP_SHARE;
    await run(0, warmUpMs);
    const isJudged = warmUpMs >= WARM_UP_LEAST_MS;
    const settlesMs = isJudged ? MEMORY_SETTLES_MS : 0;
    const before = await whatIsLeft(aster, settlesMs);
    const descriptors = await run(1, durationMs - warmUpMs);
    const after = await whatIsLeft(aster, settlesMs);
    const descriptorsAfter = await idleDescriptors(aster);
    report.leftBehind = `memory ${shownMemory(before)} then ${shownMemory(after)}, ` +
      `buffers ${before.buffers} then ${after.buffers} bytes, ` +
      `descriptors besides backends ${descriptors} then ${descriptorsAfter}`;
    checkBuffers(after, report);
    if (isJudged) checkMemory(before, after, report);
    if (descriptorsAfter > descriptors + KEPT_BY_DENO_MAX) {
      throw new Violation(`descriptors: ${report.leftBehind}`);
    }
  } catch (error) {
    if (error instanceof Error) {
      error.message += `\n${await shownMetrics(aster)}`;
      error.message += `\n${report}\nlast lines of the proxy's log:\n${lastLines(aster.logs())}`;
    }
    throw error;
  }
  return report;
}

/**
 * V8's flags as the packages set them. Without them each thread's space for young objects grows to 32 MB as chance has
 * it, and stays: how much of it a thread has by the end says nothing of what it has kept.
 */
function packagedEnvironment(): Record<string, string> {
  const unit = new URL("../../packaging/aster.service", import.meta.url);
  const [, flags] = /\bDENO_V8_FLAGS=(\S+)/.exec(Deno.readTextFileSync(unit)) ?? [];
  if (flags === undefined) throw new Error("The service sets no flags of V8");
  return { DENO_V8_FLAGS: flags };
}

/** What an idle proxy takes, in bytes. */
interface Left {
  readonly memory: number;
  readonly buffers: number;
  /** What they may take: each connection to a backend has room for a read. */
  readonly buffersMax: number;
  readonly untaken: number;
  /** What V8 says of the workers' part in `memory`: objects, and arrays of bytes. */
  readonly heap: number;
  readonly external: number;
  readonly workers: number;
}

/** @param settlesMs How long its memory may take to settle. */
async function whatIsLeft(aster: Aster, settlesMs: number): Promise<Left> {
  let memory = memoryBytes(aster);
  for (let waitedMs = 0; waitedMs < settlesMs; waitedMs += WATCH_INTERVAL_MS) {
    await delay(WATCH_INTERVAL_MS);
    memory = Math.min(memory, memoryBytes(aster));
  }
  const metrics = await scrape(aster);
  const untaken = metrics.sum("aster_client_output_bytes");
  return {
    memory,
    buffers: metrics.sum("aster_buffered_bytes"),
    buffersMax: READ_HUGE_BYTES * connectionsOf(metrics),
    untaken,
    heap: metrics.sum("aster_worker_heap_bytes"),
    external: metrics.sum("aster_worker_external_bytes"),
    workers: metrics.count("aster_worker_heap_bytes"),
  };
}

function checkBuffers({ buffers, buffersMax, untaken }: Left, report: RunReport): void {
  if (untaken === 0 && buffers <= buffersMax) return;
  throw new Violation(`buffers stay behind: ${untaken} bytes of replies, ${report.leftBehind}`);
}

function checkMemory(before: Left, after: Left, report: RunReport): void {
  const most = before.memory * (1 + GROWTH_SHARE_MAX) + GROWTH_BYTES_MAX;
  if (after.memory > most) throw new Violation(`memory has grown: ${report.leftBehind}`);
}

function shownMemory({ memory, heap, external, workers }: Left): string {
  return `${mebibytes(memory)} MiB (heap ${mebibytes(heap)} and arrays ${
    mebibytes(external)
  } MiB ` +
    `of ${workers} workers)`;
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

/** What tells where requests wait. */
async function shownMetrics(aster: Aster): Promise<string> {
  const metrics = await scrape(aster).catch(() => null);
  if (metrics === null) return "the admin server does not answer";
  return [
    ...["aster_front_connection", "aster_backend_in_flight", "aster_backend_queued_bytes"],
    ...["aster_pauses", "aster_buffered_bytes", "aster_client_output_bytes"],
  ].map((name) => `${name} ${metrics.sum(name)}`).join(", ") + `\n${shownDescriptors(aster)}`;
}

/** What the descriptors of the proxy are, those of one kind counted together; sockets by their ports. */
function shownDescriptors({ pid }: Aster): string {
  const ends = new Map<string, string>();
  for (const line of Deno.readTextFileSync(`/proc/${pid}/net/tcp`).split("\n").slice(1)) {
    const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
    if (inode === undefined) continue;
    const portOf = (end: string) => parseInt(end.split(":")[1]!, 16);
    ends.set(inode, `${portOf(local!)} to ${portOf(remote!)} in state ${state}`);
  }
  const counts = new Map<string, number>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    const target = Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
    const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
    const kind = inode === undefined ? target.replace(/\[\d+\]/, "") : ends.get(inode) ?? "socket";
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${count} of ${kind}`).join(", ");
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

/** What a run is made of. */
interface ModelRunParts {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Runs of different phases have different keys. */
  readonly phase: number;
  readonly backends: Backends;
  readonly aster: Aster;
  readonly report: RunReport;
  /** Starts another process of the proxy in front of the same servers. */
  startOther(): Promise<Aster>;
}

class ModelRun {
  readonly #scenario: Scenario;
  readonly #random: Random;
  readonly #phase: number;
  readonly #restarted: RestartedProxy;
  readonly #backends: Backends;
  readonly #aster: Aster;
  readonly #report: RunReport;
  readonly #clients: ModelClient<unknown>[] = [];
  #areFaultsOver = false;
  #isOver = false;

  constructor({ scenario, seed, phase, backends, aster, report, startOther }: ModelRunParts) {
    this.#phase = phase;
    this.#restarted = new RestartedProxy(startOther);
    this.#scenario = scenario;
    this.#random = new Random(seed);
    this.#backends = backends;
    this.#aster = aster;
    this.#report = report;
  }

  /** Returns the descriptors that it began with, those of connections to backends left out. */
  async execute(durationMs: number): Promise<number> {
    const { clientCount, isTurmoil } = this.#scenario;
    const idleCount = await idleDescriptors(this.#aster);
    for (let number = 1; number <= clientCount; number++) this.#addClient(number);
    if (isTurmoil) await this.#addRestarted(clientCount);
    const talks = Promise.all(
      [...this.#clients, ...this.#halfClosers(), ...this.#actors()]
        .map((client) => client.run(() => !this.#isOver)),
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
      await this.#restarted.end();
    }
    // What Deno keeps of workers that end, an eventpoll and an eventfd, is for the next ones: more where more end at once.
    const kept = isTurmoil ? KEPT_BY_DENO_MAX : 0;
    const metrics = await becomesIdle(this.#aster, idleCount + kept);
    await staysQuiet(this.#aster);
    this.#report.looked(memoryBytes(this.#aster), openDescriptors(this.#aster));
    this.#checkMetrics(metrics);
    return idleCount;
  }

  /** Faults, then recovery. */
  async #tell(durationMs: number): Promise<void> {
    const faults = this.#disturb();
    // Where a fault cannot be had, the run ends there and then.
    await Promise.race([faults, delay(durationMs)]);
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
      const stopMs = pausesProxy ? stopMaxMs(readTimeoutMs) : 0;
      loops.push(moveSlots(cluster, stopMs, this.#newRandom(), counts, exclusively, isOver));
    }
    if (this.#scenario.isTurmoil) loops.push(...this.#turmoil(isOver));
    await Promise.all(loops);
  }

  #turmoil(isOver: () => boolean): Promise<void>[] {
    const { port, metricsPort } = this.#aster;
    const counts = this.#report.faults;
    const servers = this.#backends.relays.map(({ address }) => address);
    return [
      reloadAll(this.#aster, this.#newRandom(), counts, isOver),
      pauseServers(this.#aster, servers, this.#newRandom(), counts, isOver),
      flood(port, this.#scenario.type, this.#newRandom(), counts, isOver),
      slowAdminClients(metricsPort, this.#newRandom(), counts, isOver),
      this.#restarted.restart(this.#newRandom(), counts, isOver),
    ];
  }

  async #recover(): Promise<void> {
    if (this.#scenario.hitsLimits) return;
    const report = this.#report;
    const before = new Map(report.errors);
    let failedCount = -1;
    let quietSinceMs = performance.now();
    let lookedAtMs = quietSinceMs;
    let longestLookMs = 0;
    await until(() => {
      const nowMs = performance.now();
      longestLookMs = Math.max(longestLookMs, nowMs - lookedAtMs);
      lookedAtMs = nowMs;
      if (this.#isOver || report.failedCount !== failedCount) quietSinceMs = nowMs;
      failedCount = report.failedCount;
      return this.#isOver || nowMs - quietSinceMs >= RECOVERED_MS;
    }, { what: "requests succeed again", deadlineMs: RECOVERY_DEADLINE_MS, intervalMs: 20 })
      .catch(async () => {
        const late = `${Math.round(longestLookMs)} ms between two looks`;
        throw new Violation(
          `requests still fail ${RECOVERY_DEADLINE_MS} ms after the last fault: ` +
            `${report.errorsSince(before)}, ${late}\n${await this.#shownBackends()}`,
        );
      });
  }

  /** What each backend owes, as the proxy and the relay before it know. */
  async #shownBackends(): Promise<string> {
    const metrics = await scrape(this.#aster);
    return this.#backends.relays.map(({ address, heldBytes, linkCount }) => {
      const label = `backend="${address}"`;
      const inFlight = metrics.sum("aster_backend_in_flight", label);
      const received = metrics.sum("aster_backend_received_bytes_total", label);
      return `${address}: ${inFlight} in flight, ${received} bytes received, ` +
        `${heldBytes} bytes in ${linkCount} links of the relay`;
    }).join("\n");
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

  async #addRestarted(firstNumber: number): Promise<void> {
    const { depthMax, slowShare } = this.#scenario;
    const restarted = this.#restarted;
    await restarted.begin();
    const rules: ClientRules = {
      get port() {
        return restarted.port;
      },
      depthMax,
      slowShare,
      leaves: true,
      mayBeAway: true,
    };
    for (let number = 1; number <= RESTARTED_CLIENTS; number++) {
      this.#addClient(firstNumber + number, rules, this.#report.restarted);
    }
  }

  #actors(): MemcacheActor[] {
    const { type, isTurmoil } = this.#scenario;
    if (type !== "memcache" || !isTurmoil) return [];
    const rules = { port: this.#aster.port, isCalm: isCalm(this.#scenario) };
    return ["binary", "meta"].flatMap((kind) =>
      Array.from({ length: ACTORS }, (_, index) => {
        const name = `${kind}-${this.#phase}-${index}`;
        const random = this.#newRandom();
        return new MemcacheActor(name, kind === "binary", random, rules, this.#report.actors);
      })
    );
  }

  #addClient(
    number: number,
    rules: ClientRules | null = null,
    counts: ClientCounts = this.#report.clients,
  ): void {
    const { type, isWeak, movesSlots, slotCount } = this.#scenario;
    const { mediumShare, largeShare, depthMax, slowShare } = this.#scenario;
    const random = this.#newRandom();
    const identity = { client: number, keyPrefix: `model${this.#phase}` };
    const expectations: Expectations = {
      isCalm: isCalm(this.#scenario),
      movesSlots,
      tagCount: slotCount,
      isWeak,
      mediumShare,
      largeShare,
    };
    const own = rules ?? {
      port: this.#aster.port,
      depthMax,
      slowShare,
      leaves: true,
      // Where a listener goes, connections that wait to be accepted are reset.
      mayBeAway: this.#scenario.isTurmoil,
    };
    const report = this.#report;
    this.#clients.push(
      (type === "memcache"
        ? new ModelClient(
          number,
          random,
          new MemcacheDialect(random, identity, expectations, report),
          own,
          counts,
        )
        : new ModelClient(
          number,
          random,
          new RedisDialect(random, identity, expectations, report),
          own,
          counts,
        )) as ModelClient<unknown>,
    );
  }

  #halfClosers(): HalfCloser[] {
    // They want to know each reply of theirs, also those to connections that a listener leaves behind.
    if (this.#scenario.type === "memcache" || this.#scenario.isTurmoil) return [];
    const areCalm = isCalm(this.#scenario);
    const rules = {
      port: this.#aster.port,
      closingMaxMs: HANG_MS * (this.#scenario.pausesProxy ? PAUSED_FACTOR : 1),
      isCalm: areCalm,
      isExact: areCalm && !this.#scenario.movesSlots,
    };
    return Array.from(
      { length: HALF_CLOSERS },
      (_, index) =>
        new HalfCloser(
          `${this.#phase}:${index}`,
          this.#newRandom(),
          rules,
          this.#report.halfCloses,
        ),
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
    const { closedByProxy, resetUnserved } = this.#report.clients;
    // Where a listener goes, Linux resets who waits to be accepted.
    const reset = this.#scenario.isTurmoil ? resetUnserved : 0;
    if (closedByProxy - reset > closed) {
      throw new Violation(
        `${closedByProxy} connections closed early, but ${closed} for a limit and ${reset} unserved; ` +
          `the latest:\n${this.#report.clients.closed.join("\n")}\n` +
          `failures: ${metrics.allFailures()}`,
      );
    }
  }
}
