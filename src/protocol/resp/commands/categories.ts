/**
 * The categories of commands in access control lists: those that Redis gives a command by name. The others follow from
 * its flags.
 *
 * @module
 */
import { byName, type NamesOf } from "./by_name.ts";

// deno-fmt-ignore: names wrapped as words.
const rows: readonly NamesOf<string>[] = [
  ["@admin @dangerous", "lastsave"],
  ["@bitmap", "bitcount bitfield bitfield_ro bitop bitpos getbit setbit"],
  [
    "@connection",
    `auth client|caching client|getname client|getredir client|help client|id client|info
     client|kill client|list client|no-evict client|pause client|reply client|setname
     client|tracking client|trackinginfo client|unblock client|unpause command command|count
     command|docs command|getkeys command|getkeysandflags command|help command|info command|list
     echo hello ping quit readonly readwrite reset select wait`,
  ],
  ["@dangerous", "info"],
  [
    "@geo",
    `geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro
     geosearch geosearchstore`,
  ],
  [
    "@hash",
    `hdel hexists hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hrandfield hscan hset
     hsetnx hstrlen hvals`,
  ],
  ["@hyperloglog", "pfadd pfcount pfmerge"],
  [
    "@keyspace",
    `copy dbsize del dump exists expire expireat expiretime move object|encoding object|freq
     object|help object|idletime object|refcount persist pexpire pexpireat pexpiretime pttl
     randomkey rename renamenx scan touch ttl type unlink`,
  ],
  ["@keyspace @dangerous", "flushall flushdb keys migrate restore swapdb"],
  [
    "@list",
    `blmove blmpop blpop brpop brpoplpush lindex linsert llen lmove lmpop lpop lpos lpush lpushx
     lrange lrem lset ltrim rpop rpoplpush rpush rpushx`,
  ],
  [
    "@scripting",
    `eval eval_ro evalsha evalsha_ro fcall fcall_ro function|delete function|dump function|flush
     function|help function|kill function|list function|load function|restore function|stats
     script|debug script|exists script|flush script|help script|kill script|load`,
  ],
  [
    "@set",
    `sadd scard sdiff sdiffstore sinter sintercard sinterstore sismember smembers smismember smove
     spop srandmember srem sscan sunion sunionstore`,
  ],
  ["@set @sortedset @list @dangerous", "sort sort_ro"],
  [
    "@sortedset",
    `bzmpop bzpopmax bzpopmin zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard
     zinterstore zlexcount zmpop zmscore zpopmax zpopmin zrandmember zrange zrangebylex
     zrangebyscore zrangestore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore
     zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore zunion zunionstore`,
  ],
  [
    "@stream",
    `xack xadd xautoclaim xclaim xdel xgroup|create xgroup|createconsumer xgroup|delconsumer
     xgroup|destroy xgroup|help xgroup|setid xinfo|consumers xinfo|groups xinfo|help xinfo|stream
     xlen xpending xrange xread xreadgroup xrevrange xsetid xtrim`,
  ],
  [
    "@string",
    `append decr decrby get getdel getex getrange getset incr incrby incrbyfloat lcs mget mset
     msetnx psetex set setex setnx setrange strlen substr`,
  ],
  ["@transaction", "discard exec multi unwatch watch"],
];

const named = byName(rows);

/** All categories, in the order of Redis's replies. */
export const CATEGORIES: readonly string[] = (
  "@keyspace @read @write @set @sortedset @list @hash @string @bitmap @hyperloglog @geo @stream " +
  "@pubsub @admin @fast @slow @blocking @dangerous @connection @transaction @scripting"
).split(" ");

/** The categories of the command `name` (with `|` before a subcommand's), whose flags are `flags`. */
export function categoriesOf(name: string, flags: readonly string[]): string[] {
  const has = new Set(named.get(name)?.split(" "));
  if (flags.includes("write")) has.add("@write");
  if (flags.includes("readonly") && !has.has("@scripting")) has.add("@read");
  if (flags.includes("admin")) has.add("@admin").add("@dangerous");
  if (flags.includes("pubsub")) has.add("@pubsub");
  if (flags.includes("blocking")) has.add("@blocking");
  has.add(flags.includes("fast") ? "@fast" : "@slow");
  return CATEGORIES.filter((category) => has.has(category));
}
