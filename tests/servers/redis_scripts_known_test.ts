/**
 * What the proxy knows of scripts is the same by whichever way they came, and SCRIPT EXISTS says so.
 *
 * @module
 */
import { assertEquals, assertRejects } from "../deps.ts";
import { until } from "../support/tools/poll.ts";
import { RespClient, type RespWord } from "../support/clients/resp_client.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

const SUM = "return redis.call('incrby',KEYS[1],ARGV[1])";
/** Keys on all three servers. */
const KEYS = Array.from({ length: 30 }, (_, number) => `${number * 7919}`);

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ keys: 'thread = 2\nhash_tag = "{}"' });
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

async function everywhere(client: RespClient, sha: string): Promise<void> {
  for (const key of KEYS) assertEquals(await client.call("EVALSHA", sha, 1, `s:${key}`, 0), 0);
}

Deno.test("a script exists, whichever servers have lost it, and its call finds it", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  const sha = String(await client.call("SCRIPT", "LOAD", SUM));
  await everywhere(client, sha);
  for (const losing of [pool.servers.slice(1, 2), pool.servers]) {
    for (const server of losing) await server.call("SCRIPT", "FLUSH");
    assertEquals(await client.call("SCRIPT", "EXISTS", sha, "no", sha), [1, 0, 1]);
    // What is told to be there is not denied to calls in a pipeline, which are never repeated.
    const calls = KEYS.map((key): RespWord[] => ["EVALSHA", sha, 1, `s:${key}`, 0]);
    assertEquals(await client.pipeline(calls), KEYS.map(() => 0));
  }
});

Deno.test("a body that came by EVAL inside MULTI is known to every worker", async () => {
  const opened: RespClient[] = [];
  const [one, other] = await clientsOfBothWorkers(pool.aster.port, opened);
  for (const [word, body] of [["EVAL", `${SUM} -- tx`], ["EVAL_RO", "return #KEYS -- tx"]]) {
    await one!.pipeline([["MULTI"], [word!, body!, 1, "s:1", 0], ["EXEC"]]);
    const sha = String(await one!.call("EVAL", `return redis.sha1hex("${body}")`, 1, "s:1"));
    const called = word === "EVAL" ? "EVALSHA" : "EVALSHA_RO";
    await until(async () => (await other!.call("SCRIPT", "EXISTS", sha) as number[])[0] === 1, {
      what: "the other worker knows it",
    });
    for (const client of [one!, other!]) {
      for (const key of KEYS) {
        const reply = await client.call(called, sha, 1, `s:${key}`, 0);
        assertEquals(reply, word === "EVAL" ? 0 : 1);
      }
    }
  }
  for (const client of opened) client[Symbol.dispose]();
});

Deno.test("a body that is broken does not exist, however it came", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode("return ("));
  const sha = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  await assertRejects(() => client.call("EVAL", "return (", 1, "k"), Error, "compiling");
  assertEquals(await client.call("SCRIPT", "EXISTS", sha), [0]);
});

Deno.test("with one server, SCRIPT inside MULTI counts as outside", async () => {
  await using one = await startRedisPool({ serverCount: 1 });
  using client = await RespClient.connect({ port: one.aster.port });
  const [server] = one.servers;
  const loaded = await client.pipeline([["MULTI"], ["SCRIPT", "LOAD", SUM], ["EXEC"]]);
  const [sha] = loaded.at(-1) as string[];
  await server!.call("SCRIPT", "FLUSH");
  assertEquals(await client.call("EVALSHA", sha!, 1, "k", 1), 1);
  await server!.kill();
  await server!.start();
  await until(async () => !String(await client.pipeline([["GET", "k"]])).includes("ERR"), {
    what: "the server is back",
  });
  const found = await client.pipeline([["MULTI"], ["SCRIPT", "EXISTS", sha!], ["EXEC"]]);
  assertEquals(found.at(-1), [[1]]);
  await client.pipeline([["MULTI"], ["SCRIPT", "FLUSH"], ["EXEC"]]);
  await assertRejects(() => client.call("EVALSHA", sha!, 1, "k", 1), Error, "NOSCRIPT");
});
