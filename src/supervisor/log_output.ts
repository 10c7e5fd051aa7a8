/**
 * The one writer of logs: every worker's records and the supervisor's own end here, are freed of secrets and
 * leave through LogTape as readable lines or as JSON lines.
 *
 * @module
 */
import {
  configureSync,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
  type LogTapeRecord,
} from "../../deps.ts";
import type { LogLevel } from "../config/config.ts";
import { FloodGuard } from "../observe/flood_guard.ts";
import { Log, type LogRecord } from "../observe/log.ts";

/** Stands in a record where a secret was. */
export const HIDDEN = "[hidden]";

/** Fields nested deeper than this are not looked into, and so not shown. */
const FIELD_DEPTH_LIMIT = 4;
const CATEGORY = ["aster"];
const secretName =
  /pass(word|wd|phrase)?$|^pwd$|secret|token|credential|(api|private|secret)_?key|^(backend_?)?auth$/i;
// deno-lint-ignore no-control-regex -- these are what a log line must not carry to a terminal
const needsQuotes = /[\s"=\u0000-\u001f\u007f-\u009f]|^$/;
/** JSON.stringify leaves these control characters as they are. */
const afterAscii = /[\u007f-\u009f]/g;
const levelColors: Record<string, string> = {
  TRACE: "\x1b[2m",
  DEBUG: "\x1b[36m",
  INFO: "\x1b[32m",
  WARNING: "\x1b[33m",
  ERROR: "\x1b[31m",
};

/** Where and how records are written. */
export interface LogOutputOptions {
  level: LogLevel;
  format: "text" | "json";
  /** Whether text lines color their level. */
  isColored: boolean;
  /** Takes one whole line with its line feed. */
  writeLine(line: string): void;
}

/** Ways into the log. */
export interface LogOutput {
  /** The supervisor's own log; repeated records are held back. */
  readonly log: Log;
  /** Writes a record that needs no flood stage, or that a worker already passed through its own. */
  write(record: LogRecord): void;
  /** Writes what is held back. */
  flush(): void;
  /** From now on records at or above `level` are written. */
  setLevel(level: LogLevel): void;
}

/** Configures LogTape for this process; an earlier configuration ends. */
export function openLogOutput(options: LogOutputOptions): LogOutput {
  configure(options, options.level);
  const output = openLibraryLog(options.level);
  return {
    ...output,
    setLevel(level) {
      configure(options, level);
      output.setLevel(level);
    },
  };
}

function configure(options: LogOutputOptions, level: LogLevel): void {
  const format = options.format === "json"
    ? getJsonLinesFormatter({ properties: "flatten", categorySeparator: "." })
    : textFormatter(options.isColored);
  const sink = (record: LogTapeRecord) => options.writeLine(format(record));
  configureSync({
    reset: true,
    sinks: { output: sink },
    loggers: [
      { category: CATEGORY, sinks: ["output"], lowestLevel: level },
      { category: ["logtape", "meta"], sinks: ["output"], lowestLevel: "error" },
    ],
  });
}

/** Leaves it to the embedding program to configure LogTape; the category is `aster`. */
export function openLibraryLog(level: LogLevel): LogOutput {
  const stage = new FloodGuard(emit);
  const log = new Log(level, (record) => stage.write(record));
  return {
    log,
    write: emit,
    flush: () => stage.flush(),
    setLevel: (changed) => log.setLevel(changed),
  };
}

/** Returns `fields` with the values of fields that are named like secrets replaced. */
export function hideSecrets(fields: Record<string, unknown>, depth = 0): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    shown[name] = secretName.test(name) ? HIDDEN : hideNested(value, depth + 1);
  }
  return shown;
}

function hideNested(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return value.message;
  if (depth >= FIELD_DEPTH_LIMIT) return "[nested]";
  if (Array.isArray(value)) return value.map((item) => hideNested(item, depth + 1));
  return hideSecrets(value as Record<string, unknown>, depth);
}

function emit(record: LogRecord): void {
  getLogger(CATEGORY).emit({
    level: record.level,
    message: [record.message],
    rawMessage: record.message,
    timestamp: Date.now(),
    properties: hideSecrets(record.fields),
  });
}

function textFormatter(isColored: boolean): (record: LogTapeRecord) => string {
  return getTextFormatter({
    timestamp: "rfc3339",
    level: "FULL",
    format: ({ timestamp, level, message, record }) => {
      const padded = level.padEnd(7);
      const shownLevel = isColored ? `${levelColors[level] ?? ""}${padded}\x1b[0m` : padded;
      let line = `${timestamp} ${shownLevel} ${message}`;
      for (const [name, value] of Object.entries(record.properties)) {
        line += ` ${name}=${textValue(value)}`;
      }
      return line;
    },
  });
}

/** One field value on one line: quoted where it has blanks, and never with a raw control character. */
function textValue(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  if (typeof value !== "string" || !needsQuotes.test(text)) return text;
  return JSON.stringify(text).replace(
    afterAscii,
    (character) => "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}
