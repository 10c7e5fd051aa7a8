/**
 * `max_memory_bytes`: looks at what the buffers of this worker take. While those of all workers take more than that
 * together it lets go of what nobody has, and then closes the fattest holders.
 *
 * @module
 */
import type { Clock, Watched } from "../clock.ts";
import type { MemoryRoom } from "../observe/memory_room.ts";

/** Shortest time between two looks, milliseconds. */
export const LOOK_INTERVAL_MS = 50;
/** What other workers tell may be so much above what they have, bytes. */
const ROUNDED_BYTES = 1024;
/** A look takes at most one part in so many of a worker's time, */
const LOOK_SHARE = 50;
/** but comes so often at least, milliseconds: one that took long as the processor was taken away tells nothing. */
const LOOK_INTERVAL_MOST_MS = 500;
/** It does not wait either where buffers have grown by one part in so many of the limit, for a few large frames. */
const GROWN_SHARE = 16;
/** Holders that are closed at one look. */
export const CLOSED_AT_ONCE_MAX = 64;
/** Shortest time between two times that what nobody has is let go of, milliseconds. */
export const SPARE_SPACING_MS = 10_000;
/** For so long one worker leaves it to another whose holder is fatter, milliseconds. */
export const PATIENCE_MS = 500;
/** From then on it closes its own that have at least so much of what that one has. */
const IMPATIENT_SHARE = 1 / 4;

/** Whoever can be made to let go of buffers: a client, a connection to a backend, or what is kept for all. */
export interface MemoryHolder {
  /** What it is, for the log. */
  readonly holderFields: Readonly<Record<string, string | number>>;
}

/** Hears what one holder has. */
export type HolderVisitor = (holder: MemoryHolder, byteCount: number) => void;

/** A cluster, as this sees it. */
export interface HoldingCluster {
  /** Bytes that nobody has and that are kept to be used again. */
  readonly spareBytes: number;
  /** Bytes by which buffers were made larger for large frames so far, though they may be free by now. */
  readonly grownBytes: number;
  /** Keeps none of them. */
  letGoSpare(): void;
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
  readonly #now: () => number;
  #lookAtMs = -Infinity;
  /** As of the last look. */
  #grownBytes = 0;
  /** When what nobody has may be let go of again. */
  #spareAtMs = -Infinity;
  /** Since when all workers together have had too much; null: they have not. */
  #overSinceMs: number | null = null;

  /** @param now Milliseconds on any scale that does not go back: what looks take is told by it, and when they are due. */
  constructor(
    clock: Clock,
    room: MemoryRoom,
    clusters: () => Iterable<HoldingCluster>,
    now: () => number = () => performance.now(),
  ) {
    this.#clock = clock;
    this.#room = room;
    this.#clusters = clusters;
    this.#now = now;
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
    const beganMs = this.#now();
    const grownBytes = this.#countGrown();
    const hasGrown = grownBytes - this.#grownBytes > limitBytes / GROWN_SHARE;
    if (beganMs < this.#lookAtMs && !hasGrown) return true;
    this.#grownBytes = grownBytes;
    this.#publish();
    if (this.#room.heldBytes > limitBytes) this.#cutDown(limitBytes);
    if (this.#room.heldBytes <= limitBytes) this.#overSinceMs = null;
    const tookMs = this.#now() - beganMs;
    const restMs = Math.min(LOOK_INTERVAL_MOST_MS, tookMs * LOOK_SHARE);
    this.#lookAtMs = beganMs + Math.max(LOOK_INTERVAL_MS / 2, restMs);
    return true;
  }

  #countGrown(): number {
    let grownBytes = 0;
    for (const cluster of this.#clusters()) grownBytes += cluster.grownBytes;
    return grownBytes;
  }

  #publish(): void {
    let heldBytes = 0;
    let spareBytes = 0;
    let fattestBytes = 0;
    for (const cluster of this.#clusters()) {
      spareBytes += cluster.spareBytes;
      cluster.visitHolders((_holder, byteCount) => {
        heldBytes += byteCount;
        if (byteCount > fattestBytes) fattestBytes = byteCount;
      });
    }
    this.#room.holds(heldBytes + spareBytes, fattestBytes, spareBytes);
  }

  #cutDown(limitBytes: number): void {
    const { realMs } = this.#clock;
    const isFirst = this.#overSinceMs === null;
    this.#overSinceMs ??= realMs;
    // What is let go of is taken anew soon, and V8 is late in freeing it: that must not go on and on.
    if (isFirst && realMs >= this.#spareAtMs && this.#room.spareBytes > 0) {
      this.#spareAtMs = realMs + SPARE_SPACING_MS;
      for (const cluster of this.#clusters()) cluster.letGoSpare();
      // The other workers are to let go of theirs as well before anybody is closed.
      return this.#publish();
    }
    this.#shed(limitBytes);
  }

  /** Closes the fattest, as long as they are the fattest of all workers. */
  #shed(limitBytes: number): void {
    // A worker that stands still must not keep the others from it; but those who have little are not to pay for it.
    const isPatient = this.#clock.realMs - this.#overSinceMs! < PATIENCE_MS;
    const share = isPatient ? 1 : IMPATIENT_SHARE;
    for (const { cluster, holder, byteCount } of this.#fattest()) {
      // What others have is rounded up: of several that have the same none is to wait for another.
      if (byteCount + ROUNDED_BYTES <= this.#room.fattestElsewhereBytes * share) break;
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
