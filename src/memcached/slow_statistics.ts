/**
 * `stats slowlog`: the requests that took long, as lines of statistics.
 *
 * @module
 */
import { showEntry, type SlowEntry } from "../observe/slow_log.ts";
import type { Statistic } from "./statistics.ts";

/** A few lines for each entry, which begin with its number; the names are those of the admin server's `/slowlog`. */
export function slowStatistics(entries: readonly SlowEntry[]): Statistic[] {
  return entries.flatMap((entry) => {
    const { id, words, ...fields } = showEntry(entry);
    const lines = Object.entries({ ...fields, request: words.map(asWord).join(" ") });
    return lines.map(([name, value]) => [`${id}:${name}`, String(value)] as const);
  });
}

/** A value is the rest of a line: nothing in it may end the line. */
function asWord(word: string): string {
  // deno-lint-ignore no-control-regex
  return word.replace(/[\x00-\x20\x7f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
