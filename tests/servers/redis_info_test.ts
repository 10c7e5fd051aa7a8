/**
 * INFO and CONFIG RESETSTAT beside real servers: of one server every field, of several what is merged.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import { until } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { readMetric } from "./metrics.ts";
import { RawClient } from "./raw_client.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

const decoder = new TextDecoder();

/** Field by field, `title.name`. */
type Fields = Map<string, string>;

async function infoOf(client: RespClient, ...words: string[]): Promise<Fields> {
  const reply = await client.call("INFO", ...words);
  const text = reply instanceof Uint8Array ? decoder.decode(reply) : String(reply);
  const fields: Fields = new Map();
  let title = "";
  for (const line of text.split("\r\n")) {
    const [, name, value] = /^([^:]+):(.*)$/.exec(line) ?? [];
    if (line.startsWith("# ")) title = line.slice(2);
    else if (name !== undefined) fields.set(`${title}.${name}`, value!);
  }
  return fields;
}

/** Asks until what is said is not older than this call. */
function freshInfo(client: RespClient, isWanted: (fields: Fields) => boolean, ...words: string[]) {
  return until(async () => isWanted(await infoOf(client, ...words)), {
    what: `INFO ${words.join(" ")} says what is so`,
    intervalMs: 50,
  });
}

const connect = (pool: RedisPool) => RespClient.connect({ port: pool.aster.port });

Deno.test("in front of one server INFO has every field and section that the server has", async () => {
  await using pool = await startRedisPool({ serverCount: 1 });
  using client = await connect(pool);
  using server = await pool.servers[0]!.connect();
  await client.call("SET", "k", "v");
  for (
    const words of [
      ...[[], ["default"], ["all"], ["everything"], ["memory"], ["Commandstats"], ["KEYSPACE"]],
      ...[["memory", "cpu"], ["errorstats", "default"], ["modules"], ["nosuch"]],
    ]
  ) {
    const got = await infoOf(client, ...words);
    const expected = [...(await infoOf(server, ...words)).keys()];
    const isSaid = (name: string) => got.has(name) || name.includes("cmdstat_info");
    assertEquals(expected.filter((name) => !isSaid(name)), [], words.join(" "));
    const titles = (names: Iterable<string>) =>
      new Set([...names].map((name) => name.split(".")[0]!));
    const ours = titles([...got.keys()].filter((name) => !name.startsWith("Proxy.")));
    assertEquals(ours, titles(expected), words.join(" "));
  }
  const got = await infoOf(client);
  const run = await infoOf(server);
  assertEquals(got.get("Server.run_id"), run.get("Server.run_id"));
  assertEquals(got.get("Server.tcp_port"), String(pool.aster.port));
  assertMatch(got.get("Keyspace.db0")!, /^keys=1,expires=0,avg_ttl=0/);
});

Deno.test("of several servers it is the sum, and people's forms are of the sum", async () => {
  await using pool = await startRedisPool();
  using client = await connect(pool);
  for (let index = 0; index < 200; index++) await client.call("SET", `k${index}`, "v");
  await freshInfo(client, (fields) => /^keys=200,/.test(fields.get("Keyspace.db0") ?? ""));
  const [got, ...each] = await Promise.all([
    infoOf(client, "everything"),
    ...pool.servers.map(async (server) => {
      using one = await server.connect();
      return await infoOf(one, "everything");
    }),
  ]);
  const sum = (name: string) =>
    each.reduce((total, fields) => total + Number(fields.get(name) ?? 0), 0);
  for (const name of ["used_memory", "used_memory_peak", "used_memory_rss", "maxmemory"]) {
    const value = Number(got!.get(`Memory.${name}`));
    const expected = sum(`Memory.${name}`);
    assert(Math.abs(value - expected) <= expected * 0.2, `${name}: ${value} of ${expected}`);
  }
  const used = Number(got!.get("Memory.used_memory"));
  assertEquals(got!.get("Memory.used_memory_human"), `${(used / 2 ** 20).toFixed(2)}M`);
  assertEquals(got!.get("Memory.maxmemory_policy"), "noeviction");
  const [, sets] = /^calls=(\d+),/.exec(got!.get("Commandstats.cmdstat_set")!)!;
  assertEquals(sets, "200");
  assertEquals(got!.get("Server.run_id"), undefined, "it is one server's");
  assertEquals(got!.get("Proxy.proxy_backends_answered"), "3");
});

Deno.test("a server that is down or hangs is left out, and nobody waits long for it", async () => {
  await using pool = await startRedisPool();
  using client = await connect(pool);
  await client.call("INFO");
  await pool.servers[0]!.kill();
  await freshInfo(
    client,
    (fields) =>
      fields.get("Proxy.proxy_backends_asked") === "3" &&
      fields.get("Proxy.proxy_backends_answered") === "2",
  );
  await pool.servers[1]!.pause();
  try {
    await freshInfo(client, (fields) => fields.get("Proxy.proxy_backends_answered") === "1");
  } finally {
    pool.servers[1]!.resume();
  }
  await pool.servers[1]!.kill();
  await pool.servers[2]!.kill();
  await freshInfo(
    client,
    (fields) =>
      fields.get("Proxy.proxy_backends_answered") === "0" &&
      fields.get("Persistence.loading") === "0",
  );
});

Deno.test("clients and requests are those of all workers", async () => {
  await using pool = await startRedisPool({ serverCount: 1, keys: "thread = 2" });
  const opened: RespClient[] = [];
  try {
    const [one, other] = await clientsOfBothWorkers(pool.aster.port, opened);
    for (const client of [one!, other!]) {
      await freshInfo(
        client,
        (fields) => fields.get("Clients.connected_clients") === String(opened.length),
        "clients",
      );
    }
  } finally {
    for (const client of opened) client[Symbol.dispose]();
  }
});

Deno.test("RESETSTAT is about what the proxy says: nothing is reset at servers or in the metrics", async () => {
  for (const keys of ["", 'admin_commands = "forward"']) {
    await using pool = await startRedisPool({ serverCount: 2, keys, metrics: true });
    using client = await connect(pool);
    for (let round = 0; round < 50; round++) await client.call("GET", `k${round}`);
    const requests = () => readMetric(pool.aster, "aster_requests_total");
    const before = await requests();
    assertEquals(String(await client.call("CONFIG", "RESETSTAT")), "OK");
    const info = await infoOf(client, "everything");
    assert(Number(info.get("Stats.total_commands_processed")) < 5);
    assertEquals(info.get("Stats.keyspace_misses"), "0");
    assertEquals(info.get("Commandstats.cmdstat_get"), undefined);
    await client.call("GET", "k");
    await freshInfo(client, (fields) => fields.get("Stats.keyspace_misses") === "1", "stats");
    let misses = 0;
    for (const server of pool.servers) {
      const text = String(await server.call("INFO", "stats"));
      misses += Number(/keyspace_misses:(\d+)/.exec(text)![1]);
    }
    assertEquals(misses, 51, "the servers go on counting");
    assert(await requests() > before, "the metrics never go back");
  }
});

Deno.test("RESP3 has it verbatim, a pipeline in its order, MULTI from its server", async () => {
  await using pool = await startRedisPool({ serverCount: 1 });
  using client = await RawClient.connect(pool.aster.port, 3);
  assertEquals(
    await client.ask(["INFO", "Cluster"]),
    "=34\r\ntxt:# Cluster\r\ncluster_enabled:0\r\n\r\n",
  );
  assertMatch(
    await client.ask(["SET", "a", "1"], ["INFO", "cluster"], ["GET", "a"]),
    /^\+OK\r\n=34\r\n[^]*\$1\r\n1\r\n$/,
  );
  assertMatch(
    await client.ask(["MULTI"], ["INFO", "cluster"], ["EXEC"]),
    /^\+OK\r\n\+QUEUED\r\n\*1\r\n=34\r\n/,
  );
});

Deno.test("in front of a Redis Cluster INFO and HELLO say that it is one", async () => {
  await using cluster = await startRedisCluster({ masterCount: 3, replicaCount: 0 });
  await using aster = await startAster((port) => redisClusterConfig([cluster.addresses[0]!], port));
  using client = await RespClient.connect({ port: aster.port });
  await freshInfo(client, (fields) => fields.get("Proxy.proxy_backends_answered") === "3");
  const info = await infoOf(client);
  assertEquals(
    [info.get("Server.redis_mode"), info.get("Cluster.cluster_enabled")],
    ["cluster", "1"],
  );
  using raw = await RawClient.connect(aster.port);
  assertMatch(await raw.ask(["HELLO"]), /\r\nmode\r\n\$7\r\ncluster\r\n/);
});
