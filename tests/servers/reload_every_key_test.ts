/**
 * Every key that a reload changes at once is changed, one after the other, under clients of every kind on two workers:
 * plain, pipelined, blocked, subscribed and in transactions. None of them sees an error, or a wrong reply.
 *
 * @module
 */
import { clusterReload, runtimeReload } from "../../src/config/reload.ts";
import type { KeyRow } from "../../src/config/key_row.ts";
import { clusterKeys, runtimeKeys } from "../../src/config/schema.ts";
import { assert, assertEquals } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { type MemcachedServer, startMemcachedServer } from "../support/servers/memcached_server.ts";
import { delay, until, withDeadline } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient, type RespValue } from "../support/clients/resp_client.ts";
import { MemcacheText } from "./memcache_text.ts";

// deno-lint-ignore no-explicit-any
type Row = KeyRow<any, any>;

/** What a cluster is made of, in the words of its entry. */
type Lines = Record<string, string>;

/** Another value of keys where none follows from their rows; null: it cannot change by itself. */
const samples: Record<string, string | null> = {
  // Another name is another cluster.
  name: null,
  // Whether there is TLS is for new connections; other certificates are tried in `tls_changes_test.ts`.
  tls: null,
  backend_tls: null,
  cluster_view: '["10.0.0.7:6380", "10.0.0.8:6380"]',
  thread: "1",
  auth:
    '{ users = [{ username = "app", password = "secret" }, { username = "new", password = "x" }] }',
  deny_commands: '["flushall"]',
  rate_limit: "{ per_second = 1_000_000, burst = 1_000_000 }",
  // What a replica says may be older than what its client has just written.
  backup_request: "{ enabled = true, trigger_slow_ms = 60_000, multiplier = 1000 }",
  handoff_address: '"10.0.0.7:6380"',
  log_level: '"debug"',
};

/** Another value of a key than its default, as the file has it. */
function otherValue(key: string, row: Row): string | null {
  if (key in samples) return samples[key]!;
  if (row.type === "boolean") return String(!row.default);
  if (row.type === "integer") {
    const [least, most] = row.bounds!;
    // Where 0 is "no limit" a small number would be a limit that clients feel.
    if (row.default === 0 || row.default === null) return String(most);
    return String(row.default === most ? least : Math.min(most, 2 * row.default));
  }
  // Others have no value that follows from what they are.
  if (row.type !== "string") return null;
  const choices = [...row.expected.matchAll(/"([a-z0-9_-]+)"/g)].map((match) => match[1]);
  const other = choices.find((choice) => choice !== row.default);
  return other === undefined ? null : `"${other}"`;
}

/** The keys whose change takes effect at once, on a cluster with these scopes. */
function liveKeys(scopes: readonly string[]): string[] {
  return Object.values(clusterReload).filter(({ applies }) => applies === "live")
    .map(({ key }) => key)
    .filter((key) => scopes.includes((clusterKeys as Record<string, Row>)[key]!.scope));
}

/** Clients that go on until they are told to stop; what is not as it should be is kept. */
class Clients {
  readonly wrong: string[] = [];
  readonly rounds: number[] = [];
  readonly #running: Promise<void>[] = [];
  isOver = false;
  step = "start";

  /** A client that does `round` again and again. */
  add(round: (number: number) => Promise<void>): void {
    const index = this.rounds.push(0) - 1;
    this.#running.push((async () => {
      while (!this.isOver) {
        try {
          await round(this.rounds[index]!);
        } catch (error) {
          this.note(String(error));
          return;
        }
        this.rounds[index]! += 1;
      }
    })());
  }

  /** Whether keys may go to other servers now, which do not have what was written to the former. */
  get areKeysMoving(): boolean {
    return this.step === "servers" || this.step === "nothing";
  }

  note(what: string): void {
    this.wrong.push(`${this.step}: ${what}`);
  }

  same(actual: unknown, expected: unknown): void {
    const [one, other] = [actual, expected].map((value) => JSON.stringify(value));
    if (one !== other) this.note(`${one}, not ${other}`);
  }

  /** Waits until every client has gone on for a while. */
  async goOn(): Promise<void> {
    const before = [...this.rounds];
    await until(() => this.rounds.every((count, index) => count > before[index]! + 1), {
      what: `${this.step}: every client goes on (${before})`,
    });
  }

  async end(): Promise<void> {
    this.isOver = true;
    await withDeadline(Promise.all(this.#running), "the clients end");
  }
}

/** Changes one key after the other, and all of them back. */
async function changeEach(
  aster: Aster,
  clients: Clients,
  base: Lines,
  keys: readonly string[],
  others: (key: string) => string | null,
  runtime: readonly string[] = [],
): Promise<number> {
  const textOf = (lines: Lines, runtimeLines: string[]) =>
    `[runtime]\nnetwork = "process"\n${runtimeLines.join("\n")}\n[[clusters]]\n` +
    Object.entries(lines).map(([key, value]) => `${key} = ${value}\n`).join("");
  const steps = [
    ...runtime.map((key) => {
      const value = otherValue(key, (runtimeKeys as Record<string, Row>)[key]!);
      return { key, text: value === null ? null : textOf(base, [`${key} = ${value}`]) };
    }),
    ...keys.map((key) => {
      const value = others(key) ?? otherValue(key, (clusterKeys as Record<string, Row>)[key]!);
      return { key, text: value === null ? null : textOf({ ...base, [key]: value }, []) };
    }),
    { key: "nothing", text: textOf(base, []) },
  ];
  let count = 0;
  const unchanged = steps.filter(({ text }) => text === null).map(({ key }) => key);
  // A key that is new and of which nobody has said what else it may be.
  assertEquals(unchanged.filter((key) => samples[key] !== null), []);
  for (const { key, text } of steps) {
    if (text === null) continue;
    clients.step = key;
    const before = aster.logs().length;
    await Deno.writeTextFile(aster.configFile, text);
    aster.process.signal("SIGHUP");
    let line = "";
    await until(() => {
      line = /Configuration (not )?reloaded[^\n]*/.exec(aster.logs().slice(before))?.[0] ?? "";
      return line !== "";
    }, { what: `${key}: the reload is logged` });
    assert(/^Configuration reloaded"/.test(line), line);
    if (key !== "nothing") assert(line.includes(key), `${key} did not change: ${line}`);
    assert(!line.includes("for new connections"), line);
    await clients.goOn();
    count += 1;
  }
  await clients.end();
  console.log(`${count} reloads, rounds of the clients: ${clients.rounds.join(", ")}`);
  assertEquals(clients.wrong, []);
  return count;
}

async function login(port: number): Promise<RespClient> {
  const client = await RespClient.connect({ port });
  await client.call("AUTH", "app", "secret");
  return client;
}

/** Clients of every kind, on connections that the kernel spreads over the workers. */
async function addRedisClients(clients: Clients, port: number): Promise<AsyncDisposableStack> {
  const stack = new AsyncDisposableStack();
  const connect = async () => {
    const client = await login(port);
    stack.defer(() => client.close());
    return client;
  };
  for (let number = 0; number < 4; number++) {
    const plain = await connect();
    clients.add(async (round) => {
      const key = `plain:${number}:${round}`;
      clients.same(await plain.call("SET", key, round), "OK");
      const value = await plain.call("GET", key);
      if (value !== null || !clients.areKeysMoving) clients.same(value, String(round));
    });
    const pipelined = await connect();
    clients.add(async (round) => {
      const keys = Array.from({ length: 8 }, (_, index) => `pipe:${number}:${round}:${index}`);
      const commands = keys.flatMap((key) => [["SET", key, "1"], ["INCR", key], ["GET", key]]);
      const replies = await pipelined.pipeline(commands);
      keys.forEach((_, index) => {
        const [, , value] = replies.splice(0, 3).map((reply) => String(reply));
        // Between two of them the key may have gone to another server, which begins anew.
        const isAnew = clients.areKeysMoving && (value === "1" || value === "null");
        if (!isAnew) clients.same([index, value], [index, "2"]);
      });
    });
  }
  for (let number = 0; number < 2; number++) {
    const queueing = await connect();
    clients.add(async (round) => {
      const key = `{tx:${number}:${round}}`;
      const replies = await queueing.pipeline([
        ["MULTI"],
        ["SET", `${key}a`, "1"],
        ["INCR", `${key}a`],
        ["EXEC"],
      ]);
      // A server that the keys leave in the middle is not asked; the transaction did not run.
      const isMoved = clients.areKeysMoving && JSON.stringify(replies).includes("CROSSSLOT");
      if (!isMoved) clients.same(replies, ["OK", "QUEUED", "QUEUED", ["OK", 2]]);
    });
    const popping = await connect();
    const pushing = await connect();
    clients.add(async (round) => {
      // What stays behind at a server that the keys leave must not be met when they come back.
      const queue = clients.areKeysMoving ? `queue:${number}:${round}` : `queue:${number}`;
      const popped = popping.call("BLPOP", queue, "5").catch(String);
      // It waits already, mostly; else the element waits for it.
      if (round % 2 === 0) await delay(10);
      let reply: RespValue | undefined;
      popped.then((value) => reply = value);
      await pushing.call("RPUSH", queue, `element ${round}`);
      // Where the queue's keys went to another server in between, the element is at the former one.
      for (let waited = 0; reply === undefined; waited += 1) {
        await delay(1);
        if (waited % 50 === 49 && clients.areKeysMoving) {
          await pushing.call("RPUSH", queue, `element ${round}`);
        }
      }
      clients.same(await popped, [queue, `element ${round}`]);
      if (clients.areKeysMoving) await pushing.call("DEL", queue);
    });
  }
  const subscriber = await connect();
  const publisher = await connect();
  await subscriber.call("SUBSCRIBE", "news");
  const heard: string[] = [];
  (async () => {
    for (;;) heard.push(JSON.stringify(await subscriber.read()));
  })().catch(() => {});
  clients.add(async (round) => {
    const message = JSON.stringify(["message", "news", `message ${round}`]);
    await publisher.call("PUBLISH", "news", `message ${round}`);
    const isHeard = () => heard.at(-1) === message;
    for (let waited = 0; !isHeard() && waited < 500; waited += 1) await delay(1);
    // A channel that goes to another server may lose a message on the way.
    if (!isHeard() && !clients.areKeysMoving) clients.note(`${heard.at(-1)}, not ${message}`);
  });
  return stack;
}

const AUTH = '{ users = [{ username = "app", password = "secret" }] }';

Deno.test("every live key of a pool of Redis, and of the process", async () => {
  await using owned = new AsyncDisposableStack();
  const servers: RedisServer[] = [];
  for (let count = 0; count < 3; count++) servers.push(owned.use(await startRedisServer()));
  const [first, second, third] = servers as [RedisServer, RedisServer, RedisServer];
  const listOf = (...list: RedisServer[]) => `[${list.map(({ address }) => `"${address}"`)}]`;
  let base: Lines = {};
  await using aster = await startAster((port) => {
    base = {
      ...{ name: '"pool"', listen_addr: `"127.0.0.1:${port}"`, cache_type: '"redis"' },
      ...{ servers: listOf(first, second), thread: "2", auth: AUTH },
    };
    return `[runtime]\nnetwork = "process"\n[[clusters]]\n` +
      Object.entries(base).map(([key, value]) => `${key} = ${value}\n`).join("");
  }, { arguments: ["--log-format", "json"] });
  const clients = new Clients();
  await using _connections = await addRedisClients(clients, aster.port);
  const runtime = Object.values(runtimeReload).filter(({ applies }) => applies === "live")
    .map(({ key }) => key);
  // Moving keys is the last: elements and messages may be left behind where they were.
  const keys = liveKeys(["all", "resp", "ring"]).filter((key) => key !== "servers");
  const others: Lines = {
    listen_addr: `"127.0.0.1:${findFreePort()}"`,
    servers: listOf(first, second, third),
  };
  const count = await changeEach(
    aster,
    clients,
    base,
    [...keys, "servers"],
    (key) => others[key] ?? null,
    runtime,
  );
  assert(count > 30, String(count));
});

Deno.test("every live key of a Redis Cluster", async () => {
  await using cluster = await startRedisCluster({ replicaCount: 3 });
  const servers = (count: number) =>
    `[${cluster.addresses.slice(0, count).map((address) => `"${address}"`)}]`;
  let base: Lines = {};
  await using aster = await startAster((port) => {
    base = {
      ...{ name: '"slots"', listen_addr: `"127.0.0.1:${port}"`, cache_type: '"redis_cluster"' },
      ...{ servers: servers(3), thread: "2", auth: AUTH },
    };
    return `[runtime]\nnetwork = "process"\n[[clusters]]\n` +
      Object.entries(base).map(([key, value]) => `${key} = ${value}\n`).join("");
  }, { arguments: ["--log-format", "json"] });
  const clients = new Clients();
  await using _connections = await addRedisClients(clients, aster.port);
  const others: Lines = {
    listen_addr: `"127.0.0.1:${findFreePort()}"`,
    servers: servers(6),
  };
  const keys = liveKeys(["all", "resp", "slots"]);
  await changeEach(aster, clients, base, keys, (key) => others[key] ?? null);
});

Deno.test("every live key of a pool of memcached", async () => {
  await using owned = new AsyncDisposableStack();
  const servers: MemcachedServer[] = [];
  for (let count = 0; count < 3; count++) servers.push(owned.use(await startMemcachedServer()));
  const listOf = (count: number) =>
    `[${servers.slice(0, count).map(({ address }) => `"${address}"`)}]`;
  let base: Lines = {};
  await using aster = await startAster((port) => {
    base = {
      ...{ name: '"pool"', listen_addr: `"127.0.0.1:${port}"`, cache_type: '"memcache"' },
      ...{ servers: listOf(2), thread: "2", auth: AUTH },
    };
    return `[runtime]\nnetwork = "process"\n[[clusters]]\n` +
      Object.entries(base).map(([key, value]) => `${key} = ${value}\n`).join("");
  }, { arguments: ["--log-format", "json"] });
  const clients = new Clients();
  await using connections = new AsyncDisposableStack();
  for (let number = 0; number < 8; number++) {
    const client = connections.use(await MemcacheText.connect(aster.port));
    assertEquals(await client.ask(["set x 0 0 10\r\napp secret\r\n"]), ["STORED"]);
    const width = number < 4 ? 1 : 8;
    clients.add(async (round) => {
      const keys = Array.from({ length: width }, (_, index) => `${number}:${round}:${index}`);
      const stored = await client.ask(keys.map((key) => `ms ${key} 1\r\n1\r\n`));
      clients.same(stored, keys.map(() => "HD"));
      const read = await client.ask(keys.map((key) => `mg ${key} s\r\n`));
      for (const reply of read) {
        if (reply !== "EN" || !clients.areKeysMoving) clients.same(reply, "HD s1");
      }
    });
  }
  const others: Lines = {
    listen_addr: `"127.0.0.1:${findFreePort()}"`,
    servers: listOf(3),
    deny_commands: '["flush_all"]',
  };
  const keys = liveKeys(["all", "memcache", "ring"]).filter((key) => key !== "servers");
  await changeEach(aster, clients, base, [...keys, "servers"], (key) => others[key] ?? null);
});
