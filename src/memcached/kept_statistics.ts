/**
 * `stats slowlog` and `stats hotkeys`: the requests that took long, and the keys that are asked for most, as lines of
 * statistics.
 *
 * @module
 */
import { type MergedEntry, showBytes, showEntry } from "../observe/slow_log.ts";
import type { Statistic } from "./statistics.ts";

/** A few lines for each entry, which begin with its number; the names are those of the admin server's `/slowlog`. */
export function slowStatistics(entries: readonly MergedEntry[]): Statistic[] {
  return entries.flatMap((entry) => {
    const { id, words, ...fields } = showEntry(entry);
    const lines = Object.entries({ ...fields, request: words.map(asWord).join(" ") });
    return lines.map(([name, value]) => [`${id}:${name}`, String(value)] as const);
  });
}

/** A line for each key: its number, the times, by how many they may be wrong, and the key. */
export function hotStatistics(
  keys: readonly { key: string; hits: number; error: number }[],
): Statistic[] {
  return keys.map(({ key, hits, error }, index) => {
    const bytes = Uint8Array.from(key, (character) => character.charCodeAt(0));
    return [`${index + 1}`, `${hits} ${error} ${asWord(showBytes(bytes))}`] as const;
  });
}

/** A value is the rest of a line: nothing in it may end the line. */
function asWord(word: string): string {
  // deno-lint-ignore no-control-regex
  return word.replace(/[\x00-\x20\x7f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
