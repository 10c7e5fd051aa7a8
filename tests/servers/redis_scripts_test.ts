/**
 * Scripts and functions over several servers: known where they are needed, also to another worker and after a server
 * was replaced.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "../deps.ts";
import { startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient, type RespWord } from "../support/clients/resp_client.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { RawClient } from "./raw_client.ts";
import { knowServers, type RedisPool, startRedisPool } from "./redis_pool.ts";

const SUM = "return redis.call('incrby',KEYS[1],ARGV[1])";
/** Keys on all three servers. */
const KEYS = Array.from({ length: 30 }, (_, number) => `${number * 7919}`);

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ keys: 'thread = 2\nhash_tag = "{}"' });
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

/** Scripts can be ended after a millisecond; servers let them run for 5 s by default. */
async function makeImpatient(): Promise<void> {
  for (const server of pool.servers) await server.call("CONFIG", "SET", "busy-reply-threshold", 1);
}

async function everywhere(client: RespClient, sha: string): Promise<void> {
  for (const key of KEYS) assertEquals(await client.call("EVALSHA", sha, 1, `s:${key}`, 0), 0);
}

Deno.test("a script that was loaded, or run once, is known at every server and worker", async () => {
  await pool.flush();
  for (const server of pool.servers) await server.call("SCRIPT", "FLUSH");
  const opened: RespClient[] = [];
  const [one, other] = await clientsOfBothWorkers(pool.aster.port, opened);
  const sha = String(await one!.call("SCRIPT", "LOAD", SUM));
  await everywhere(one!, sha);
  await everywhere(other!, sha);
  const second = `${SUM} -- another`;
  const sha2 = String(await pool.direct.call("SCRIPT", "LOAD", second));
  assertEquals(await one!.call("SCRIPT", "EXISTS", sha2), [0]);
  await assertRejects(() => one!.call("EVALSHA", sha2, 1, "k", 1), Error, "NOSCRIPT");
  await one!.call("EVAL", second, 1, "s:1", 0);
  const there = [sha2.toUpperCase(), sha, "x"];
  assertEquals(await one!.call("SCRIPT", "EXISTS", ...there), [1, 1, 0], "there, or to be given");
  await everywhere(one!, sha2);
  assertEquals(await one!.call("SCRIPT", "EXISTS", sha2), [1]);
  for (const server of pool.servers) await server.call("SCRIPT", "FLUSH");
  await until(() => everywhere(other!, sha2).then(() => true, () => false), {
    what: "the other worker knows it",
  });
  for (const client of opened) client[Symbol.dispose]();
});

Deno.test("a server that lost its scripts is given them again, and the call repeated", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  const sha = String(await client.call("SCRIPT", "LOAD", SUM));
  for (let round = 0; round < 10; round++) {
    for (const server of pool.servers) await server.call("SCRIPT", "FLUSH");
    await everywhere(client, sha);
  }
  await pool.servers[0]!.kill();
  await pool.servers[0]!.start();
  await until(async () => !String(await client.pipeline([["GET", KEYS[0]!]])).includes("ERR"), {
    what: "the server is back",
  });
  await everywhere(client, sha);
});

Deno.test("with later requests on their way the NOSCRIPT is the client's, in its place", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  const sha = String(await client.call("SCRIPT", "LOAD", SUM));
  await everywhere(client, sha);
  for (const server of pool.servers) await server.call("SCRIPT", "FLUSH");
  const calls = KEYS.flatMap((key): RespWord[][] => [
    ["EVALSHA", sha, 1, `s:${key}`, 0],
    ["ECHO", key],
  ]);
  const replies = await client.pipeline(calls);
  for (const [index, key] of KEYS.entries()) {
    assertMatch(String(replies[2 * index]), /^(0|.*NOSCRIPT.*)$/);
    assertEquals(replies[2 * index + 1], key);
  }
  await everywhere(client, sha);
});

Deno.test("scripts that say themselves what servers say of unknown ones run once a call", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  const words = "NOSCRIPT No matching script. Please use EVAL.";
  await client.call("SET", "{lies}words", words);
  for (
    const reply of [
      `redis.error_reply('${words}')`,
      `redis.error_reply('NO' .. 'SCRIPT' .. string.sub('${words}', 9))`,
      "redis.error_reply(redis.call('get', KEYS[2]))",
      "{err = ARGV[1]}",
      "cjson.decode('{\"e' .. 'rr\":\"' .. ARGV[1] .. '\"}')",
      "redis[string.reverse('ylper_rorre')](ARGV[1])",
      "1 --\rand {err = ARGV[1]}",
      "(function() local x; ARGV['err'], x = ARGV[1], 1 return ARGV end)()",
    ]
  ) {
    const sha = await client.call("SCRIPT", "LOAD", `redis.call('incr', KEYS[1]) return ${reply}`);
    await client.call("DEL", "{lies}");
    const flushing = (async () => {
      for (let round = 0; round < 20; round++) {
        for (const server of pool.servers) await server.call("SCRIPT", "FLUSH");
      }
    })();
    let ranCount = 0;
    for (let round = 0; round < 100; round++) {
      const before = Number(await client.call("GET", "{lies}"));
      const called = client.call("EVALSHA", String(sha), 2, "{lies}", "{lies}words", words);
      await assertRejects(() => called, Error, "NOSCRIPT");
      const after = Number(await client.call("GET", "{lies}"));
      assert(after - before <= 1, `${reply}: ${before} to ${after}`);
      ranCount += after - before;
    }
    await flushing;
    assert(ranCount > 0, reply);
  }
});

Deno.test("a function with the name of a script's digest is not taken for it", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  const sha = String(await client.call("SCRIPT", "LOAD", SUM));
  const library = `#!lua name=odd\nredis.register_function('${sha}', function(keys) ` +
    "redis.call('incr', keys[1]) " +
    "return redis.error_reply('NOSCRIPT No matching script. Please use EVAL.') end)";
  assertEquals(await client.call("FUNCTION", "LOAD", library), "odd");
  await client.call("DEL", "odd");
  await assertRejects(() => client.call("FCALL", sha, 1, "odd"), Error, "NOSCRIPT");
  assertEquals(await client.call("GET", "odd"), "1");
  await client.call("FUNCTION", "DELETE", "odd");
});

Deno.test("many clients call scripts while servers lose them: each gets its own reply, once", async () => {
  const count = "return {redis.call('incr', KEYS[1]), ARGV[1]}";
  using loading = await RespClient.connect({ port: pool.aster.port });
  const sha = String(await loading.call("SCRIPT", "LOAD", count));
  const opened: RespClient[] = [];
  for (const client of await clientsOfBothWorkers(pool.aster.port, opened)) {
    await until(async () => {
      for (const server of pool.servers) await server.call("SCRIPT", "FLUSH");
      return await client!.call("EVALSHA", sha, 1, "known", "").then(() => true, () => false);
    }, { what: "its worker knows the script" });
  }
  for (const client of opened) client[Symbol.dispose]();
  let isOver = false;
  const called = Array(12).fill(0);
  const clients = Promise.all(called.map(async (_, number) => {
    using client = await RespClient.connect({ port: pool.aster.port });
    const key = `counted:${number * 7919}`;
    await client.call("DEL", key);
    while (!isOver) {
      const times = called[number] + 1;
      assertEquals(await client.call("EVALSHA", sha, 1, key, `${number}/${times}`), [
        times,
        `${number}/${times}`,
      ]);
      called[number] = times;
    }
  }));
  const losing = async () => {
    for (let round = 0; round < 40 || called.some((times) => times < 10); round++) {
      for (const server of pool.servers) await server.call("SCRIPT", "FLUSH");
      await loading.call("PING");
    }
  };
  await Promise.race([withDeadline(losing(), "each calls ten times"), clients]);
  isOver = true;
  await clients;
});

Deno.test("EVALSHA within MULTI finds its script, whatever servers have lost", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  const sha = String(await client.call("SCRIPT", "LOAD", SUM));
  await pool.servers[1]!.kill();
  await pool.servers[1]!.start();
  await until(async () => {
    const replies = await client.pipeline(KEYS.map((key): RespWord[] => ["SET", `m:${key}`, 0]));
    return replies.every((reply) => reply === "OK");
  }, { what: "all servers are back" });
  for (const key of KEYS) {
    const replies = await client.pipeline([
      ["MULTI"],
      ["INCR", `m:${key}`],
      ["EVALSHA", sha, 1, `m:${key}`, 0],
      ["EVALSHA", sha, 1, `m:${key}`, 5],
      ["EXEC"],
    ]);
    assertEquals(replies.at(-1), [1, 1, 6], String(replies));
  }
});

Deno.test("SCRIPT FLUSH makes all forget", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  const sha = String(await client.call("SCRIPT", "LOAD", SUM));
  assertEquals(await client.call("SCRIPT", "FLUSH", "SYNC"), "OK");
  assertEquals(await client.call("SCRIPT", "EXISTS", sha), [0]);
  await assertRejects(() => client.call("EVALSHA", sha, 1, "k", 1), Error, "NOSCRIPT");
});

Deno.test("SCRIPT KILL ends a script that runs, over a connection of its own", async () => {
  await makeImpatient();
  using running = await RespClient.connect({ port: pool.aster.port });
  using killing = await RespClient.connect({ port: pool.aster.port });
  await assertRejects(() => killing.call("SCRIPT", "KILL"), Error, "NOTBUSY");
  await assertRejects(() => killing.call("FUNCTION", "KILL"), Error, "NOTBUSY");
  const killed = assertRejects(
    () => running.call("EVAL", "while true do end", 1, "k"),
    Error,
    "killed",
  );
  await until(async () => (await killing.pipeline([["SCRIPT", "KILL"]]))[0] === "OK", {
    what: "it runs, and is ended",
  });
  await killed;
});

const LIBRARY = "#!lua name=sums\nredis.register_function('add', function(keys, args) " +
  "return redis.call('incrby', keys[1], args[1]) end)";

Deno.test("functions are at every server", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  assertEquals(await client.call("FUNCTION", "LOAD", LIBRARY), "sums");
  for (const key of KEYS) assertEquals(await client.call("FCALL", "add", 1, `f:${key}`, 5), 5);
  for (
    const [count, error] of [["x", "Bad number of keys"], ["9", "greater"], ["-1", "negative"]]
  ) {
    await assertRejects(() => client.call("FCALL", "add", count!, "f:1"), Error, error);
  }
  assertMatch(JSON.stringify(await client.call("FUNCTION", "LIST")), /"sums"/);
  await assertRejects(() => client.call("FUNCTION", "LOAD", LIBRARY), Error, "already exists");
  assertEquals(await client.call("FUNCTION", "DELETE", "sums"), "OK");
  await assertRejects(() => client.call("FCALL", "add", 1, "f:1", 5), Error, "Function not found");
  assertEquals(await client.call("FUNCTION", "FLUSH"), "OK");
});

const SLOW = "#!lua name=slow\nredis.register_function('loop', function() while true do end end)";

Deno.test("FUNCTION STATS tells of a function that runs at any server, until FUNCTION KILL", async () => {
  await makeImpatient();
  using running = await RespClient.connect({ port: pool.aster.port });
  using asking = await RespClient.connect({ port: pool.aster.port });
  assertEquals(await asking.call("FUNCTION", "LOAD", SLOW), "slow");
  const idle = await asking.call("FUNCTION", "STATS") as unknown[];
  assertEquals(idle.slice(0, 2), ["running_script", null]);
  for (const key of KEYS.slice(0, 3)) {
    const ended = assertRejects(() => running.call("FCALL", "loop", 1, key), Error, "killed");
    await until(
      async () => /"loop"/.test(JSON.stringify(await asking.call("FUNCTION", "STATS"))),
      { what: "the function is told of" },
    );
    assertEquals(await asking.call("FUNCTION", "KILL"), "OK");
    await ended;
  }
  assertEquals(await asking.call("FUNCTION", "DELETE", "slow"), "OK");
});

Deno.test("a Redis Cluster: scripts and functions at every master", async () => {
  await using cluster = await startRedisCluster({ replicaCount: 0 });
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: [cluster.nodes[0]!.address],
  });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  using client = await proxy.connect();
  const sha = String(await client.call("SCRIPT", "LOAD", SUM));
  for (const node of cluster.nodes) await node.call("SCRIPT", "FLUSH");
  await everywhere(client, sha);
  assertEquals(await client.call("FUNCTION", "LOAD", LIBRARY), "sums");
  for (const key of KEYS) assertEquals(await client.call("FCALL", "add", 1, `f:${key}`, 5), 5);
});

Deno.test("errors and HELP are a server's own", async () => {
  await using one = await startRedisPool({ serverCount: 1 });
  await knowServers(one.aster.port);
  for (const version of [2, 3] as const) {
    using direct = await RawClient.connect(one.direct.port, version);
    using proxy = await RawClient.connect(one.aster.port, version);
    for (
      const line of [
        ..."SCRIPT|SCRIPT LOAD|SCRIPT EXISTS|SCRIPT NO|SCRIPT FLUSH x|SCRIPT FLUSH|SCRIPT KILL"
          .split("|"),
        ..."SCRIPT EXISTS a b|FUNCTION|FUNCTION LOAD|FUNCTION LOAD x|FUNCTION LIST x|FUNCTION NO"
          .split("|"),
        ..."FUNCTION DUMP|FUNCTION STATS|FUNCTION KILL|FUNCTION DELETE x|FUNCTION RESTORE x|FUNCTION LIST"
          .split("|"),
        ..."FCALL none x|FCALL none 5|FCALL none -1|EVALSHA 01 x|EVALSHA 01 5".split("|"),
        ..."SCRIPT LOAD return(1)|EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0|EVAL x|EVAL x 0"
          .split("|"),
        ..."EVALSHA no 0|EVAL return(KEYS[1]) 1 a|EVAL return(1) x|EVAL return(1) 2 a|EVAL return(1) -1"
          .split("|"),
      ]
    ) {
      const words = line.split(" ");
      assertEquals(await proxy.ask(words), await direct.ask(words), line);
    }
  }
});

Deno.test("a body that no server compiles is not known, and a refused FLUSH forgets nothing", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  const broken = "return (";
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(broken));
  const brokenSha = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  await assertRejects(() => client.call("SCRIPT", "LOAD", broken), Error, "Error compiling script");
  assertEquals(await client.call("SCRIPT", "EXISTS", brokenSha), [0]);
  await assertRejects(() => client.call("EVALSHA", brokenSha, 0), Error, "NOSCRIPT");
  const sha = String(await client.call("SCRIPT", "LOAD", SUM));
  await assertRejects(
    () => client.call("SCRIPT", "FLUSH", "x"),
    Error,
    "SCRIPT FLUSH only support",
  );
  for (const server of pool.servers) await server.call("SCRIPT", "FLUSH");
  await everywhere(client, sha);
});

Deno.test("with admin_commands forwarded, servers are asked and told", async () => {
  await using admin = await startRedisPool({ keys: 'admin_commands = "forward"' });
  using client = await RespClient.connect({ port: admin.aster.port });
  for (const key of KEYS) {
    await client.call("SET", key, "1");
    assertMatch(String(await client.call("DEBUG", "OBJECT", key)), /encoding:/);
  }
  assertEquals(await client.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"), "OK");
  for (const server of admin.servers) {
    assertEquals(await server.call("CONFIG", "GET", "maxmemory-policy"), [
      "maxmemory-policy",
      "allkeys-lru",
    ]);
  }
  assertEquals(await client.call("SLOWLOG", "BACKENDS", "RESET"), "OK");
  await assertRejects(() => client.call("DEBUG", "SLEEP", "1"), Error, "not supported");
  await assertRejects(() => client.call("CONFIG", "SET", "nosuch", "1"), Error, "ERR");
});
