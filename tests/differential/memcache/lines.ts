/**
 * Random lines of memcached's classic and meta protocols. Everything that a client can send comes up, good and bad,
 * but for what is known to differ on purpose (docs/commands.md): that has tests of its own. So has a `get` with a key
 * that is too long: memcached drops all answers for it that it has not written yet, those to earlier requests included.
 * Arithmetic keeps to keys whose values begin with no white space, as memcached reads on behind a value that does; and
 * to numbers that keep their length, as memcached counts in place where nobody is being sent the item, and anew else.
 *
 * @module
 */
import type { Random } from "../../support/tools/seed.ts";

/** What clients store under keys that are counted. */
export const COUNTED_VALUES = ["5555555", "1234567", "ab"];
/** What they store under others, line ends included. */
export const VALUES = ["5", "", "ab", "two words", "\r\n", "x\r\nget a\r\n", "v".repeat(300)];
const FLAGS = ["0", "0", "1", "4294967295", "+7", "007"];
/** Nothing that is over within a run, but what is over at once. */
const TIMES = ["0", "0", "1000", "-1", "2592001999"];
const NUMBERS = ["1", "1", "3", "0"];
/** None that an item has: the servers count them differently. */
const CAS = ["1", "0", "99999999999"];
const BAD_NUMBERS = ["abc", "-1", "1x", "18446744073709551616"];

/** Keys of one client; nobody else has them. */
export interface Keys {
  readonly counted: readonly string[];
  readonly others: readonly string[];
  readonly all: readonly string[];
}

/** The keys of the client with this prefix. */
export function keysOf(prefix: string): Keys {
  const counted = [`${prefix}:0`, `${prefix}:1`, `${prefix}:2`, `${prefix}{tag}c`];
  const plain = Array.from({ length: 5 }, (_, index) => `${prefix}::${index}`);
  const others = [...plain, `${prefix}{tag}a`, prefix.padEnd(250, "k"), `${prefix}\xff`];
  return { counted, others, all: [...counted, ...others] };
}

/** A key and a value for it. */
export function randomPair(random: Random, { counted, others }: Keys): [string, string] {
  return random.chance(0.4)
    ? [random.pick(counted), random.pick(COUNTED_VALUES)]
    : [random.pick(others), random.pick(VALUES)];
}

/** One request in lines. */
export function randomLine(random: Random, keys: Keys): string {
  return random.chance(0.5) ? classicLine(random, keys) : metaLine(random, keys);
}

function classicLine(random: Random, keys: Keys): string {
  const key = random.pick(keys.all);
  const end = random.chance(0.1) ? "\n" : "\r\n";
  const quiet = random.chance(0.25) ? " noreply" : "";
  const kind = random.below(100);
  if (kind < 30) {
    const verb = random.pick(["get", "gets", "get", "gat 1000", "gats 0"]);
    const count = random.chance(0.5) ? 1 : random.between(2, 12);
    const list = Array.from({ length: count }, () => random.pick(keys.all));
    return `${verb} ${list.join(random.chance(0.1) ? "  " : " ")}${end}`;
  }
  if (kind < 60) {
    const [stored, value] = randomPair(random, keys);
    // What is counted must not grow longer.
    const joins = keys.others.includes(stored) ? ["append", "prepend"] : [];
    const verb = random.pick(["set", "set", "set", "add", "replace", ...joins]);
    const head = `${verb} ${stored} ${random.pick(FLAGS)} ${random.pick(TIMES)}`;
    return `${head} ${value.length}${quiet}${end}${value}\r\n`;
  }
  if (kind < 65) return `cas ${key} 0 0 1 ${random.pick(CAS)}${quiet}${end}c\r\n`;
  if (kind < 72) return `delete ${key}${random.chance(0.2) ? " 0" : ""}${quiet}${end}`;
  if (kind < 84) {
    const number = random.chance(0.9) ? random.pick(NUMBERS) : random.pick(BAD_NUMBERS);
    return `${random.pick(["incr", "decr"])} ${random.pick(keys.counted)} ${number}${quiet}${end}`;
  }
  if (kind < 90) return `touch ${key} ${random.pick(TIMES)}${quiet}${end}`;
  if (kind < 94) return random.pick(["mn\r\n", "version\r\n", "verbosity 1\r\n"]);
  return brokenLine(random, key);
}

function brokenLine(random: Random, key: string): string {
  return random.pick([
    "\r\n",
    "bogus\r\n",
    "get\r\n",
    `GET ${key}\r\n`,
    `set ${key} 0 0 -1\r\n`,
    `set ${key} 0 0 x\r\n`,
    `set ${key}\r\n`,
    `set ${key} 0 0 2\r\nabc\r\n`,
    `incr ${key}\r\n`,
    `delete ${key} 5\r\n`,
    `touch ${key} x\r\n`,
    "gat x\r\n",
    "flush_all x\r\n",
    `mg\r\n`,
    `mg ${key} Z\r\n`,
    `mg ${key} q q\r\n`,
    `mg !!! b\r\n`,
    `ms ${key} x\r\n`,
    `ms ${key} 2 Z\r\nab\r\n`,
    `ms ${key} 2 MX\r\nab\r\n`,
    `ms ${key} 2 q\r\nabc\r\n`,
    `me\r\n`,
    `mx ${key}\r\n`,
  ]);
}

function metaLine(random: Random, keys: Keys): string {
  const kind = random.below(100);
  const isCounted = kind >= 82 && kind < 97;
  const [some, value] = randomPair(random, keys);
  const plain = isCounted ? random.pick(keys.counted) : some;
  const isBase64 = keys.others.includes(plain) && random.chance(0.3);
  const key = isBase64 ? btoa(plain.slice(0, 180)) : plain;
  const flags = isBase64 ? ["b"] : [];
  if (random.chance(0.4)) flags.push("q");
  if (random.chance(0.4)) flags.push("k");
  if (random.chance(0.3)) flags.push(`O${random.below(1000)}`);
  // What is counted anew is not stale any more.
  const stale = keys.others.includes(plain) ? ["I"] : [];
  if (kind < 40) {
    // What is made for a miss is empty, which is nothing to count.
    const more = keys.others.includes(plain) ? [...getFlags, "N1000"] : getFlags;
    return `mg ${key}${joined(random, flags, ["v", "t", "f", "s", "c", "u"], more)}`;
  }
  if (kind < 70) {
    const modes = keys.others.includes(plain) ? [...setFlags, "MA", "MP"] : setFlags;
    const line = joined(random, flags, ["c", "T0", "T1000", "F5", ...stale], modes);
    return `ms ${key} ${value.length}${line}${value}\r\n`;
  }
  if (kind < 82) return `md ${key}${joined(random, flags, [...stale, "T1000"], ["C1"])}`;
  if (kind < 97) {
    // With both, memcached shows what it would not show of an item that was there.
    const makes = flags.includes("q") ? [] : ["N0", "J7777777"];
    return `ma ${key}${joined(random, flags, ["v", "c", "t", "D3", "MD"], makes)}`;
  }
  return `me ${key}${isBase64 ? " b" : ""}\r\n`;
}

const getFlags = ["R30", "T1000", "h", "l"];
const setFlags = ["ME", "MR", "MS", "C1", "C99999999999"];

/** Some of the likely flags and perhaps one of the others, in any order, no letter twice. */
function joined(
  random: Random,
  own: readonly string[],
  likely: readonly string[],
  others: readonly string[],
): string {
  const chosen = [...own, ...likely.filter(() => random.chance(0.3))];
  if (others.length > 0 && random.chance(0.3)) chosen.push(random.pick(others));
  const letters = new Set<string>();
  const flags = chosen.filter((flag) => !letters.has(flag[0]!) && letters.add(flag[0]!));
  flags.sort(() => random.chance(0.5) ? 1 : -1);
  return `${flags.map((flag) => ` ${flag}`).join("")}\r\n`;
}
