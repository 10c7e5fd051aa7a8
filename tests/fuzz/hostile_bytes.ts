/**
 * Bytes that no well-behaved client or server sends: random ones, damaged ones, and requests that
 * are whole but of any command with any words.
 *
 * @module
 */
import { respCommands } from "../../src/protocol/resp/commands/mod.ts";
import type { Random } from "../support/tools/seed.ts";

const encoder = new TextEncoder();

/**
 * Words of Redis requests: keys of our own, numbers at bounds, and whatever changes what a command
 * does.
 */
const WORDS = [
  ...["hostile:a", "hostile:b", "{hostile}c", "{hostile}d", "", "x y", "\r\n", "\0", "\xff\xfe"],
  ...["-1", "0", "1", "2", "3", "10", "1000", "9223372036854775807", "18446744073709551616", "1.5"],
  ...["NX", "XX", "GT", "EX", "PX", "KEEPTTL", "GET", "COUNT", "LIMIT", "STORE", "STOREDIST", "BY"],
  ...[
    "WITHSCORES",
    "WEIGHTS",
    "AGGREGATE",
    "MAX",
    "REV",
    "BYSCORE",
    "BYLEX",
    "LEFT",
    "RIGHT",
    "MATCH",
  ],
  ...[
    "STREAMS",
    "BLOCK",
    "GROUP",
    "NOACK",
    "MKSTREAM",
    "CREATE",
    "CONSUMERS",
    "$",
    "*",
    ">",
    "+",
    "-",
  ],
  ...[
    "KEYS",
    "AUTH",
    "AUTH2",
    "SETNAME",
    "REPLY",
    "OFF",
    "SKIP",
    "ON",
    "TRACKING",
    "NO-EVICT",
    "KILL",
  ],
  ...[
    "KEYSLOT",
    "SLOTS",
    "NODES",
    "INFO",
    "DOCS",
    "GETKEYS",
    "ENCODING",
    "USAGE",
    "SAMPLES",
    "FULL",
  ],
  ...[
    "return 1",
    "return {1,{2,{3}}}",
    "return redis.call('get', KEYS[1])",
    "return redis.error_reply('x')",
  ],
];

/** Commands that Redis knows and the table may not. */
const MORE_COMMANDS = [
  "hostile",
  "sentinel",
  "select",
  "swapdb",
  "object",
  "reset",
  "quit",
  "g\0t",
];

/** What takes the keys of all clients is no attack by the bytes. */
const EMPTYING = new Set(["flushall", "flushdb", "flush_all"]);

/** One whole Redis request of any command with any words; inline now and then. */
export function anyRedisRequest(random: Random): Uint8Array {
  const names = [...respCommands.rows.map((row) => row.name), ...MORE_COMMANDS]
    .filter((name) => !EMPTYING.has(name));
  const words = [random.pick(names)];
  for (let count = random.below(7); count > 0; count--) words.push(random.pick(WORDS));
  if (random.chance(0.1)) return encoder.encode(`${words.join(" ")}\r\n`);
  const bytes = words.map((word) => encoder.encode(word));
  const parts = bytes.map((word) => [`$${word.length}\r\n`, word, "\r\n"]).flat();
  return join([`*${words.length}\r\n`, ...parts]);
}

const MEMCACHE_NAMES = [
  ...["get", "gets", "gat", "gats", "set", "add", "replace", "append", "prepend", "cas", "delete"],
  ...["incr", "decr", "touch", "version", "verbosity", "quit", "mg", "ms", "md", "ma", "mn", "me"],
  ...["flush_all", "stats", "cache_memlimit", "slabs", "lru", "lru_crawler", "watch", "shutdown"],
  ...["extstore", "refresh_certs", "GET", "nosuch", "sets", "ge"],
].filter((name) => !EMPTYING.has(name));
const MEMCACHE_WORDS = [
  ...["hostile", "hostile:b", "0", "1", "-1", "4", "10", "2147483647", "4294967296", "noreply"],
  ...["18446744073709551615", "x", "NOREPLY", "v", "k", "q", "S4", "\x01", "k".repeat(251), "0 "],
];

/** One memcache request of any command with any words; its block fits now and then. */
export function anyMemcacheRequest(random: Random): Uint8Array {
  const words = [random.pick(MEMCACHE_NAMES)];
  for (let count = random.below(7); count > 0; count--) words.push(random.pick(MEMCACHE_WORDS));
  const block = random.chance(0.5) ? `${"b".repeat(random.pick([0, 1, 4, 10]))}\r\n` : "";
  return encoder.encode(`${words.join(random.pick([" ", "  "]))}\r\n${block}`);
}

const REPLIES = [
  ...["+OK\r\n", "-ERR no\r\n", ":1\r\n", "$3\r\nabc\r\n", "$-1\r\n", "*-1\r\n", "_\r\n", "#t\r\n"],
  ...["*2\r\n$1\r\na\r\n*1\r\n:1\r\n", "%1\r\n+a\r\n:1\r\n", "|1\r\n+a\r\n:1\r\n", ">1\r\n+m\r\n"],
  ...[
    "$536870912\r\nab",
    "*2147483647\r\n",
    "*1000000\r\n:1\r\n",
    "$-2\r\n",
    ":x\r\n",
    "$5\r\nabc\r\n",
  ],
  ...[
    "-MOVED 1 127.0.0.1:1\r\n",
    "-MOVED 99999 :0\r\n",
    "-ASK 1 [::\r\n",
    "-MOVED\r\n",
    "-ASK 5 ?:1\r\n",
  ],
  ...[
    "-CLUSTERDOWN x\r\n",
    "-TRYAGAIN x\r\n",
    "-LOADING x\r\n",
    "=7\r\ntxt:abc\r\n",
    ",1.5\r\n",
    "(1\r\n",
  ],
];
const MEMCACHE_REPLIES = [
  ...[
    "END\r\n",
    "STORED\r\n",
    "NOT_FOUND\r\n",
    "ERROR\r\n",
    "SERVER_ERROR x\r\n",
    "12\r\n",
    "OK\r\n",
  ],
  ...["VALUE hostile 0 3\r\nabc\r\nEND\r\n", "VALUE a 0 1\r\nb\r\nVALUE c 0 1\r\nd\r\nEND\r\n"],
  ...[
    "VALUE a 0 1073741824\r\nb",
    "VALUE a 0 -1\r\n",
    "VALUE a\r\n",
    "STAT a b\r\nEND\r\n",
    "VA\r\n",
  ],
  ...[
    "VALUE a 0 1\r\nbc\r\nEND\r\n",
    "VALUE a 0 1\r\nb\r\nERROR\r\n",
    "HD\r\n",
    "lower\r\n",
    "\r\n",
  ],
];

/** What a server that has lost its mind says. */
export function anyReply(random: Random, isMemcache: boolean): Uint8Array {
  return encoder.encode(random.pick(isMemcache ? MEMCACHE_REPLIES : REPLIES));
}

/** Changes, drops, repeats and inserts bytes. */
export function damage(random: Random, bytes: Uint8Array): Uint8Array {
  const damaged = [...bytes];
  for (let count = random.between(1, 4); count > 0; count--) {
    const position = random.below(damaged.length + 1);
    switch (random.below(5)) {
      case 0:
        damaged[position] = random.below(256);
        break;
      case 1:
        damaged.splice(position, random.between(1, 8));
        break;
      case 2:
        damaged.splice(position, 0, ...random.bytes(random.between(1, 8)));
        break;
      case 3:
        damaged.splice(position, 0, ...damaged.slice(position, position + random.below(30)));
        break;
      default:
        damaged.splice(
          position,
          0,
          ...encoder.encode(random.pick(["\r\n", "$", "*", " ", "9999"])),
        );
    }
  }
  return Uint8Array.from(damaged, (byte) => byte ?? 0);
}

/** One stream of a hostile client. */
export function hostileStream(
  random: Random,
  makeRequest: (random: Random) => Uint8Array,
): Uint8Array {
  if (random.chance(0.15)) return random.bytes(random.between(1, 4_000));
  const parts: Uint8Array[] = [];
  const damageChance = random.pick([0, 0.05, 0.5]);
  for (let count = random.between(1, 60); count > 0; count--) {
    const request = makeRequest(random);
    parts.push(random.chance(damageChance) ? damage(random, request) : request);
  }
  if (random.chance(0.1)) parts.push(new Uint8Array(random.between(1, 200_000)).fill(0x61));
  return join(parts);
}

function join(parts: readonly (string | Uint8Array)[]): Uint8Array {
  const pieces = parts.map((part) => typeof part === "string" ? encoder.encode(part) : part);
  const made = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let position = 0;
  for (const piece of pieces) {
    made.set(piece, position);
    position += piece.length;
  }
  return made;
}
