/**
 * Keeps a flood of identical log records from filling disks, pipes and message queues: beyond a rate they
 * are counted, and one record says how many were left out.
 *
 * @module
 */
import type { LogRecord } from "./log.ts";

/** Identical records written per {@link FLOOD_WINDOW_MS}; the others are counted. */
export const FLOOD_LIMIT_RECORDS = 10;
/**
 * Records with one message of one cluster written per {@link FLOOD_WINDOW_MS}, whichever backends they are about. Where
 * a network fails with a thousand servers behind it, there is something to be said about each of them.
 */
export const FLOOD_LIMIT_MESSAGE_RECORDS = 100;
/** Length of a counting window, in milliseconds. */
export const FLOOD_WINDOW_MS = 1_000;
/** Kinds of record told apart at once; at the limit all are settled and counting begins anew. */
export const FLOOD_KINDS_LIMIT = 1_000;

/**
 * Passes records on at a bounded rate. Records are of one kind when message, `cluster` and `backend` are the same. So
 * many of each kind are written, and so many of all kinds with the same message and `cluster` together. The summary is
 * the last suppressed record again, with the field `suppressed`; one that stands for several kinds has no `backend`.
 */
export class FloodGuard {
  readonly #now: () => number;
  readonly #kinds: RecordWindows;
  readonly #messages: RecordWindows;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /**
   * @param sink Takes what passes.
   * @param now Milliseconds on any scale that does not go back.
   */
  constructor(sink: (record: LogRecord) => void, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#messages = new RecordWindows(
      FLOOD_LIMIT_MESSAGE_RECORDS,
      sink,
      (record, suppressed) => sink(withSuppressed(record, { backend: undefined, suppressed })),
    );
    this.#kinds = new RecordWindows(
      FLOOD_LIMIT_RECORDS,
      (record) => this.#writeOfMessage(record),
      (record, suppressed) => this.#writeOfMessage(withSuppressed(record, { suppressed })),
    );
  }

  /** Passes `record` on, or counts it. */
  write(record: LogRecord): void {
    const { message, fields: { cluster, backend } } = record;
    const isWritten = this.#kinds.write(record, `${message}\n${cluster}\n${backend}`, this.#now());
    if (!isWritten) this.#armTimer();
  }

  #writeOfMessage(record: LogRecord): void {
    const { message, fields: { cluster } } = record;
    const isWritten = this.#messages.write(record, `${message}\n${cluster}`, this.#now());
    if (!isWritten) this.#armTimer();
  }

  /** Writes all summaries now and forgets all counts. */
  flush(): void {
    this.#kinds.flush();
    this.#messages.flush();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** A flood that just stops is summarised too; the timer runs only while something is left out. */
  #armTimer(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => this.flush(), FLOOD_WINDOW_MS);
  }
}

interface Window {
  startMs: number;
  written: number;
  /** A summary counts for all that it stands for. */
  suppressed: number;
  last: LogRecord;
}

/** Counts records by what they have in common, in windows of {@link FLOOD_WINDOW_MS}. */
class RecordWindows {
  readonly #limit: number;
  readonly #sink: (record: LogRecord) => void;
  readonly #summarise: (last: LogRecord, suppressed: number) => void;
  readonly #windows: Map<string, Window> = new Map();

  /**
   * @param limit Records that pass in one window.
   * @param sink Takes them.
   * @param summarise Writes that so many others were left out, of which `last` was the last.
   */
  constructor(
    limit: number,
    sink: (record: LogRecord) => void,
    summarise: (last: LogRecord, suppressed: number) => void,
  ) {
    this.#limit = limit;
    this.#sink = sink;
    this.#summarise = summarise;
  }

  /** @returns Whether `record` passed; else it is counted. */
  write(record: LogRecord, key: string, nowMs: number): boolean {
    let window = this.#windows.get(key);
    if (window !== undefined && nowMs - window.startMs >= FLOOD_WINDOW_MS) {
      this.#windows.delete(key);
      this.#settle(window);
      window = undefined;
    }
    if (window === undefined) {
      if (this.#windows.size >= FLOOD_KINDS_LIMIT) this.flush();
      window = { startMs: nowMs, written: 0, suppressed: 0, last: record };
      this.#windows.set(key, window);
    }
    if (window.written < this.#limit) {
      window.written += 1;
      this.#sink(record);
      return true;
    }
    const { suppressed } = record.fields;
    window.suppressed += typeof suppressed === "number" ? suppressed : 1;
    window.last = record;
    return false;
  }

  flush(): void {
    const windows = [...this.#windows.values()];
    this.#windows.clear();
    for (const window of windows) this.#settle(window);
  }

  #settle({ last, suppressed }: Window): void {
    if (suppressed > 0) this.#summarise(last, suppressed);
  }
}

function withSuppressed(record: LogRecord, fields: Record<string, unknown>): LogRecord {
  const { level, message } = record;
  const all = Object.entries({ ...record.fields, ...fields });
  return {
    level,
    message,
    fields: Object.fromEntries(all.filter(([, value]) => value !== undefined)),
  };
}
