/**
 * `rate_limit`: gives each client what counts its requests. Where they are counted together with those of others, by
 * address, user or cluster, that is in memory that the workers of the cluster share.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { ClusterConfig, RateLimitConfig } from "../config/config.ts";
import { failures } from "../failure.ts";
import { sha256 } from "../hash/mod.ts";
import { formatPeer } from "../endpoint.ts";
import { addressKey } from "../net/ip_address.ts";
import type { Log } from "../observe/log.ts";
import { RateTable } from "../observe/rate_table.ts";
import type { LocalClient } from "../session/stages.ts";
import type { Meter } from "../session/meter.ts";

/** Between two lines of the log about requests that are refused, milliseconds. */
const LOG_INTERVAL_MS = 10_000;
const CLUSTER_KEY = 1n;
/** What sums of fractions may be beside the sum that is meant, milliseconds. */
const ROUNDING_MS = 1e-6;

/** A client, as this sees it. */
export interface LimitedClient extends LocalClient {
  meter: Meter | null;
}

/** What it works with; the limit and the memory are read anew each time. */
export interface RequestLimitsParts {
  readonly config: Pick<ClusterConfig, "rateLimit" | "users">;
  readonly clock: Clock;
  readonly log: Log;
  readonly memory: { readonly rates: SharedArrayBuffer | null };
  /** Who a client has logged in as; null: it has not, and has to. */
  userOf(client: LocalClient): string | null;
  /** The time that workers share, milliseconds; the process's if left out. */
  readonly sharedNowMs?: () => number;
}

/** The request limits of one cluster's clients in one worker. */
export class RequestLimits {
  readonly #parts: RequestLimitsParts;
  #table: RateTable | null = null;
  #saidAtMs = -Infinity;

  constructor(parts: RequestLimitsParts) {
    this.#parts = parts;
  }

  /** Who a client has logged in as; null: it has not, and has to. */
  userOf(client: LocalClient): string | null {
    return this.#parts.userOf(client);
  }

  get nowMs(): number {
    return this.#parts.clock.realMs;
  }

  /** Gives a client the meter that the configuration asks for of its user, or none; it keeps the one that it has. */
  connect(client: LimitedClient): void {
    const { rateLimit, users } = this.#parts.config;
    const name = this.#parts.userOf(client);
    const user = users.find(({ username, rate }) => rate !== null && username === name);
    const limit = user?.rate ?? rateLimit;
    if (limit === null) {
      client.meter = null;
      return;
    }
    // A cluster that was replaced has no memory for what came later: there each client has its own.
    const isShared = limit.per !== "client" && this.#parts.memory.rates !== null;
    const { meter } = client;
    const fits = meter instanceof (isShared ? SharedMeter : OwnMeter) && meter.per === limit.per;
    const counted = fits ? meter : new (isShared ? SharedMeter : OwnMeter)(this, client);
    counted.follow(limit, user?.username ?? null);
    client.meter = counted;
  }

  /** The limit may be another: what clients have had already is forgotten where they are counted otherwise from now on. */
  reconfigure(clients: Iterable<LimitedClient>): void {
    for (const client of clients) this.connect(client);
  }

  /** Takes one request of those that are counted under `key`. */
  take(key: bigint, limit: RateLimitConfig): boolean {
    this.#table ??= new RateTable(this.#parts.memory.rates!, this.#parts.sharedNowMs);
    return this.#table.take(key, limit);
  }

  /** A request was refused: said now and then, not for each. */
  refused(client: LocalClient, limit: RateLimitConfig): void {
    const { clock, log } = this.#parts;
    if (clock.realMs - this.#saidAtMs < LOG_INTERVAL_MS) return;
    this.#saidAtMs = clock.realMs;
    const { perSecond, burst, per } = limit;
    log.warning("Requests are refused", {
      reason: failures.rateLimited.name,
      address: formatPeer(client.peer),
      perSecond,
      burst,
      per,
    });
  }
}

abstract class CountedMeter implements Meter {
  hasCounted = false;
  protected readonly limits: RequestLimits;
  protected readonly client: LocalClient;
  protected limit!: RateLimitConfig;
  /** The user whose own limit it is, or null. */
  protected owner: string | null = null;

  constructor(limits: RequestLimits, client: LocalClient) {
    this.limits = limits;
    this.client = client;
  }

  get per(): RateLimitConfig["per"] {
    return this.limit.per;
  }

  /** Counts by this limit from now on. */
  follow(limit: RateLimitConfig, owner: string | null): void {
    this.limit = limit;
    this.owner = owner;
  }

  take(): boolean {
    const user = this.limits.userOf(this.client);
    // It can only log in, and how often is bounded otherwise.
    return user === null || this.count(user);
  }

  refused(): void {
    this.limits.refused(this.client, this.limit);
  }

  protected abstract count(user: string): boolean;
}

/** Counts one client's requests by themselves. */
class OwnMeter extends CountedMeter {
  /** When it may have the whole burst again, milliseconds. */
  #fullMs = 0;

  protected count(): boolean {
    const { perSecond, burst } = this.limit;
    const { nowMs } = this.limits;
    const costMs = 1000 / perSecond;
    const wholeMs = burst * costMs;
    // Further ahead it can only be by a former, slower rate.
    this.#fullMs = Math.min(this.#fullMs, nowMs + wholeMs);
    const nextMs = Math.max(nowMs, this.#fullMs) + costMs;
    if (nextMs - nowMs > wholeMs + ROUNDING_MS) return false;
    this.#fullMs = nextMs;
    return true;
  }
}

/** Counts a client's requests together with those of others. */
class SharedMeter extends CountedMeter {
  #key: bigint | null = null;
  #user = "";

  override follow(limit: RateLimitConfig, owner: string | null): void {
    if (owner !== this.owner) this.#key = null;
    super.follow(limit, owner);
  }

  protected count(user: string): boolean {
    if (this.#key === null || (this.per === "user" && user !== this.#user)) {
      this.#user = user;
      this.#key = this.#keyOf(user);
    }
    return this.limits.take(this.#key, this.limit);
  }

  #keyOf(user: string): bigint {
    if (this.per === "cluster") return CLUSTER_KEY;
    if (this.per === "user") return digestKey(user);
    const address = addressKey(this.client.peer);
    // What a user has of its own is not counted with what others have from there.
    return this.owner === null ? address : digestKey(`${this.owner} ${address}`);
  }
}

function digestKey(text: string): bigint {
  const digest = sha256(new TextEncoder().encode(text));
  const key = new DataView(digest.buffer, digest.byteOffset).getBigInt64(0);
  return key === 0n ? CLUSTER_KEY : key;
}
