/**
 * Asks a replica as well where a read takes long. What is under way is looked at every few milliseconds, so that a
 * request costs nothing by itself; the number of backups is bounded by a share of all requests, so that a cluster that
 * is slow as a whole does not get twice the load.
 *
 * @module
 */
import type { Backend } from "../backend/backend.ts";
import type { BackendContext } from "../backend/backend_context.ts";
import type { BackendConnection } from "../backend/connection.ts";
import type { ErrorLook } from "../backend/key_by_key.ts";
import type { BackupRequestConfig } from "../config/config.ts";
import { CommandFlag } from "../protocol/command_table.ts";
import type { Exchange } from "../request/exchange.ts";
import { BackupRace, type RaceListener } from "./backup_race.ts";

/** Shortest time between two looks, milliseconds; it is half of what is slow, within bounds. */
export const LOOK_MIN_MS = 1;
/** Longest time between two looks, milliseconds. */
export const LOOK_MAX_MS = 5;
/** Nothing faster than this counts as slow, milliseconds. */
export const SLOW_MIN_MS = 1;
/** Between two looks at how long requests take, milliseconds. */
const MEASURE_MS = 1_000;
/** How much a new mean counts against those before it. */
const MEAN_WEIGHT = 0.3;
/** Backups that may be saved up for a time of slow reads. */
export const SAVED_MAX = 1_000;
/** Requests of one connection that are looked at at once. */
const LOOKED_MAX = 4_096;

/** What backups need of the router. */
export interface BackupRouter {
  backends(): Iterable<Backend>;
  /** A connection to a replica of this exchange's place, ready, to another node than the exchange was sent to; or null. */
  backupFor(exchange: Exchange): BackendConnection | null;
  readonly look: ErrorLook;
}

/** One per cluster and worker. */
export class BackupRequests implements RaceListener {
  readonly look: ErrorLook;
  readonly #context: BackendContext;
  readonly #router: BackupRouter;
  readonly #config: () => BackupRequestConfig;
  /** Backups that may be sent now, with fractions. */
  #saved = 0;
  #requestsBefore = 0;
  /** How long requests take on average, milliseconds; 0 before it is known. */
  #meanMs = 0;
  #measuredAtMs = 0;
  #sumBefore = 0;
  #countBefore = 0;
  #lookedAtMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param config Read anew each time. */
  constructor(context: BackendContext, router: BackupRouter, config: () => BackupRequestConfig) {
    this.#context = context;
    this.#router = router;
    this.#config = config;
    this.look = router.look;
  }

  /** Begins, or ends, as the configuration says. */
  reconfigure(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#config().isEnabled) return;
    this.#requestsBefore = this.#context.metrics.requests;
    this.#lookedAtMs = performance.now();
    this.#schedule();
  }

  /** Ends for good. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  backupWon(): void {
    this.#context.metrics.backupRequestsWon += 1;
  }

  errorPassed(): void {
    // Only reads are asked twice.
    this.#context.metrics.countFailed({ flags: CommandFlag.Read });
  }

  /** Above this a read is slow, milliseconds; Infinity where that is not known yet. */
  get slowMs(): number {
    const { triggerSlowMs, multiplier } = this.#config();
    const relativeMs = this.#meanMs === 0 ? Infinity : this.#meanMs * multiplier;
    return Math.max(SLOW_MIN_MS, Math.min(triggerSlowMs ?? Infinity, relativeMs));
  }

  #schedule(): void {
    const waitMs = Math.min(LOOK_MAX_MS, Math.max(LOOK_MIN_MS, this.slowMs / 2));
    this.#timer = setTimeout(() => this.#lookAround(waitMs), waitMs);
  }

  #lookAround(waitedMs: number): void {
    const { clock } = this.#context;
    clock.readNow();
    const sinceMs = clock.realMs - this.#lookedAtMs;
    this.#lookedAtMs = clock.realMs;
    this.#save();
    if (clock.realMs - this.#measuredAtMs >= MEASURE_MS) this.#measure(clock.realMs);
    // The proxy itself stood still: replies that came meanwhile are read first.
    if (sinceMs <= 2 * waitedMs + LOOK_MAX_MS) this.#askReplicas(clock.realMs - this.slowMs);
    this.#schedule();
  }

  #save(): void {
    const { requests } = this.#context.metrics;
    const share = this.#config().maxPercent / 100;
    this.#saved = Math.min(SAVED_MAX, this.#saved + (requests - this.#requestsBefore) * share);
    this.#requestsBefore = requests;
  }

  #measure(nowMs: number): void {
    const { counts, sum } = this.#context.metrics.remoteTimer;
    const count = counts.reduce((total, one) => total + one, 0);
    const newCount = count - this.#countBefore;
    if (newCount > 0) {
      const meanMs = (sum - this.#sumBefore) / newCount / 1000;
      this.#meanMs = this.#meanMs === 0
        ? meanMs
        : this.#meanMs + MEAN_WEIGHT * (meanMs - this.#meanMs);
    }
    this.#sumBefore = sum;
    this.#countBefore = count;
    this.#measuredAtMs = nowMs;
  }

  /** Those that were asked for before this time, and are not answered. */
  #askReplicas(beforeMs: number): void {
    for (const backend of this.#router.backends()) {
      for (const { inflight } of backend.connections()) {
        const count = Math.min(inflight.size, LOOKED_MAX);
        for (let index = 0; index < count; index++) {
          const exchange = inflight.at(index);
          if (exchange.row === null) continue;
          if (exchange.startedAtMs > beforeMs) break;
          if (mayRace(exchange)) this.#askReplica(exchange);
        }
      }
    }
  }

  #askReplica(exchange: Exchange): void {
    const { metrics, requests } = this.#context;
    if (this.#saved < 1) {
      metrics.backupRequestsCapped += 1;
      return;
    }
    const connection = this.#router.backupFor(exchange);
    if (connection === null) return;
    const { chunk, start, end } = exchange;
    const backup = requests.takeExchange();
    new BackupRace(exchange, this).begin(backup);
    this.#saved -= 1;
    metrics.backupRequests += 1;
    connection.send(backup, chunk!.bytes, start, end);
  }
}

/** Whether the exchange is a client's read that is under way at one node only. */
function mayRace({ receiver, row, isRead, hasOwnErrors, place, chunk }: Exchange): boolean {
  return receiver !== null && isRead && !hasOwnErrors && place >= 0 && chunk !== null &&
    (row!.flags & CommandFlag.Read) !== 0 && !(receiver instanceof BackupRace);
}
