/**
 * The flags of commands in the words of Redis's `COMMAND` reply, in its order. What the proxy needs of them is in the
 * rows; these are for clients that ask.
 *
 * @module
 */
import { byName, type NamesOf } from "./by_name.ts";

// deno-fmt-ignore: names wrapped as words.
const rows: readonly NamesOf<string>[] = [
  ["admin loading stale", "slowlog|get slowlog|len slowlog|reset"],
  ["admin noscript", "module|list"],
  [
    "admin noscript loading stale",
    `acl|deluser acl|dryrun acl|getuser acl|list acl|load acl|log acl|save acl|setuser acl|users
     client|kill client|list client|no-evict client|pause client|unblock client|unpause config|get
     config|resetstat config|rewrite config|set debug latency|doctor latency|graph
     latency|histogram latency|history latency|latest latency|reset`,
  ],
  ["admin noscript no_async_loading", "module|load module|loadex module|unload"],
  ["fast", "ping"],
  [
    "loading stale",
    `acl|help client|help cluster|help command command|count command|docs command|getkeys
     command|getkeysandflags command|help command|info command|list config|help function|help info
     latency|help memory|help module|help object|help pubsub|help script|help slowlog|help
     xgroup|help xinfo|help`,
  ],
  ["loading stale fast", "echo lastsave readonly readwrite select time"],
  ["noscript", "function|dump function|list script|debug script|exists script|flush wait"],
  ["noscript allow_busy", "function|kill function|stats script|kill"],
  [
    "noscript loading stale",
    `acl|cat acl|genpass acl|whoami client|caching client|getname client|getredir client|id
     client|info client|reply client|setname client|tracking client|trackinginfo`,
  ],
  ["noscript loading stale fast allow_busy", "discard multi unwatch watch"],
  ["noscript loading stale fast no_auth allow_busy", "auth hello quit reset"],
  ["noscript loading stale skip_slowlog", "exec"],
  ["noscript stale", "script|load"],
  ["noscript stale skip_monitor no_mandatory_keys movablekeys", "eval evalsha fcall"],
  [
    "pubsub loading stale",
    `pubsub|channels pubsub|numpat pubsub|numsub pubsub|shardchannels pubsub|shardnumsub`,
  ],
  ["pubsub loading stale fast", "publish spublish"],
  [
    "pubsub noscript loading stale",
    `psubscribe punsubscribe ssubscribe subscribe sunsubscribe unsubscribe`,
  ],
  [
    "readonly",
    `bitcount bitpos dump geodist geohash geopos georadius_ro georadiusbymember_ro geosearch
     getrange hgetall hkeys hrandfield hscan hvals keys lcs lindex lpos lrange memory|usage
     object|encoding object|freq object|idletime object|refcount pfcount randomkey scan sdiff
     sinter smembers srandmember sscan substr sunion xinfo|consumers xinfo|groups xinfo|stream
     xpending xrange xrevrange zrandmember zrange zrangebylex zrangebyscore zrevrange
     zrevrangebylex zrevrangebyscore zscan`,
  ],
  ["readonly blocking movablekeys", "xread"],
  [
    "readonly fast",
    `bitfield_ro dbsize exists expiretime get getbit hexists hget hlen hmget hstrlen llen lolwut
     mget pexpiretime pttl scard sismember smismember strlen touch ttl type xlen zcard zcount
     zlexcount zmscore zrank zrevrank zscore`,
  ],
  ["readonly movablekeys", "sintercard sort_ro zdiff zinter zintercard zunion"],
  [
    "readonly noscript stale skip_monitor no_mandatory_keys movablekeys",
    `eval_ro evalsha_ro fcall_ro`,
  ],
  ["stale", "cluster|info cluster|keyslot cluster|myid cluster|nodes cluster|shards cluster|slots"],
  [
    "write",
    `del flushall flushdb lrem ltrim rename xgroup|delconsumer xgroup|destroy xgroup|setid xtrim
     zremrangebylex zremrangebyrank zremrangebyscore`,
  ],
  ["write blocking movablekeys", "blmpop bzmpop xreadgroup"],
  [
    "write denyoom",
    `bitfield bitop copy geoadd geosearchstore linsert lmove lset mset msetnx pfmerge psetex
     restore rpoplpush sdiffstore set setbit setex setrange sinterstore sunionstore xgroup|create
     xgroup|createconsumer zrangestore`,
  ],
  [
    "write denyoom fast",
    `append decr decrby getset hincrby hincrbyfloat hmset hset hsetnx incr incrby incrbyfloat
     lpush lpushx pfadd rpush rpushx sadd setnx xadd xsetid zadd zincrby`,
  ],
  [
    "write denyoom movablekeys",
    `georadius georadiusbymember sort zdiffstore zinterstore zunionstore`,
  ],
  ["write denyoom noscript", "function|load function|restore"],
  ["write denyoom noscript blocking", "blmove brpoplpush"],
  [
    "write fast",
    `expire expireat getdel getex hdel lpop move persist pexpire pexpireat renamenx rpop smove
     spop srem swapdb unlink xack xautoclaim xclaim xdel zpopmax zpopmin zrem`,
  ],
  ["write movablekeys", "lmpop migrate zmpop"],
  ["write noscript", "function|delete function|flush"],
  ["write noscript blocking", "blpop brpop"],
  ["write noscript blocking fast", "bzpopmax bzpopmin"],
];

/** By name, with `|` before a subcommand's; a family of commands has none of its own. */
export const commandFlags: ReadonlyMap<string, string> = byName(rows);
