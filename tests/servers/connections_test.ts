import { assert, assertEquals } from "../deps.ts";
import { becomesIdle, idleDescriptors } from "../model/proxy_watch.ts";
import { delay, until } from "../support/tools/poll.ts";
import { encodeCommand, RespClient } from "../support/clients/resp_client.ts";
import { type Random, scaled, seededRandom } from "../support/tools/seed.ts";
import { cpuTicks } from "../support/servers/server_process.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

/** Connections that come and go, and how many at a time. */
const VISITS = 3_000;
const VISITORS = 16;
/** Clients that stay all the while. */
const RESIDENTS = 4;
/** Descriptors of a proxy that shall run out of them: Deno wants some sixty while it starts. */
const DESCRIPTORS_MAX = 160;
const MANY_CLIENTS = 200;
/** CPU time that half a second without descriptors may cost, in ticks of 10 ms. */
const SPIN_TICKS_MAX = 20;

/** Asks for values that only this client has, until told to stop; every reply is its own. */
async function reside(pool: RedisPool, name: string, isOver: () => boolean): Promise<number> {
  using client = await RespClient.connect({ port: pool.aster.port });
  let rounds = 0;
  while (!isOver()) {
    const value = `${name} ${++rounds}`;
    const key = `${name} ${rounds % 50}`;
    assertEquals(
      await client.pipeline([["SET", key, value], ["GET", key], ["ECHO", value]]),
      ["OK", value, value],
    );
  }
  return rounds;
}

/** Connects, does one thing or another, and leaves. */
async function visit(pool: RedisPool, random: Random, name: string): Promise<void> {
  using client = await RespClient.connect({ port: pool.aster.port });
  switch (random.below(4)) {
    case 0:
      return;
    case 1:
      return await client.send(encodeCommand(["SET", name, name]).subarray(0, 9));
    case 2:
      return await client.send(encodeCommand(["GET", name]));
    default:
      assertEquals(await client.pipeline([["SET", name, name], ["GET", name]]), ["OK", name]);
  }
}

Deno.test("clients that come and go by the thousand cross nobody and leave nothing open", async () => {
  await using pool = await startRedisPool({ metrics: true, keys: "thread = 2" });
  const random = seededRandom("connections");
  const before = await idleDescriptors(pool.aster);
  let isOver = false;
  const residents = Array.from(
    { length: RESIDENTS },
    (_, index) => reside(pool, `resident ${index}`, () => isOver),
  );
  let visits = 0;
  const visitors = Array.from({ length: VISITORS }, async () => {
    while (visits < scaled(VISITS)) await visit(pool, random, `visit ${++visits}`);
  });
  await Promise.all(visitors);
  isOver = true;
  for (const rounds of await Promise.all(residents)) assert(rounds > 0);
  await becomesIdle(pool.aster, before);
});

Deno.test("without descriptors it serves whom it has, does not spin, and accepts again", async () => {
  await using pool = await startRedisPool({
    metrics: true,
    descriptorsMax: DESCRIPTORS_MAX,
    serverCount: 1,
  });
  const { aster } = pool;
  using first = await RespClient.connect({ port: aster.port });
  assertEquals(await first.pipeline([["SET", "key", "value"]]), ["OK"]);
  const clients = await Promise.all(
    Array.from({ length: MANY_CLIENTS }, () => RespClient.connect({ port: aster.port })),
  );
  const asked = clients.map((client, index) => client.pipeline([["ECHO", `${index}`]]));
  await until(() => aster.logs().includes("Clients wait to be accepted"), { what: "it says so" });
  const ticks = cpuTicks(aster.pid);
  assertEquals(await first.pipeline([["GET", "key"], ["ECHO", "still"]]), ["value", "still"]);
  await delay(500);
  const later = cpuTicks(aster.pid);
  assert(later.user + later.system - ticks.user - ticks.system < SPIN_TICKS_MAX, "it spins");
  // Each one that leaves makes room for one that waits, until all have been served.
  const served = asked.map(async (replies, index) => {
    assertEquals(await replies, [`${index}`]);
    clients[index]!.close();
  });
  await Promise.all(served);
  assertEquals(await first.pipeline([["GET", "key"]]), ["value"]);
  const failures = aster.logs().split("Clients wait to be accepted").length - 1;
  assert(failures < 100, `${failures} lines for it`);
});
