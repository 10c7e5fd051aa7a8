import { RespClient } from "../support/clients/resp_client.ts";
import { assert, assertEquals, assertRejects } from "../deps.ts";
import { seededRandom } from "../support/tools/seed.ts";
import { RawClient, word } from "./raw_client.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

/**
 * Commands of every type, in an order in which each has something to answer. Keys with the same `{tag}` are on
 * one server; the others are spread.
 */
const SCRIPT = [
  // Strings.
  ..."SET s 1|GET s|GET none|SET s 2 NX|SET s 3 XX GET|INCR s|INCRBY s 10|DECRBY s 3|DECR s".split(
    "|",
  ),
  ..."INCRBYFLOAT s 0.5|APPEND a hello|APPEND a \0\xff|STRLEN a|GETRANGE a 1 -2|SETRANGE a 3 XY"
    .split("|"),
  ..."GETSET a new|GETEX a EX 100|TTL a|PERSIST a|PTTL a|GETDEL a|SETNX n 1|SETEX e 50 v".split(
    "|",
  ),
  ..."PSETEX e 50000 v|TYPE e|EXPIRE e 10 GT|OBJECT ENCODING s|INCR e|SET|LCS {t}s1 {t}s2".split(
    "|",
  ),
  // Over all servers; these keys lie on the first, third and second one.
  ..."MSET alpha 1 beta 2 delta 3 one 4 four 5 pear 6|MGET alpha beta none delta one four pear alpha|EXISTS alpha beta delta none alpha"
    .split("|"),
  ..."TOUCH alpha beta delta none|UNLINK alpha beta none|DEL delta one four pear none|MGET alpha beta delta|DEL none"
    .split("|"),
  ..."MSET alpha 1 beta|MGET s h none|MSETNX {t}m1 1 {t}m2 2|MSETNX {t}m1 9 {t}m3 9".split("|"),
  // Hashes.
  ..."HSET h f 1 g 2 h 3|HGET h f|HGET h none|HMGET h f none g|HGETALL h|HKEYS h|HVALS h".split(
    "|",
  ),
  ..."HLEN h|HEXISTS h f|HINCRBY h f 5|HINCRBYFLOAT h g 1.5|HDEL h h none|HSTRLEN h f".split("|"),
  ..."HSETNX h f 2|HRANDFIELD none 2|HSCAN h 0|HMSET h x y|GET h|HGETALL none".split("|"),
  // Lists.
  ..."RPUSH l a b c d e|LPUSH l z|LRANGE l 0 -1|LINDEX l 1|LLEN l|LPOP l|RPOP l 2|LSET l 0 A".split(
    "|",
  ),
  ..."LINSERT l BEFORE b x|LREM l 0 x|LTRIM l 0 1|LPOS l b|LPUSHX none a|LMOVE {t}l1 {t}l2 LEFT RIGHT"
    .split("|"),
  ..."RPUSH {t}l1 1 2 3|RPOPLPUSH {t}l1 {t}l2|LRANGE {t}l2 0 -1|LMPOP 2 {t}l1 {t}l2 LEFT COUNT 2"
    .split("|"),
  // Sets.
  ..."SADD {t}a 1 2 3|SADD {t}b 2 3 4|SISMEMBER {t}a 1|SMISMEMBER {t}a 1 9|SCARD {t}a".split("|"),
  ..."SMEMBERS {t}a|SINTER {t}a {t}b|SUNION {t}a {t}b|SDIFF {t}a {t}b|SINTERCARD 2 {t}a {t}b".split(
    "|",
  ),
  ..."SINTERSTORE {t}c {t}a {t}b|SUNIONSTORE {t}d {t}a {t}b|SMOVE {t}a {t}b 1|SREM {t}a 2".split(
    "|",
  ),
  ..."SSCAN {t}b 0|SPOP none|SRANDMEMBER none 3|SORT {t}b DESC|SORT {t}b STORE {t}sorted".split(
    "|",
  ),
  // Sorted sets.
  ..."ZADD {t}z 1 a 2.5 b inf c|ZADD {t}z GT CH 9 a|ZSCORE {t}z b|ZSCORE {t}z none|ZRANK {t}z b"
    .split("|"),
  ..."ZRANGE {t}z 0 -1 WITHSCORES|ZRANGE {t}z 0 5 BYSCORE LIMIT 0 1|ZRANGEBYSCORE {t}z -inf +inf"
    .split("|"),
  ..."ZREVRANGE {t}z 0 -1|ZCOUNT {t}z 1 5|ZINCRBY {t}z 1 b|ZMSCORE {t}z a none|ZPOPMIN {t}z".split(
    "|",
  ),
  ..."ZADD {t}y 1 a 2 b|ZUNIONSTORE {t}u 2 {t}z {t}y WEIGHTS 2 3|ZINTER 2 {t}z {t}y WITHSCORES"
    .split("|"),
  ..."ZDIFF 2 {t}y {t}z|ZRANGESTORE {t}r {t}y 0 -1|ZLEXCOUNT {t}y - +|ZSCAN {t}y 0|ZCARD {t}u"
    .split("|"),
  ..."ZREMRANGEBYRANK {t}y 0 0|ZMPOP 1 {t}y MIN|ZRANGEBYLEX {t}u [a (c|ZRANDMEMBER none 2".split(
    "|",
  ),
  // Streams.
  ..."XADD x 1-1 f v|XADD x 2-1 f v g w|XADD x 1-0 f v|XLEN x|XRANGE x - +|XREVRANGE x + - COUNT 1"
    .split("|"),
  ..."XREAD COUNT 1 STREAMS x 0|XREAD STREAMS x $|XGROUP CREATE x g 0|XREADGROUP GROUP g c STREAMS x >"
    .split("|"),
  ..."XPENDING x g|XACK x g 1-1|XINFO GROUPS x|XDEL x 1-1|XTRIM x MAXLEN 0|XGROUP DESTROY x g"
    .split("|"),
  // Bitmaps, HyperLogLogs, places.
  ..."SETBIT bits 7 1|GETBIT bits 7|BITCOUNT bits|BITPOS bits 1|BITFIELD bits SET u8 8 255 GET u4 0"
    .split("|"),
  ..."SET {t}p ab|SET {t}q b|BITOP AND {t}o {t}p {t}q|GET {t}o|PFADD {t}h1 a b c|PFCOUNT {t}h1"
    .split("|"),
  ..."PFADD {t}h2 c d|PFMERGE {t}h3 {t}h1 {t}h2|PFCOUNT {t}h1 {t}h2|PFCOUNT {t}h3".split("|"),
  ..."GEOADD {t}g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania".split("|"),
  ..."GEODIST {t}g Palermo Catania km|GEOPOS {t}g Palermo none|GEOHASH {t}g Catania".split("|"),
  ..."GEOSEARCH {t}g FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHDIST WITHCOORD".split("|"),
  ..."GEOSEARCHSTORE {t}near {t}g FROMMEMBER Palermo BYBOX 400 400 km".split("|"),
  // Keys, scripts, errors.
  ..."RENAME {t}o {t}o2|RENAME {t}none {t}o|COPY {t}o2 {t}o3|DUMP none|EXPIRETIME s|SORT_RO {t}c"
    .split("|"),
  ..."EVAL return{KEYS[1],ARGV[1],1,false,{ok='S'}} 1 alpha v|EVAL return(redis.call('get',KEYS[1])) 1 s"
    .split("|"),
  ..."EVAL return(redis.call('nosuch',KEYS[1])) 1 s|EVAL bad( 1 k|EVALSHA 0123 1 k".split("|"),
  ..."EVAL_RO return(redis.call('set',KEYS[1],1)) 1 s|EVAL x -1|EVAL x 2 a|EVAL x z a".split("|"),
  ..."INCR h|LPUSH s 1|SET s 1 EX 0|SETBIT bits -1 1|ZADD {t}z x a|OBJECT HELP x|OBJECT FREQ s|MSET alpha 1 beta 2 delta 3"
    .split("|"),
];

function words(command: string): Uint8Array[] {
  return command.split(" ").map(word);
}

/** Keys that lie on at least two servers; without them nothing would be shown about splitting. */
async function keyCounts(pool: RedisPool): Promise<number[]> {
  const counts = await Promise.all(pool.servers.map((server) => server.call("DBSIZE")));
  return counts.map(Number);
}

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ keys: 'hash_tag = "{}"' });
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

for (const version of [2, 3] as const) {
  Deno.test(`commands of every type answer as one server would, one at a time, RESP${version}`, async () => {
    await pool.flush();
    using direct = await RawClient.connect(pool.direct.port, version);
    using proxy = await RawClient.connect(pool.aster.port, version);
    const differences: Record<string, { direct: string; proxy: string }> = {};
    for (const command of SCRIPT) {
      const expected = await direct.ask(words(command));
      assert(expected.length > 0);
      const got = await proxy.ask(words(command));
      if (got !== expected) differences[command] = { direct: expected, proxy: got };
    }
    assertEquals(differences, {});
    assert((await keyCounts(pool)).every((count) => count > 0), "a server has no keys");
  });

  Deno.test(`commands of every type answer as one server would, as one pipeline, RESP${version}`, async () => {
    await pool.flush();
    using direct = await RawClient.connect(pool.direct.port, version);
    using proxy = await RawClient.connect(pool.aster.port, version);
    const commands = SCRIPT.map(words);
    assertEquals(await proxy.ask(...commands), await direct.ask(...commands));
  });
}

Deno.test("keys and values of any bytes come back as they were", async () => {
  await pool.flush();
  const random = seededRandom("keys and values of any bytes");
  using direct = await RawClient.connect(pool.direct.port);
  using proxy = await RawClient.connect(pool.aster.port);
  const pairs = Array.from({ length: 200 }, (_, index) => {
    const length = index < 3 ? index : random.below(300);
    return [random.bytes(length), random.bytes(random.below(2000))] as const;
  });
  const writes = pairs.map(([key, value]) => ["SET", key, value]);
  const reads = pairs.map(([key]) => ["GET", key]);
  const together = [["MGET", ...pairs.map(([key]) => key)], [
    "EXISTS",
    ...pairs.map(([key]) => key),
  ]];
  for (const commands of [writes, reads, together]) {
    assertEquals(await proxy.ask(...commands), await direct.ask(...commands));
  }
});

Deno.test("what several servers would have to do together is refused", async () => {
  using proxy = await RawClient.connect(pool.aster.port);
  for (
    const command of [
      "SINTER alpha beta delta one",
      "RENAME alpha beta",
      "BITOP OR alpha beta delta",
    ]
  ) {
    const reply = await proxy.ask(words(command));
    assert(reply.startsWith("-CROSSSLOT "), `${command}: ${reply}`);
  }
});

Deno.test("an error of one server is the error of the whole request", async () => {
  await pool.flush();
  using proxy = await RawClient.connect(pool.aster.port);
  const keys = Array.from({ length: 30 }, (_, index) => `key${index}`);
  await proxy.ask(["MSET", ...keys.flatMap((key) => [key, "v"])]);
  // Out of memory is what one server alone can answer to writes.
  await pool.servers[1]!.call("CONFIG", "SET", "maxmemory", "1");
  const oom = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
  assertEquals(await proxy.ask(["MSET", ...keys.flatMap((key) => [key, "w"])]), oom);
  await pool.servers[1]!.call("CONFIG", "SET", "maxmemory", "0");
  assertEquals(await proxy.ask(["DEL", ...keys]), ":30\r\n");
});

Deno.test("with atomic_multi_key nothing is split, and a module's command goes where its key is", async () => {
  await using atomic = await startRedisPool({
    keys: 'atomic_multi_key = true\nhash_tag = "{}"\ncommands = { "json.get" = { key = 1 } }',
  });
  using client = await RespClient.connect({ port: atomic.aster.port });
  const keys = Array.from({ length: 12 }, (_, number) => `${number * 7919}`);
  for (const command of ["MGET", "DEL", "UNLINK", "EXISTS", "TOUCH"]) {
    await assertRejects(() => client.call(command, ...keys), Error, "CROSSSLOT");
  }
  await assertRejects(
    () => client.call("MSET", ...keys.flatMap((key) => [key, "1"])),
    Error,
    "hash tag",
  );
  assertEquals(await client.call("MSET", "{t}a", "1", "{t}b", "2"), "OK");
  assertEquals(await client.call("MGET", "{t}a", "{t}b"), ["1", "2"]);
  // The servers have no modules, and say so themselves.
  for (const command of ["JSON.GET", "FT.SEARCH"]) {
    await assertRejects(() => client.call(command, "k"), Error, `unknown command '${command}'`);
  }
});
