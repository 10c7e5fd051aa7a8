/**
 * Servers that are taken out of a ring by hand, and given other weights, under load and through reloads.
 */
import { assert, assertEquals } from "../deps.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { RespClient, RespError } from "../support/clients/resp_client.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

const KEYS = Array.from({ length: 60 }, (_, index) => `key:${index}`);

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({
    metrics: true,
    keys: "thread = 2\nping_fail_limit = 2\nping_succ_interval = 500\nping_interval = 50",
  });
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

async function set(query: string) {
  const url = `http://127.0.0.1:${pool.aster.metricsPort}/server/state?cluster=pool&${query}`;
  const response = await fetch(url, { method: "POST" });
  return { status: response.status, ...await response.json() };
}

async function text(path: string): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${pool.aster.metricsPort}${path}`)).text();
}

/** How many of the keys each server gets when all are written anew. */
async function shares(): Promise<number[]> {
  await pool.flush();
  using client = await RespClient.connect({ port: pool.aster.port });
  const replies = await client.pipeline(KEYS.map((key) => ["SET", key, "1"]));
  assert(replies.every((reply) => reply === "OK"));
  return await Promise.all(pool.servers.map(async (one) => Number(await one.call("DBSIZE"))));
}

Deno.test("a server that drains gets no new keys, and nobody sees an error; it comes back with its share", async () => {
  const before = await shares();
  const errors: string[] = [];
  let rounds = 0;
  let isOver = false;
  const loads = Array.from({ length: 8 }, async () => {
    using client = await RespClient.connect({ port: pool.aster.port });
    while (!isOver) {
      const replies = await client.pipeline(
        KEYS.flatMap((key) => [["SET", key, "1"], ["GET", key]]),
      );
      for (const reply of replies) if (reply instanceof RespError) errors.push(reply.message);
      rounds += 1;
    }
  });
  const flow = async () => {
    const start = rounds;
    await until(() => rounds > start + 16, { what: "the load goes on" });
  };
  await flow();
  assertEquals((await set("server=r1&state=drain")).state, "drain");
  await until(async () => (await set("server=r1&state=drain")).in_flight === 0, {
    what: "drained",
  });
  await flow();
  isOver = true;
  await withDeadline(Promise.all(loads), "the loads end");
  assertEquals(errors, []);
  const during = await shares();
  assertEquals([during[1], during[0]! + during[2]!], [0, KEYS.length]);
  assert((await text("/status")).includes('"state": "drain"'));
  assert((await text("/metrics")).includes('aster_server_state{cluster="pool",server="r1"} 1'));
  // A reload of another key, with servers as they were.
  const file = await Deno.readTextFile(pool.aster.configFile);
  await Deno.writeTextFile(pool.aster.configFile, `${file}\nmax_pipeline = 77\n`);
  Deno.kill(pool.aster.pid, "SIGHUP");
  await pool.aster.logged(/Configuration reloaded.*max_pipeline/);
  assertEquals((await shares())[1], 0);
  assertEquals((await set("server=r1&state=ready")).state, "ready");
  assertEquals(await shares(), before);
});

Deno.test("a server in maintenance may go away unnoticed, and is not back before it is said", async () => {
  const before = await shares();
  assertEquals((await set("server=r2&state=maint")).state, "maint");
  await pool.servers[2]!.kill();
  using client = await RespClient.connect({ port: pool.aster.port });
  for (let round = 0; round < 10; round++) {
    const replies = await client.pipeline(KEYS.map((key) => ["SET", key, "1"]));
    assert(replies.every((reply) => reply === "OK"));
  }
  await pool.servers[2]!.start();
  assertEquals((await shares())[2], 0);
  assert(!pool.aster.logs().includes("Backend ejected"));
  assertEquals((await set("server=r2&state=ready")).status, 200);
  assertEquals(await shares(), before);
});

Deno.test("a weight changes the share of the keys until the configuration's is given back", async () => {
  const before = await shares();
  assertEquals((await set("server=r0&weight=20")).weight, 20);
  const heavy = await shares();
  assert(heavy[0]! > before[0]! + 10, `${before} ${heavy}`);
  assertEquals((await set("server=r0&weight=config")).weight, 1);
  assertEquals(await shares(), before);
});
