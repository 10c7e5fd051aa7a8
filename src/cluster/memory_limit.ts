/**
 * `max_memory_bytes`: looks at what the buffers of this worker take, and closes the fattest holders of them while those
 * of all workers take more than that together.
 *
 * @module
 */
import type { Clock, Watched } from "../clock.ts";
import type { MemoryRoom } from "../observe/memory_room.ts";

/** Shortest time between two looks, milliseconds. */
export const LOOK_INTERVAL_MS = 50;
/** A look takes at most one part in so many of a worker's time. */
const LOOK_SHARE = 50;
/** Holders that are closed at one look. */
export const CLOSED_AT_ONCE_MAX = 64;
/** For so long one worker leaves it to another whose holder is fatter, milliseconds. */
export const PATIENCE_MS = 500;
/** From then on it closes its own that have at least so much of what that one has. */
const IMPATIENT_SHARE = 1 / 4;

/** Whoever can be made to let go of buffers: a client, or a connection to a backend. */
export interface MemoryHolder {
  /** What it is, for the log. */
  readonly holderFields: Readonly<Record<string, string | number>>;
}

/** Hears what one holder has. */
export type HolderVisitor = (holder: MemoryHolder, byteCount: number) => void;

/** A cluster, as this sees it. */
export interface HoldingCluster {
  /** Tells of all holders; one may come more than once, with what it has in different places. */
  visitHolders(visit: HolderVisitor): void;
  /** Closes a holder that has so many bytes. */
  shed(holder: MemoryHolder, byteCount: number): void;
}

interface Held {
  readonly cluster: HoldingCluster;
  readonly holder: MemoryHolder;
  readonly byteCount: number;
}

/** The memory of one worker. */
export class MemoryLimit implements Watched {
  isWatched = false;
  readonly #clock: Clock;
  readonly #room: MemoryRoom;
  readonly #clusters: () => Iterable<HoldingCluster>;
  #lookAtMs = 0;
  /** Since when all workers together have had too much; null: they have not. */
  #overSinceMs: number | null = null;

  constructor(clock: Clock, room: MemoryRoom, clusters: () => Iterable<HoldingCluster>) {
    this.#clock = clock;
    this.#room = room;
    this.#clusters = clusters;
  }

  /** The limit may be another. */
  look(): void {
    if (this.#room.limitBytes > 0) this.#clock.watch(this);
  }

  onTick(): boolean {
    const { limitBytes } = this.#room;
    if (limitBytes === 0) {
      this.#room.clear();
      return false;
    }
    const beganMs = performance.now();
    if (beganMs < this.#lookAtMs) return true;
    this.#publish();
    if (this.#room.heldBytes <= limitBytes) this.#overSinceMs = null;
    else this.#shed(limitBytes);
    const tookMs = performance.now() - beganMs;
    this.#lookAtMs = beganMs + Math.max(LOOK_INTERVAL_MS / 2, tookMs * LOOK_SHARE);
    return true;
  }

  #publish(): void {
    let heldBytes = 0;
    let fattestBytes = 0;
    for (const cluster of this.#clusters()) {
      cluster.visitHolders((_holder, byteCount) => {
        heldBytes += byteCount;
        if (byteCount > fattestBytes) fattestBytes = byteCount;
      });
    }
    this.#room.holds(heldBytes, fattestBytes);
  }

  /** Closes the fattest, as long as they are the fattest of all workers. */
  #shed(limitBytes: number): void {
    const { realMs } = this.#clock;
    this.#overSinceMs ??= realMs;
    // A worker that stands still must not keep the others from it; but those who have little are not to pay for it.
    const isPatient = realMs - this.#overSinceMs < PATIENCE_MS;
    const share = isPatient ? 1 : IMPATIENT_SHARE;
    for (const { cluster, holder, byteCount } of this.#fattest()) {
      if (byteCount < this.#room.fattestElsewhereBytes * share) break;
      cluster.shed(holder, byteCount);
      this.#publish();
      if (this.#room.heldBytes <= limitBytes) break;
    }
  }

  #fattest(): Held[] {
    const held: Held[] = [];
    for (const cluster of this.#clusters()) {
      cluster.visitHolders((holder, byteCount) => {
        if (byteCount > 0) held.push({ cluster, holder, byteCount });
      });
    }
    held.sort((one, other) => other.byteCount - one.byteCount);
    return held.slice(0, CLOSED_AT_ONCE_MAX);
  }
}
