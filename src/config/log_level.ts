/**
 * Reads log levels: one word, or the directives of `RUST_LOG` that users of aster have in their
 * environment (`libaster=info`).
 *
 * @module
 */
import type { LogLevel } from "./config.ts";

/** The levels, least severe first. */
export const LOG_LEVELS = ["trace", "debug", "info", "warning", "error"] as const;

/** Reads one level; case does not matter, and `warn` means `warning`. Null if it is none. */
export function parseLogLevel(text: string): LogLevel | null {
  const word = text.trim().toLowerCase();
  const level = word === "warn" ? "warning" : word;
  return LOG_LEVELS.find((known) => known === level) ?? null;
}

/**
 * Reads comma-separated directives: `target=level`, where targets other than aster's are passed
 * over, or a level alone, which counts if no directive is about aster. `off` means `error`, the
 * quietest level.
 *
 * @returns The level; undefined if the text says nothing about aster; null if what it says is no
 * level.
 */
export function parseLogDirectives(text: string): LogLevel | null | undefined {
  let fallback: LogLevel | null | undefined = undefined;
  for (
    const directive of text.split(",").map((part) => part.trim()).filter((part) => part !== "")
  ) {
    const equals = directive.indexOf("=");
    if (equals < 0) {
      fallback = directiveLevel(directive);
    } else if (/^(lib)?aster(::|$)/i.test(directive.slice(0, equals).trim())) {
      return directiveLevel(directive.slice(equals + 1));
    }
  }
  return fallback;
}

function directiveLevel(text: string): LogLevel | null {
  return text.trim().toLowerCase() === "off" ? "error" : parseLogLevel(text);
}
