/**
 * Structured log records. A record is made only after the level check; where it goes is decided by a sink
 * given at start: workers post theirs to the supervisor, which is the one writer.
 *
 * @module
 */
import type { LogLevel } from "../config/config.ts";

/** One event with its fields. Messages are constant sentences; what varies is in the fields. */
export interface LogRecord {
  level: LogLevel;
  message: string;
  fields: Record<string, unknown>;
}

const severities: Record<LogLevel, number> = { trace: 0, debug: 1, info: 2, warning: 3, error: 4 };

/** Writes records at or above its level to a sink. */
export class Log {
  #severity: number;
  readonly #sink: (record: LogRecord) => void;

  constructor(level: LogLevel, sink: (record: LogRecord) => void) {
    this.#severity = severities[level];
    this.#sink = sink;
  }

  /** Whether records of `level` are written: ask before building costly fields. */
  isEnabled(level: LogLevel): boolean {
    return severities[level] >= this.#severity;
  }

  /** From now on records at or above `level` are written. */
  setLevel(level: LogLevel): void {
    this.#severity = severities[level];
  }

  debug(message: string, fields: Record<string, unknown> = {}): void {
    this.#write("debug", message, fields);
  }

  info(message: string, fields: Record<string, unknown> = {}): void {
    this.#write("info", message, fields);
  }

  warning(message: string, fields: Record<string, unknown> = {}): void {
    this.#write("warning", message, fields);
  }

  error(message: string, fields: Record<string, unknown> = {}): void {
    this.#write("error", message, fields);
  }

  #write(level: LogLevel, message: string, fields: Record<string, unknown>): void {
    if (severities[level] >= this.#severity) this.#sink({ level, message, fields });
  }
}
