/**
 * What requests wait for while the slot map is not known, or not known to be whole:
 *
 * - all of them for the first map, and for a fresh one where nobody has asked for anything for long;
 * - those to all shards for the next one, where MOVED named a master that the map in use does not have. During a failover
 *   that map is half old, half new: it has the former master and the heir, who hold the same keys.
 *
 * Either wait has one end for all, counted from when it began; behind it nobody waits until a map has come.
 *
 * @module
 */
import type { Clock, Watched } from "../clock.ts";
import { ShardsState, type ShardsStateCode } from "./router.ts";

/** How long is waited; it is read when a wait begins. */
export interface WaitLimits {
  /** Longest wait, milliseconds. */
  readonly dialTimeoutMs: number;
}

/** One per cluster and worker. */
export class MapWait implements Watched {
  isWatched = false;
  /** Whether it is known who holds the keys, all maps and corrections considered. */
  shards: ShardsStateCode = ShardsState.Known;
  readonly #clock: Clock;
  readonly #limits: WaitLimits;
  readonly #ended: () => void;
  /** The masters of the map that was fetched last; null before the first one. */
  #masters: ReadonlySet<string> | null = null;
  #hasBegun = false;
  /** 0 where the first map is not waited for. */
  #firstMapUntilMs = 0;
  #nextMapUntilMs = 0;

  /**
   * @param ended Called at the end of each wait.
   */
  constructor(clock: Clock, limits: WaitLimits, ended: () => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#ended = ended;
  }

  /** Whether requests wait for the first map. */
  get awaitsFirstMap(): boolean {
    return this.#firstMapUntilMs > 0;
  }

  /** The masters of the map that was fetched last. */
  get masters(): Iterable<string> {
    return this.#masters ?? [];
  }

  /** From now on the first map is waited for, unless it is there; it counts once. */
  begin(): void {
    if (this.#hasBegun || this.#masters !== null) return;
    this.#hasBegun = true;
    this.#firstMapUntilMs = this.#clock.nowMs + this.#limits.dialTimeoutMs;
    this.#clock.watch(this);
  }

  /** The map in use has grown old: a fresh one is waited for as the first one is. */
  beginAgain(): void {
    this.#firstMapUntilMs = this.#clock.nowMs + this.#limits.dialTimeoutMs;
    this.#clock.watch(this);
  }

  /** A map was fetched that has these masters; MOVED has named these owners since the fetch began. */
  fetched(masters: ReadonlySet<string>, owners: Iterable<string>): void {
    this.#masters = masters;
    const wasWaitedFor = this.awaitsFirstMap || this.shards === ShardsState.Awaited;
    this.#firstMapUntilMs = 0;
    if ([...owners].every((owner) => masters.has(owner))) this.shards = ShardsState.Known;
    else this.#awaitNextMap();
    // Those who waited for the first map need not wait for the next one.
    if (wasWaitedFor) this.#ended();
  }

  /** MOVED has named `owner` for a slot. */
  corrected(owner: string): void {
    if (this.#masters !== null && !this.#masters.has(owner)) this.#awaitNextMap();
  }

  onTick(nowMs: number): boolean {
    if (this.awaitsFirstMap && nowMs >= this.#firstMapUntilMs) {
      this.#firstMapUntilMs = 0;
      this.#ended();
    }
    if (this.shards === ShardsState.Awaited && nowMs >= this.#nextMapUntilMs) {
      this.shards = ShardsState.Unknown;
      this.#ended();
    }
    return this.awaitsFirstMap || this.shards === ShardsState.Awaited;
  }

  #awaitNextMap(): void {
    if (this.shards !== ShardsState.Known) return;
    this.shards = ShardsState.Awaited;
    this.#nextMapUntilMs = this.#clock.nowMs + this.#limits.dialTimeoutMs;
    this.#clock.watch(this);
  }
}
