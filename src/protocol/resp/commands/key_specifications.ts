/**
 * Where the keys of commands stand and what happens to them, in the terms of Redis's key specifications
 * (<https://redis.io/docs/latest/develop/reference/key-specs/>). The proxy routes by its rows and key finders; these are
 * for clients that ask.
 *
 * @module
 */
import { byName, type NamesOf } from "./by_name.ts";

/** Where the search for keys begins: at a word, or behind a keyword that is looked for; null: not to be told. */
export type KeyStart =
  | { readonly index: number }
  | {
    readonly keyword: string;
    /** The first word that may be the keyword; negative: from the end, and towards the front. */
    readonly startFrom: number;
  }
  | null;

/** Which words from there on are keys. */
export type KeyRange =
  /** As many as the word at the start says; they follow it. */
  | "counted"
  | {
    /** Words from the first to the last; negative: the last counts from the end of the request. */
    readonly last: number;
    readonly step: number;
    /** With a negative `last`: only this part of the words that follow, such as 2 for the half; 0: all. */
    readonly limit: number;
  }
  | null;

/** One group of keys of a command. */
export interface KeySpecification {
  /** In Redis's words and order: `RO`, `RW`, `OW` or `RM`, then what happens to the values. */
  readonly flags: readonly string[];
  readonly start: KeyStart;
  readonly range: KeyRange;
}

/*
 * A specification is written: flags, a colon, a word's index or a keyword, and what follows it.
 *
 *   RO access: 1                     word 1
 *   RO access: 1 to -1 step 2        words 1, 3, 5 … to the last
 *   RO access: 1 counted             word 1 says how many; they follow
 *   OW update: STORE from 5          the word behind STORE, which is word 5 or a later one
 */

// deno-fmt-ignore: names wrapped as words.
const rows: readonly NamesOf<string>[] = [
  ["OW insert: 1", "setnx"],
  ["OW insert: 1 to -1 step 2", "msetnx"],
  ["OW update: 1", "psetex restore setex"],
  ["OW update: 1 to -1 step 2", "mset"],
  ["OW update: 1, RO access: 2", "geosearchstore zrangestore"],
  ["OW update: 1, RO access: 2 counted", "zdiffstore zinterstore zunionstore"],
  ["OW update: 1, RO access: 2 to -1", "sdiffstore sunionstore"],
  ["OW update: 2, RO access: 3 to -1", "bitop"],
  ["RM delete: 1 to -1", "del unlink"],
  [
    "RO access: 1",
    `bitcount bitfield_ro bitpos dump expiretime geodist geohash geopos georadius_ro
     georadiusbymember_ro geosearch get getbit getrange hget hgetall hkeys hmget hrandfield hscan
     hvals lindex lpos lrange pexpiretime pttl smembers smismember srandmember sscan substr ttl
     xpending xrange xrevrange zcount zlexcount zmscore zrandmember zrange zrangebylex
     zrangebyscore zrank zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore`,
  ],
  ["RO access: 1 counted", "sintercard zdiff zinter zintercard zunion"],
  ["RO access: 1 to +1", "lcs"],
  ["RO access: 1 to -1", "mget sdiff sinter sunion"],
  ["RO access: 1, OW update: 2", "copy"],
  ["RO access: 1, OW update: STORE from 5, OW update: STOREDIST from 5", "georadiusbymember"],
  ["RO access: 1, OW update: STORE from 6, OW update: STOREDIST from 6", "georadius"],
  ["RO access: 1, RO access: unknown", "sort_ro"],
  ["RO access: 1, RO access: unknown, OW update: unknown", "sort"],
  ["RO access: 2", "xinfo|consumers xinfo|groups xinfo|stream"],
  ["RO access: 2 counted", "eval_ro evalsha_ro fcall_ro"],
  ["RO access: STREAMS from 1 to -1 limit 2", "xread"],
  ["RO access: STREAMS from 4 to -1 limit 2", "xreadgroup"],
  ["RO: 1", "hexists hlen hstrlen llen scard sismember strlen type xlen zcard"],
  ["RO: 1 to -1", "exists touch watch"],
  ["RO: 2", "memory|usage object|encoding object|freq object|idletime object|refcount"],
  ["RW access delete: 1", "getdel lpop rpop spop zpopmax zpopmin"],
  ["RW access delete: 1 counted", "lmpop zmpop"],
  ["RW access delete: 1 to -2", "blpop brpop bzpopmax bzpopmin"],
  ["RW access delete: 1, OW insert: 2", "renamenx"],
  ["RW access delete: 1, OW update: 2", "rename"],
  ["RW access delete: 1, RW insert: 2", "blmove brpoplpush lmove rpoplpush smove"],
  ["RW access delete: 2 counted", "blmpop bzmpop"],
  ["RW access delete: 3, RW access delete incomplete: KEYS from -2 to -1", "migrate"],
  ["RW access insert: 1, RO access: 2 to -1", "pfmerge"],
  ["RW access update variable_flags: 1", "bitfield set"],
  [
    "RW access update: 1",
    `decr decrby getex getset hincrby hincrbyfloat incr incrby incrbyfloat move setbit zincrby`,
  ],
  ["RW access update: 2 counted", "eval evalsha fcall"],
  ["RW access: 1 to -1", "pfcount"],
  [
    "RW delete: 1",
    `hdel lrem ltrim srem xautoclaim xdel xtrim zrem zremrangebylex zremrangebyrank
     zremrangebyscore`,
  ],
  ["RW delete: 2", "xgroup|delconsumer xgroup|destroy"],
  ["RW insert: 1", "append hsetnx linsert lpush lpushx pfadd rpush rpushx sadd"],
  ["RW insert: 2", "xgroup|create xgroup|createconsumer"],
  [
    "RW update: 1",
    `expire expireat geoadd hmset hset lset persist pexpire pexpireat setrange xack xadd xclaim
     xsetid zadd`,
  ],
  ["RW update: 1, RO access: 2 to -1", "sinterstore"],
  ["RW update: 2", "xgroup|setid"],
  ["not_key: 1", "spublish"],
  ["not_key: 1 to -1", "ssubscribe sunsubscribe"],
];

/** By name, with `|` before a subcommand's. */
export const keySpecifications: ReadonlyMap<string, readonly KeySpecification[]> = byName(
  rows.map(([text, names]) => [text.split(", ").map(parseSpecification), names]),
);

/**
 * One specification from the form of the table above.
 *
 * @throws {Error} If it is not of that form: a programming error.
 */
export function parseSpecification(text: string): KeySpecification {
  const found =
    /^([\w ]+): (\w+)(?: from (-?\d+))?( counted)?(?: to ([+-]\d+))?(?: step (\d+))?(?: limit (\d+))?$/
      .exec(text);
  if (found === null) throw new Error(`Cannot read key specification "${text}"`);
  const [, flags, start, startFrom, counted, last, step, limit] = found;
  if (start === "unknown") return { flags: flags!.split(" "), start: null, range: null };
  return {
    flags: flags!.split(" "),
    start: startFrom === undefined
      ? { index: Number(start) }
      : { keyword: start!, startFrom: Number(startFrom) },
    range: counted === undefined
      ? { last: Number(last ?? 0), step: Number(step ?? 1), limit: Number(limit ?? 0) }
      : "counted",
  };
}
