/**
 * Hot keys and big keys over both workers of a proxy in front of real servers, and settings changed while it runs.
 */
import { assert, assertEquals } from "../deps.ts";
import { RespClient, RespError, type RespValue } from "../support/clients/resp_client.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { MemcacheText } from "./memcache_text.ts";
import { startMemcachePool } from "./memcache_pool.ts";
import { startRedisPool } from "./redis_pool.ts";

async function json(port: number, path: string) {
  return await (await fetch(`http://127.0.0.1:${port}${path}`)).json();
}

Deno.test("keys that are asked for most are told of by all workers, from when that is switched on", async () => {
  await using pool = await startRedisPool({
    metrics: true,
    keys: "thread = 2\nhotkey_sample_every = 1\nhotkey_capacity = 64",
  });
  const opened: RespClient[] = [];
  try {
    const clients = await clientsOfBothWorkers(pool.aster.port, opened);
    for (const client of clients) await client.call("GET", "before");
    assertEquals(await clients[0]!.call("HOTKEY", "GET"), []);
    assertEquals(await clients[1]!.call("HOTKEY", "ENABLE"), "OK");
    const counts = new Map<string, number>();
    for (const [index, client] of clients.entries()) {
      for (let rank = 1; rank <= 20; rank++) {
        const times = Math.ceil(200 / rank) + index;
        const commands = Array.from({ length: times }, () => ["GET", `key:${rank}`]);
        await client.pipeline(commands);
        counts.set(`key:${rank}`, (counts.get(`key:${rank}`) ?? 0) + times);
      }
      await client.call("MGET", "key:1", "key:2");
      await client.call("SET", "key:1", "v");
    }
    counts.set("key:1", counts.get("key:1")! + 4);
    counts.set("key:2", counts.get("key:2")! + 2);
    for (const client of clients) {
      const found = await client.call("HOTKEY", "GET", 30) as [string, number, number][];
      assertEquals(found.slice(0, 3).map(([key]) => key), ["key:1", "key:2", "key:3"]);
      // There is room for all: every number is exact.
      for (const [key, hits, error] of found) {
        assertEquals([hits, error], [counts.get(key), 0], key);
      }
      assertEquals(found.length, 20);
    }
    const { clusters: [shown] } = await json(pool.aster.metricsPort, "/hotkeys");
    assertEquals([shown.hotkeysEnabled, shown.hotKeys[0].key], [true, "key:1"]);
    const { changedSettings } = await json(pool.aster.metricsPort, "/status");
    assertEquals(changedSettings, [
      { cluster: "pool", key: "hotkeys", value: true, fileValue: false },
    ]);
    assertEquals(await clients[0]!.call("HOTKEY", "RESET"), "OK");
    assertEquals(await clients[1]!.call("HOTKEY", "GET"), []);
    assertEquals(await clients[0]!.call("HOTKEY", "DISABLE"), "OK");
    await clients[1]!.call("GET", "after");
    assertEquals(await clients[0]!.call("HOTKEY", "GET"), []);
  } finally {
    for (const client of opened) client[Symbol.dispose]();
  }
});

Deno.test("large requests and replies are noted by key", async () => {
  await using pool = await startRedisPool({ metrics: true, keys: "big_key_bytes = 100000" });
  using client = await RespClient.connect({ port: pool.aster.port });
  await client.call("SET", "large", "x".repeat(200_000));
  for (let count = 0; count < 3; count++) await client.call("GET", "large");
  await client.call("SET", "small", "x".repeat(90_000));
  await client.call("GET", "small");
  const { clusters: [{ bigKeys }] } = await json(pool.aster.metricsPort, "/hotkeys");
  const shown = bigKeys.map(({ key, part, count, command, keyCount }: Record<string, unknown>) => [
    ...[key, part, count, command, keyCount],
  ]);
  assertEquals(shown.toSorted(), [
    ["large", "reply", 3, "get", 1],
    ["large", "request", 1, "set", 1],
  ]);
  assert(bigKeys.every(({ bytes }: { bytes: number }) => bytes > 200_000 && bytes < 200_100));
});

Deno.test("settings are changed in all workers, and a reload goes back to the file", async () => {
  await using pool = await startRedisPool({
    metrics: true,
    keys: 'thread = 2\nadmin_commands = "forward"',
  });
  const opened: RespClient[] = [];
  try {
    const clients = await clientsOfBothWorkers(pool.aster.port, opened);
    const get = async (client: RespClient, name: string) =>
      (await client.call("CONFIG", "GET", name) as RespValue[])[1];
    assertEquals(await get(clients[0]!, "cluster.pool.slowlog_log_slower_than"), "10000");
    assertEquals(
      await clients[0]!.call("CONFIG", "SET", "cluster.pool.slowlog-log-slower-than", "0"),
      "OK",
    );
    for (const client of clients) {
      assertEquals(await get(client, "cluster.*.slowlog_log_slower_than"), "0");
      await client.call("GET", "k");
    }
    assertEquals(await clients[1]!.call("SLOWLOG", "LEN"), 2);
    const [wrong] = await clients[0]!.pipeline([
      ["CONFIG", "SET", "cluster.pool.slowlog_max_len", "-1"],
    ]);
    assert(wrong instanceof RespError && /expected an integer from 0/.test(wrong.message));
    // Settings of the servers are the servers'.
    assertEquals(await clients[0]!.call("CONFIG", "GET", "maxmemory"), ["maxmemory", "0"]);
    Deno.kill(pool.aster.pid, "SIGHUP");
    const startMs = performance.now();
    while (await get(clients[1]!, "cluster.pool.slowlog_log_slower_than") !== "10000") {
      assert(performance.now() - startMs < 10_000, "the file's setting is back");
    }
    const { changedSettings } = await json(pool.aster.metricsPort, "/status");
    assertEquals(changedSettings, []);
  } finally {
    for (const client of opened) client[Symbol.dispose]();
  }
});

Deno.test("without admin_commands no client changes settings", async () => {
  await using pool = await startRedisPool({ serverCount: 1 });
  using client = await RespClient.connect({ port: pool.aster.port });
  const [reply] = await client.pipeline([["CONFIG", "SET", "cluster.pool.max_clients", "1"]]);
  assert(reply instanceof RespError && /admin_commands/.test(reply.message), String(reply));
});

Deno.test("memcache clients ask by stats hotkeys", async () => {
  await using pool = await startMemcachePool({ keys: "hotkeys = true\nhotkey_sample_every = 1" });
  using connection = await MemcacheText.connect(pool.aster.port);
  await connection.ask(["get a b\r\n", "get a\r\n"], "END\r\n");
  await connection.ask(["set a 0 0 1\r\nx\r\n"], "STORED\r\n");
  const [reply] = await connection.ask(["stats hotkeys\r\n"], "END\r\n");
  assertEquals(reply, "STAT 1 3 0 a\r\nSTAT 2 1 0 b\r\n");
});
