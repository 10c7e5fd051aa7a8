/**
 * Whether the process takes more memory than `max_memory_bytes`, as the system counts: then nobody is accepted. What is
 * let go of falls back to the process, not to the system, so this alone closes nobody.
 *
 * @module
 */
import type { Log } from "../observe/log.ts";
import type { MemoryRoom } from "../observe/memory_room.ts";

/** Between two looks, milliseconds. */
export const MEMORY_LOOK_INTERVAL_MS = 250;
/** Between two lines of the log that say the same, milliseconds. */
export const MEMORY_LOG_INTERVAL_MS = 10_000;

/** Looks at the memory of the process, while there is a limit. */
export class MemoryWatch {
  readonly #room: MemoryRoom;
  readonly #log: Log;
  readonly #residentBytes: () => number;
  readonly #nowMs: () => number;
  #timer: ReturnType<typeof setInterval> | null = null;
  #saidAtMs = -Infinity;

  /**
   * @param residentBytes Resident memory of the process.
   * @param nowMs Milliseconds on any scale that does not go back.
   */
  constructor(
    room: MemoryRoom,
    log: Log,
    residentBytes: () => number,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#room = room;
    this.#log = log;
    this.#residentBytes = residentBytes;
    this.#nowMs = nowMs;
  }

  /** From now on this is the limit; 0: there is none. */
  limit(byteCount: number): void {
    this.#room.limitBytes = byteCount;
    if (byteCount === 0) return this.stop();
    this.#timer ??= setInterval(() => this.look(), MEMORY_LOOK_INTERVAL_MS);
    this.look();
  }

  /** Looks no more. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#room.isShort = false;
  }

  /** Looks once. */
  look(): void {
    const residentBytes = this.#residentBytes();
    const isShort = residentBytes > this.#room.limitBytes;
    this.#room.isShort = isShort;
    if (!isShort || this.#nowMs() - this.#saidAtMs < MEMORY_LOG_INTERVAL_MS) return;
    this.#saidAtMs = this.#nowMs();
    this.#log.warning("Nobody is accepted: the process takes more than max_memory_bytes", {
      residentBytes,
      bufferedBytes: this.#room.heldBytes,
      maxMemoryBytes: this.#room.limitBytes,
    });
  }
}
