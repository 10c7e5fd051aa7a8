/**
 * The slow log over both workers of a proxy, in front of real servers: what was slow, where, and for whom.
 */
import { assert, assertEquals } from "../deps.ts";
import { delay, until } from "../support/tools/poll.ts";
import { RespClient, type RespValue } from "../support/clients/resp_client.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { MemcacheText } from "./memcache_text.ts";
import { startMemcachePool } from "./memcache_pool.ts";
import { readMetric } from "./metrics.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

/** A server is held up for so long; less than this and requests at it would not be slow. */
const HELD_UP_MS = 80;
const SLOWER_THAN_US = 40_000;

interface Shown {
  id: number;
  totalUs: number;
  queueUs: number;
  serverUs: number;
  clientName: string;
  backend: string;
  words: string[];
}

function fieldsOf(entry: RespValue): Record<string, RespValue> {
  const flat = entry as RespValue[];
  const names = flat.filter((_, index) => index % 2 === 0) as string[];
  return Object.fromEntries(names.map((name, index) => [name, flat[2 * index + 1]!]));
}

Deno.test("what was slow is told of by all workers alike: what, where, for whom, and how long", async () => {
  await using pool = await startRedisPool({
    metrics: true,
    keys: `thread = 2\nslowlog_log_slower_than = ${SLOWER_THAN_US}\nslowlog_max_len = 10`,
  });
  const opened: RespClient[] = [];
  try {
    const clients = await clientsOfBothWorkers(pool.aster.port, opened);
    await clients[0]!.call("CLIENT", "SETNAME", "one");
    await clients[1]!.call("CLIENT", "SETNAME", "two");
    const keys = await keysOfFirst(pool.servers, clients[0]!);
    await clients[0]!.call("SLOWLOG", "RESET");
    const before = await readMetric(pool.aster, "aster_slow_requests_total");
    for (const [index, client] of clients.entries()) {
      await slowGet(pool, client, keys[index]!);
    }
    for (const client of clients) {
      assertEquals(await client.call("SLOWLOG", "LEN"), 2);
      const entries = (await client.call("SLOWLOG", "GET", "-1", "FULL") as RespValue[])
        .map(fieldsOf) as unknown as Shown[];
      assertEquals(entries.map(({ words }) => words), [["GET", keys[1]], ["GET", keys[0]]]);
      assertEquals(entries.map(({ clientName }) => clientName), ["two", "one"]);
      for (const entry of entries) {
        assertEquals(entry.backend, pool.servers[0]!.address);
        assert(entry.serverUs >= SLOWER_THAN_US / 2, JSON.stringify(entry));
        assert(
          Math.abs(entry.totalUs - entry.queueUs - entry.serverUs) <= 2,
          JSON.stringify(entry),
        );
      }
      assert(entries[0]!.id > entries[1]!.id);
      const short = await client.call("SLOWLOG", "GET", 1) as RespValue[];
      assertEquals((short[0] as RespValue[]).length, 6);
    }
    const answer = await fetch(`http://127.0.0.1:${pool.aster.metricsPort}/slowlog`);
    const { clusters, silentWorkers } = await answer.json();
    assertEquals(silentWorkers, 0);
    assertEquals(
      clusters[0].entries.map(({ words }: Shown) => words),
      [["GET", keys[1]], ["GET", keys[0]]],
    );
    assertEquals(await readMetric(pool.aster, "aster_slow_requests_total") - before, 2);
    assertEquals(await clients[1]!.call("SLOWLOG", "RESET"), "OK");
    assertEquals(await clients[0]!.call("SLOWLOG", "LEN"), 0);
  } finally {
    for (const client of opened) client[Symbol.dispose]();
  }
});

/** A read that the first server answers late. */
async function slowGet({ aster, servers }: RedisPool, client: RespClient, key: string) {
  const server = servers[0]!;
  await server.pause();
  const reply = client.call("GET", key);
  const inFlight = () => readMetric(aster, "aster_backend_in_flight", server.address);
  await until(async () => await inFlight() === 1, { what: "the read is sent" });
  await delay(HELD_UP_MS);
  server.resume();
  await reply;
}

/** Two keys that the first server has. */
async function keysOfFirst(
  servers: readonly { call(...words: string[]): Promise<RespValue> }[],
  client: RespClient,
): Promise<string[]> {
  const names = Array.from(
    { length: 40 },
    (_, index) => `${Math.imul(index + 1, 2_654_435_761) >>> 0}`,
  );
  for (const name of names) await client.call("SET", name, "v");
  const found: string[] = [];
  for (const name of names) {
    if (await servers[0]!.call("EXISTS", name) === 1) found.push(name);
  }
  return found.slice(0, 2);
}

Deno.test("a threshold that a reload changes counts from then on; without one nothing is told", async () => {
  await using pool = await startRedisPool({ keys: "slowlog_log_slower_than = -1" });
  using client = await RespClient.connect({ port: pool.aster.port });
  await client.call("SET", "k", "v");
  assertEquals(await client.call("SLOWLOG", "LEN"), 0);
  const text = await Deno.readTextFile(pool.aster.configFile);
  await Deno.writeTextFile(
    pool.aster.configFile,
    text.replace("slower_than = -1", "slower_than = 0"),
  );
  Deno.kill(pool.aster.pid, "SIGHUP");
  await until(async () => {
    await client.call("GET", "k");
    return Number(await client.call("SLOWLOG", "LEN")) > 0;
  }, { what: "an entry of every request" });
  await client.call("GET", "k");
  const [entry] = await client.call("SLOWLOG", "GET", 1) as RespValue[][];
  assertEquals(entry![3], ["GET", "k"]);
});

Deno.test("memcache clients ask by stats slowlog", async () => {
  await using pool = await startMemcachePool({ keys: "slowlog_log_slower_than = 0" });
  using connection = await MemcacheText.connect(pool.aster.port);
  await connection.ask(["set some:key 0 0 5\r\nhello\r\n"], "STORED\r\n");
  await connection.ask(["get some:key\r\n"], "END\r\n");
  const [reply] = await connection.ask(["stats slowlog\r\n"], "END\r\n");
  const lines = reply!.split("\r\n");
  const requests = lines.filter((line) => line.includes(":request "));
  assertEquals(requests.map((line) => line.replace(/^STAT \d+:request /, "")), [
    "get some:key",
    "set some:key 0 0 5",
  ]);
  const empty = await connection.ask(["stats slowlog reset\r\n", "stats slowlog\r\n"], "END\r\n");
  assertEquals(empty, ["", ""]);
});

Deno.test("slow requests are exported as spans where Deno is told to", async () => {
  const spans: { name: string; attributes: { key: string; value: Record<string, string> }[] }[] =
    [];
  await using collector = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const body = await request.json();
      for (const { scopeSpans } of body.resourceSpans ?? []) {
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      return new Response("{}");
    },
  );
  await using pool = await startRedisPool({
    serverCount: 1,
    keys: "slowlog_log_slower_than = 0",
    environment: {
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
      OTEL_BSP_SCHEDULE_DELAY: "100",
    },
  });
  using client = await RespClient.connect({ port: pool.aster.port });
  await client.call("SET", "secret:key", "v");
  await until(() => spans.some(({ name }) => name === "set"), { what: "a span of the request" });
  const { attributes } = spans.find(({ name }) => name === "set")!;
  const values = Object.fromEntries(
    attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
  );
  assertEquals([values["aster.cluster"], values["server.address"]], [
    ...["pool", pool.servers[0]!.address],
  ]);
  assert(!JSON.stringify(spans).includes("secret:key"));
});
