/**
 * Requests of random words, many of which are options and numbers of keys.
 *
 * @module
 */
import type { Random } from "./seed.ts";

/** Words more than a command needs. */
const FURTHER_WORDS_MAX = 6;

const WORDS = [
  ..."a b c d 0 1 1 2 2 3 x -1 get store storedist streams count limit by keys auth block".split(
    " ",
  ),
  ..."STORE STREAMS KEYS LIMIT GET overflow group noack left asc".split(" "),
];

/** Words without which a request makes no sense, and which are seldom met at random. */
const BEGINNINGS: Readonly<Record<string, readonly string[]>> = {
  xread: ["STREAMS"],
  xreadgroup: ["GROUP", "g", "c", "STREAMS"],
};

/** A request of a command or subcommand, such as `object|freq`, of about as many words as it takes. */
export function randomRequest(random: Random, name: string, arity: number): string[] {
  const words = name.split("|");
  const beginning = BEGINNINGS[name] ?? [];
  if (random.chance(1 / 2)) words.push(...beginning);
  const further = arity < 0 ? random.below(FURTHER_WORDS_MAX + 1) : 0;
  while (words.length < Math.abs(arity) + further) words.push(random.pick(WORDS));
  return words;
}
