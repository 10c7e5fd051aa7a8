/**
 * One run under mixed load over both workers, after which every place that shows numbers says the same: `/metrics`,
 * `/status`, the dashboard's events, `aster top`, SLOWLOG and `/slowlog`, and the servers themselves. With both engines,
 * in front of all three types.
 */
import { assert, assertEquals } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient, type RespValue } from "../support/clients/resp_client.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { MemcacheText } from "./memcache_text.ts";
import { startMemcachePool } from "./memcache_pool.ts";
import { startRedisPool } from "./redis_pool.ts";

const ENGINES: ("deno" | "epoll")[] = Deno.build.os === "linux" ? ["deno", "epoll"] : ["deno"];
const CLIENTS = 8;
const ROUNDS = 12;
const SETTINGS = "thread = 2\nslowlog_log_slower_than = 0\nslowlog_max_len = 50000";
/** How long a script keeps its server busy. */
const BUSY_MS = 40;
/**
 * What the proxy says that a server took may be so much less than what the server says: the worker's clock is read once
 * a turn.
 */
const TURN_US = 5_000;
/** And so much more: the network, and other requests of a busy machine. */
const AROUND_US = 1_000_000;

/** Requests by server and command. */
type Counts = Map<string, number>;

function keyOf(backend: string, command: string): string {
  return `${backend} ${command}`;
}

function add(counts: Counts, key: string, count: number): void {
  if (count > 0) counts.set(key, (counts.get(key) ?? 0) + count);
}

function sorted(counts: Counts): Record<string, number> {
  return Object.fromEntries([...counts].sort(([one], [other]) => one < other ? -1 : 1));
}

/** Requests of one command at all servers. */
function sumOf(counts: Counts, command: string): number {
  const own = [...counts].filter(([key]) => key.endsWith(` ${command}`));
  return own.reduce((sum, [, count]) => sum + count, 0);
}

/** The part of `counts` that is about these commands. */
function only(counts: Counts, commands: readonly string[]): Record<string, number> {
  return sorted(new Map([...counts].filter(([key]) => commands.includes(key.split(" ")[1]!))));
}

function minus(after: Counts, before: Counts): Counts {
  const grown: Counts = new Map();
  for (const [key, count] of after) add(grown, key, count - (before.get(key) ?? 0));
  return grown;
}

/** What each place shows, by backend and command; `top` by command. */
interface Shown {
  readonly metrics: Counts;
  readonly status: Counts;
  readonly slowLog: Counts;
  readonly top: Counts;
  /** Clients' requests in all. */
  readonly requests: Record<"metrics" | "status" | "events", number>;
}

async function shownBy(aster: Aster, slowLog: Counts): Promise<Shown> {
  const admin = `http://127.0.0.1:${aster.metricsPort}`;
  const text = await (await fetch(`${admin}/metrics`)).text();
  const metrics: Counts = new Map();
  const lines = text.matchAll(
    /^aster_(?:request|blocking)_duration_seconds_count\{cluster="\w+",command="([^"]+)",backend="([^"]+)"\} (\d+)/gm,
  );
  for (const [, command, backend, count] of lines) {
    add(metrics, keyOf(backend!, command!), Number(count));
  }
  const { clusters: [cluster] } = await (await fetch(`${admin}/status`)).json();
  const event = await eventOf(admin);
  const backends = (shown: { address: string; requests: number }[]) =>
    shown.map(({ address, requests }) => [address, requests]);
  assertEquals(backends(event.clusters[0]!.backends), backends(cluster.backends), "dashboard");
  const status: Counts = new Map();
  for (const { command, backend, count } of cluster.commands) {
    add(status, keyOf(backend, command), count);
  }
  return {
    metrics,
    status,
    slowLog,
    top: await topCounts(aster),
    requests: {
      metrics: Number(/^aster_requests_total\{cluster="\w+"\} (\d+)/m.exec(text)![1]),
      status: cluster.requests,
      events: event.clusters[0]!.requests,
    },
  };
}

interface Event {
  clusters: { requests: number; backends: { address: string; requests: number }[] }[];
}

/** What the dashboard is sent first. */
async function eventOf(admin: string): Promise<Event> {
  const response = await fetch(`${admin}/events`);
  let text = "";
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    const found = /event: status\ndata: (.*)\n\n/.exec(text);
    if (found !== null) return JSON.parse(found[1]!);
  }
  throw new Error("No event has come");
}

async function topCounts(aster: Aster): Promise<Counts> {
  const args = ["run", "-A", "--no-check", "mod.ts", "top", "--once", "--json"];
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...args, "--interval", "0.1", "--admin", String(aster.metricsPort)],
  }).output();
  const view = JSON.parse(new TextDecoder().decode(stdout));
  const counts: Counts = new Map();
  for (const { command, requests } of view.commands) {
    add(counts, keyOf("all", command.replace(" (waits)", "")), requests);
  }
  return counts;
}

/** That all places say of these commands what the servers say. */
function assertAllEqual(shown: Shown, theirs: Counts, commands: readonly string[]): void {
  const wanted = only(theirs, commands);
  assertEquals(only(shown.metrics, commands), wanted, "/metrics");
  assertEquals(only(shown.status, commands), wanted, "/status");
  const sums: Counts = new Map();
  for (const [key, count] of theirs) add(sums, keyOf("all", key.split(" ")[1]!), count);
  assertEquals(only(shown.top, commands), only(sums, commands), "aster top");
}

interface RedisNode {
  readonly address: string;
  call(...words: string[]): Promise<RespValue>;
}

/** Commands of the load, which neither the proxy nor a script sends. */
const QUICK = ["get", "set", "mget", "mset", "del", "incr", "hset", "lpush", "append"];
const IN_TRANSACTIONS = ["multi", "exec", "watch", "unwatch", "discard"];
const BLOCKING = ["blpop", "brpop"];

/** What the servers count themselves, and what they keep in their slow logs. */
async function countedBy(nodes: readonly RedisNode[]): Promise<{ calls: Counts; slow: Counts }> {
  const calls: Counts = new Map();
  const slow: Counts = new Map();
  for (const { address, call } of nodes.map(bound)) {
    const text = String(await call("INFO", "commandstats"));
    for (const [, command, count] of text.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)) {
      add(calls, keyOf(address, command!), Number(count));
    }
    for (const [, , , words] of await call("SLOWLOG", "GET", "-1") as RespValue[][]) {
      add(slow, keyOf(address, String((words as RespValue[])[0]).toLowerCase()), 1);
    }
  }
  return { calls, slow };
}

function bound(node: RedisNode): RedisNode {
  return { address: node.address, call: (...words) => node.call(...words) };
}

/** Sends the mixed load of one client; returns how many requests it was. */
async function redisLoad(client: RespClient, tag: string): Promise<number> {
  let count = 0;
  const send = async (...commands: string[][]) => {
    count += commands.length;
    return await client.pipeline(commands);
  };
  for (let round = 0; round < ROUNDS; round++) {
    const keys = Array.from({ length: 6 }, (_, index) => `${tag}:${round % 7}:${index * 7_919}`);
    await send(
      ["SET", keys[0]!, "v".repeat(round * 10)],
      ["GET", keys[0]!],
      ["MSET", ...keys.flatMap((key) => [key, String(round)])],
      ["MGET", ...keys],
      ["INCR", keys[1]!],
      ["HSET", `${tag}:h`, "f", "v"],
      // An error, which counts all the same.
      ["LPUSH", keys[2]!, "x"],
      ["DEL", ...keys],
    );
    const own = `${tag}:own`;
    await send(["WATCH", own], ["MULTI"], ["SET", own, "1"], ["APPEND", own, "2"], ["EXEC"]);
    await send(["WATCH", own], ["UNWATCH"], ["MULTI"], ["DISCARD"]);
    await send(["MULTI"], ["GET", own], ["DISCARD"]);
    await send(["LPUSH", `${tag}:list`, "a"], ["BLPOP", `${tag}:list`, "1"]);
    if (round % 6 === 0) await send(["BRPOP", `${tag}:list`, "0.05"]);
  }
  return count;
}

/** Keeps a server busy for a while. */
const BUSY_SCRIPT =
  `local function now() local t = redis.call('TIME') return t[1] * 1000000 + t[2] end
  local ends = now() + ${BUSY_MS * 1000}
  while now() < ends do end
  return redis.call('SET', KEYS[1], 'busy')`;

/** Entries of the proxy's slow log. */
interface Entry {
  command: string;
  backend: string;
  serverUs: number;
  queueUs: number;
  totalUs: number;
  words: string[];
}

async function entriesOf(client: RespClient): Promise<Entry[]> {
  const entries = await client.call("SLOWLOG", "GET", "-1", "FULL") as RespValue[][];
  return entries.map((flat) => {
    const pairs = flat.flatMap((name, index) => index % 2 === 0 ? [[name, flat[index + 1]]] : []);
    return Object.fromEntries(pairs);
  });
}

/** Runs the load through the proxy, and compares. */
async function compareRedis(aster: Aster, nodes: readonly RedisNode[]): Promise<void> {
  for (const node of nodes) {
    await node.call("CONFIG", "SET", "slowlog-log-slower-than", "0");
    await node.call("CONFIG", "SET", "slowlog-max-len", "100000");
  }
  const opened: RespClient[] = [];
  try {
    const clients = await clientsOfBothWorkers(aster.port, opened);
    while (opened.length < CLIENTS) opened.push(await RespClient.connect({ port: aster.port }));
    // Each worker has asked the servers what it wants to know of them.
    for (const client of clients) await client.call("SET", "busy", "0");
    for (const node of nodes) await node.call("SLOWLOG", "RESET");
    for (const client of clients) await client.call("SLOWLOG", "RESET");
    const before = await shownBy(aster, new Map());
    const theirsBefore = await countedBy(nodes);
    const sent = await Promise.all(
      opened.map((client, index) => redisLoad(client, `{t${index}}`)),
    );
    await clients[0]!.call("EVAL", BUSY_SCRIPT, 1, "busy");
    const theirs = await countedBy(nodes);
    const entries = await entriesOf(clients[0]!);
    const slowLog: Counts = new Map();
    for (const { backend, command } of entries) add(slowLog, keyOf(backend, command), 1);
    const after = await shownBy(aster, slowLog);
    const grown: Shown = {
      metrics: minus(after.metrics, before.metrics),
      status: minus(after.status, before.status),
      top: minus(after.top, before.top),
      slowLog,
      requests: after.requests,
    };
    const calls = minus(theirs.calls, theirsBefore.calls);
    // What was queued and discarded no server has run: those are all the difference.
    const discarded = sumOf(grown.metrics, "get") - sumOf(calls, "get");
    assertEquals(discarded, CLIENTS * ROUNDS, "GETs that were discarded");
    const exact = [...QUICK.filter((name) => name !== "get"), ...IN_TRANSACTIONS, ...BLOCKING];
    // The script's own SET is its server's.
    const busy = entries.find(({ command }) => command === "eval")!;
    calls.set(keyOf(busy.backend, "set"), calls.get(keyOf(busy.backend, "set"))! - 1);
    assertAllEqual(grown, calls, exact);
    for (const name of exact) assert(sumOf(calls, name) >= CLIENTS, name);
    // Of each place the requests of clients: those of the load, the script, and the question for the slow log.
    const requests = sent.reduce((all, count) => all + count, 0) + 2;
    for (const place of ["metrics", "status", "events"] as const) {
      assertEquals(after.requests[place] - before.requests[place], requests, place);
    }
    // The servers' slow logs have EXEC as what it ran, and leave waits out: the rest is the same.
    const logged = ["mget", "mset", "del", "incr", "hset", "watch", "unwatch", "discard", "multi"];
    assertEquals(only(slowLog, logged), only(theirs.slow, logged), "SLOWLOG");
    assertEquals(only(slowLog, logged), only(grown.metrics, logged), "SLOWLOG and /metrics");
    assertEquals(only(slowLog, BLOCKING), {}, "waits");
    for (const { serverUs, queueUs, totalUs } of entries) {
      assert(Math.abs(totalUs - serverUs - queueUs) <= 2, `${totalUs} ${serverUs} ${queueUs}`);
    }
    const exec = entries.find(({ command, words }) => command === "exec" && words.length === 3);
    assertEquals(exec!.words.map((word) => word.replace(/\d/, "N")), [
      ...["EXEC", "SET {tN}:own", "APPEND {tN}:own"],
    ]);
    const node = nodes.find(({ address }) => address === busy.backend)!;
    const [took] = (await node.call("SLOWLOG", "GET", "-1") as RespValue[][])
      .filter(([, , , words]) => (words as RespValue[])[0] === "EVAL")
      .map(([, , us]) => Number(us));
    assert(took! >= BUSY_MS * 1000, `${took}`);
    assert(busy.serverUs >= took! - TURN_US, `${busy.serverUs} µs, ${took} µs at the server`);
    assert(busy.serverUs <= took! + AROUND_US, `${busy.serverUs} µs, ${took} µs at the server`);
  } finally {
    for (const client of opened) client[Symbol.dispose]();
  }
}

for (const io of ENGINES) {
  Deno.test(`${io}: all numbers are those of a pool's Redis servers`, async () => {
    await using pool = await startRedisPool({
      metrics: true,
      keys: `${SETTINGS}\nhash_tag = "{}"`,
      io,
    });
    await compareRedis(pool.aster, pool.servers);
  });

  Deno.test(`${io}: all numbers are those of a Redis Cluster's nodes`, async () => {
    await using cluster = await startRedisCluster({ replicaCount: 0 });
    await using aster = await startAster(
      (port) => redisClusterConfig(cluster.addresses, port, SETTINGS),
      { metrics: true, io },
    );
    await compareRedis(aster, cluster.masters);
  });

  Deno.test(`${io}: all numbers are those of a pool's memcached`, async () => {
    await using pool = await startMemcachePool({
      metrics: true,
      keys: SETTINGS,
      io,
    });
    const statistics = async () => {
      const counts: Counts = new Map();
      for (const { address, port } of pool.servers) {
        using connection = await MemcacheText.connect(port);
        const [text] = await connection.ask(["stats\r\n"], "END\r\n");
        const read = (name: string) => Number(new RegExp(`STAT ${name} (\\d+)`).exec(text!)![1]);
        add(counts, keyOf(address, "set"), read("cmd_set"));
        add(counts, keyOf(address, "get"), read("cmd_get"));
        add(counts, keyOf(address, "touch"), read("cmd_touch"));
        add(counts, keyOf(address, "incr"), read("incr_misses") + read("incr_hits"));
        add(counts, keyOf(address, "delete"), read("delete_misses") + read("delete_hits"));
      }
      return counts;
    };
    const before = await statistics();
    await Promise.all(Array.from({ length: CLIENTS }, async (_, client) => {
      using connection = await MemcacheText.connect(pool.aster.port);
      for (let round = 0; round < ROUNDS; round++) {
        const key = `k${client}:${Math.imul(round, 2_654_435_761) >>> 0}`;
        await connection.ask([`set ${key} 0 0 2\r\nok\r\n`], "STORED\r\n");
        await connection.ask([`get ${key} ${key}x ${key}y\r\n`], "END\r\n");
        await connection.ask([`incr n${client} 1\r\n`], "NOT_FOUND\r\n");
        await connection.ask([`delete ${key}\r\n`], "DELETED\r\n");
        await connection.ask([`touch ${key} 9\r\n`], "NOT_FOUND\r\n");
      }
    }));
    const theirs = minus(await statistics(), before);
    const answer = await fetch(`http://127.0.0.1:${pool.aster.metricsPort}/slowlog`);
    const { clusters: [{ entries }] } = await answer.json();
    const slowLog: Counts = new Map();
    for (const { backend, command } of entries) add(slowLog, keyOf(backend, command), 1);
    const shown = await shownBy(pool.aster, slowLog);
    const commands = ["set", "incr", "delete", "touch"];
    assertAllEqual(shown, theirs, commands);
    assertEquals(sorted(slowLog), sorted(shown.metrics), "/slowlog and /metrics");
    // A get of several keys is one request of each server, which counts its keys.
    const keys = ROUNDS * CLIENTS * 3;
    assertEquals(sumOf(theirs, "get"), keys);
    const gets = sumOf(shown.metrics, "get");
    assert(gets <= keys && gets >= keys / 3, String(gets));
    const requests = 5 * ROUNDS * CLIENTS;
    assertEquals(shown.requests, { metrics: requests, status: requests, events: requests });
  });
}
