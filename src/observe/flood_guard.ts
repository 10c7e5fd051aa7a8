/**
 * Keeps a flood of identical log records from filling disks, pipes and message queues: beyond a rate they
 * are counted, and one record says how many were left out.
 *
 * @module
 */
import type { LogRecord } from "./log.ts";

/** Identical records written per {@link FLOOD_WINDOW_MS}; the others are counted. */
export const FLOOD_LIMIT_RECORDS = 10;
/** Length of a counting window, in milliseconds. */
export const FLOOD_WINDOW_MS = 1_000;
/** Kinds of record told apart at once; at the limit all are settled and counting begins anew. */
export const FLOOD_KINDS_LIMIT = 1_000;

interface Window {
  startMs: number;
  written: number;
  suppressed: number;
  last: LogRecord;
}

/**
 * Passes records on at a bounded rate per kind. Records are of one kind when message, `cluster` and `backend`
 * are the same. The summary is the last suppressed record again, with the field `suppressed`.
 */
export class FloodGuard {
  readonly #sink: (record: LogRecord) => void;
  readonly #now: () => number;
  readonly #windows: Map<string, Window> = new Map();
  #timer: ReturnType<typeof setTimeout> | null = null;

  /**
   * @param sink Takes what passes.
   * @param now Milliseconds on any scale that does not go back.
   */
  constructor(sink: (record: LogRecord) => void, now: () => number = () => performance.now()) {
    this.#sink = sink;
    this.#now = now;
  }

  /** Passes `record` on, or counts it. */
  write(record: LogRecord): void {
    const nowMs = this.#now();
    const key = `${record.message}\n${record.fields.cluster}\n${record.fields.backend}`;
    let window = this.#windows.get(key);
    if (window !== undefined && nowMs - window.startMs >= FLOOD_WINDOW_MS) {
      this.#summarise(window);
      this.#windows.delete(key);
      window = undefined;
    }
    if (window === undefined) {
      if (this.#windows.size >= FLOOD_KINDS_LIMIT) this.flush();
      this.#windows.set(key, { startMs: nowMs, written: 1, suppressed: 0, last: record });
      this.#sink(record);
    } else if (window.written < FLOOD_LIMIT_RECORDS) {
      window.written++;
      this.#sink(record);
    } else {
      window.suppressed++;
      window.last = record;
      this.#armTimer();
    }
  }

  /** Writes all summaries now and forgets all counts. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const window of this.#windows.values()) this.#summarise(window);
    this.#windows.clear();
  }

  /** A flood that just stops is summarised too; the timer runs only while something is left out. */
  #armTimer(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => this.flush(), FLOOD_WINDOW_MS);
  }

  #summarise(window: Window): void {
    if (window.suppressed === 0) return;
    const { level, message, fields } = window.last;
    this.#sink({ level, message, fields: { ...fields, suppressed: window.suppressed } });
  }
}
