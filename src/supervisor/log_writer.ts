/**
 * Writes log lines without ever waiting for whoever reads them: a pipe that nobody empties, or a terminal
 * that was stopped, must not stop the supervisor.
 *
 * @module
 */

/** Bytes of lines that may wait to be written; further lines are lost, and counted. */
export const LOG_BACKLOG_LIMIT_BYTES = 1_048_576;
/** How long the end of the program waits for the last lines to be taken, milliseconds. */
export const LOG_DRAIN_LIMIT_MS = 500;

/** Where lines go, such as `Deno.stderr`. */
export interface LogTarget {
  /** Takes some of `bytes` and says how many; may wait for its reader. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Lines on their way to a target, in order, of which only so many may wait. */
export class LogWriter {
  readonly #target: LogTarget;
  readonly #onLost: (lineCount: number) => void;
  readonly #encoder: TextEncoder = new TextEncoder();
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #lostLines = 0;
  #pump: Promise<void> | null = null;

  /**
   * @param onLost Is told how many lines were lost, as soon as lines are taken again.
   */
  constructor(target: LogTarget, onLost: (lineCount: number) => void = () => {}) {
    this.#target = target;
    this.#onLost = onLost;
  }

  /** Takes one line with its line feed; returns at once. */
  write(line: string): void {
    const bytes = this.#encoder.encode(line);
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes.length > LOG_BACKLOG_LIMIT_BYTES) {
      this.#lostLines++;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#pump ??= this.#writeAll();
  }

  /** Waits until all lines are taken, or `limitMs` are over. */
  async drain(limitMs: number = LOG_DRAIN_LIMIT_MS): Promise<void> {
    if (this.#pump === null) return;
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, limitMs);
    await Promise.race([this.#pump, limit.promise]);
    clearTimeout(timer);
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      try {
        for (const line of lines) {
          for (let written = 0; written < line.length;) {
            written += await this.#target.write(line.subarray(written));
          }
          this.#waitingBytes -= line.length;
        }
      } catch {
        // A log that cannot be written must not end the proxy.
        this.#waiting = [];
        this.#waitingBytes = 0;
      }
      this.#tellLost();
    }
    this.#pump = null;
  }

  #tellLost(): void {
    if (this.#lostLines === 0) return;
    const lineCount = this.#lostLines;
    this.#lostLines = 0;
    this.#onLost(lineCount);
  }
}
