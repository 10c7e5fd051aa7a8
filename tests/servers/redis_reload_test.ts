/**
 * The configuration changes under load: plain, pipelined, blocked, subscribed and queueing clients on two workers see
 * no error and no wrong reply, and keys are where the new file says.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { until } from "../support/tools/poll.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { testIo } from "../support/tools/test_engine.ts";
import { readMetric } from "./metrics.ts";
import { RawClient } from "./raw_client.ts";

interface Wanted {
  port: number;
  servers: readonly RedisServer[];
  thread?: number;
  keys?: string;
  runtime?: string;
  more?: string;
}

function textOf({ port, servers, thread = 2, keys = "", runtime = "", more = "" }: Wanted): string {
  return `[runtime]
network = "process"
${runtime}

[[clusters]]
name = "pool"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
thread = ${thread}
servers = [${servers.map(({ address }, index) => `"${address}:1 r${index}"`).join(", ")}]
${keys}
${more}`;
}

/** Saves a file, and waits until it is in force. */
async function reload(aster: Aster, wanted: Wanted): Promise<string> {
  const before = aster.logs().length;
  await Deno.writeTextFile(aster.configFile, textOf(wanted));
  aster.process.signal("SIGHUP");
  let line: RegExpExecArray | null = null;
  await until(() => {
    line = /Configuration (not )?reloaded[^\n]*/.exec(aster.logs().slice(before));
    return line !== null;
  }, { what: "the reload is logged" });
  return line![0];
}

/** A client that writes and reads its own keys, in pipelines, until it is told to stop; counts what is wrong. */
class Writer {
  readonly wrong: string[] = [];
  rounds = 0;
  isStopped = false;
  readonly done: Promise<void>;

  constructor(client: RespClient, name: string) {
    this.done = this.#run(client, name);
    // The test looks at the failure where it waits for the end; until then it must not hide why a test fails.
    this.done.catch(() => {});
  }

  async #run(client: RespClient, name: string): Promise<void> {
    while (!this.isStopped) {
      const round = String(this.rounds++);
      // The slot of the ring changes with the key: some keys move at each reload.
      const keys = Array.from({ length: 8 }, (_, index) => `${name}:${round}:${index}`);
      const replies = await client.pipeline([
        ...keys.map((key) => ["SET", key, round]),
        ...keys.map((key) => ["GET", key]),
        ["MGET", ...keys],
      ]);
      const expected = [
        ...keys.map(() => "OK"),
        ...keys.map(() => round),
        keys.map(() => round),
      ];
      if (JSON.stringify(replies) !== JSON.stringify(expected)) {
        this.wrong.push(
          JSON.stringify(replies.map((reply) => reply instanceof Error ? reply.message : reply)),
        );
      }
    }
    client.close();
  }
}

async function withServers(
  count: number,
  use: (servers: RedisServer[]) => Promise<void>,
): Promise<void> {
  await using owned = new AsyncDisposableStack();
  const servers: RedisServer[] = [];
  for (let index = 0; index < count; index++) servers.push(owned.use(await startRedisServer()));
  await use(servers);
}

Deno.test("every setting that takes effect at once changes under load without an error", async () => {
  await withServers(3, async (servers) => {
    const [first, second, third] = servers as [RedisServer, RedisServer, RedisServer];
    await using aster = await startAster((port) => textOf({ port, servers: [first, second] }), {
      arguments: ["--log-format", "json"],
    });
    const { port } = aster;
    const writers: Writer[] = [];
    for (let index = 0; index < 4; index++) {
      writers.push(new Writer(await RespClient.connect({ port }), `w${index}`));
    }
    using subscriber = await RespClient.connect({ port });
    await subscriber.call("SUBSCRIBE", "news");
    const moved = findFreePort();
    const steps: Wanted[] = [
      { port, servers: [first, second, third] },
      { port, servers: [third, first, second], keys: "read_timeout = 5000\nmax_pipeline = 50" },
      { port, servers: [first, third], keys: "ping_fail_limit = 3\nping_succ_interval = 2000" },
      { port, servers: [first, second, third], thread: 1 },
      { port, servers: [first, second, third], thread: 3, runtime: 'log_level = "debug"' },
      { port: moved, servers: [first, second, third], thread: 2 },
      { port, servers: [first, second] },
    ];
    for (const wanted of steps) {
      const rounds = writers.map((writer) => writer.rounds);
      assert(/"?Configuration reloaded"/.test(await reload(aster, wanted)), aster.logs());
      // Everybody goes on behind it.
      await until(() => writers.every((writer, index) => writer.rounds > rounds[index]! + 2), {
        what: "every writer goes on",
      });
      using fresh = await RespClient.connect({ port: wanted.port });
      assertEquals(await fresh.call("PING"), "PONG");
    }
    for (const writer of writers) writer.isStopped = true;
    await Promise.all(writers.map(({ done }) => done));
    assertEquals(writers.flatMap(({ wrong }) => wrong), []);
    console.log(`reloads: ${steps.length}, rounds: ${writers.map(({ rounds }) => rounds)}`);
  });
});

Deno.test("blocked, subscribed and queueing clients live through a reload", async () => {
  await withServers(2, async (servers) => {
    const [first, second] = servers as [RedisServer, RedisServer];
    await using aster = await startAster((port) => textOf({ port, servers: [first, second] }), {});
    const { port } = aster;
    using blocked = await RawClient.connect(port);
    const popped = blocked.askUntilClosed(["BLPOP", "queue", "0"], ["QUIT"]);
    using queueing = await RespClient.connect({ port });
    await queueing.call("MULTI");
    assertEquals(await queueing.call("SET", "{t}a", "1"), "QUEUED");
    using client = await RespClient.connect({ port });
    await until(
      async () => /blocked_clients:1/.test(String(await client.call("INFO", "clients"))),
      {
        what: "the client is blocked",
      },
    );
    await reload(aster, { port, servers: [first, second], keys: "read_timeout = 3000" });
    assertEquals(await queueing.call("SET", "{t}b", "2"), "QUEUED");
    assertEquals(await queueing.call("EXEC"), ["OK", "OK"]);
    await client.call("RPUSH", "queue", "element");
    assertEquals(await popped, "*2\r\n$5\r\nqueue\r\n$7\r\nelement\r\n+OK\r\n");
  });
});

Deno.test("clusters come and go; clients of one that goes are served until they leave", async () => {
  await withServers(2, async (servers) => {
    const [first, second] = servers as [RedisServer, RedisServer];
    await using aster = await startAster((port) => textOf({ port, servers: [first] }), {});
    const { port } = aster;
    const other = findFreePort();
    const more = `
[[clusters]]
name = "more"
listen_addr = "127.0.0.1:${other}"
cache_type = "redis"
servers = ["${second.address}"]
`;
    await reload(aster, { port, servers: [first], more });
    using client = await RespClient.connect({ port: other });
    assertEquals(await client.call("SET", "k", "v"), "OK");
    await reload(aster, { port, servers: [first] });
    await assertRejects(
      () => RespClient.connect({ port: other }),
      Deno.errors.ConnectionRefused,
    );
    assertEquals(await client.call("GET", "k"), "v");
    assertEquals(await second.call("GET", "k"), "v");
  });
});

Deno.test("another hash is for new connections; those that are there keep theirs", async () => {
  await withServers(2, async (servers) => {
    await using aster = await startAster((port) => textOf({ port, servers, thread: 1 }), {});
    const { port } = aster;
    using former = await RespClient.connect({ port });
    const keys = Array.from({ length: 32 }, (_, index) => `key${index}`);
    for (const key of keys) await former.call("SET", key, "former");
    await reload(aster, { port, servers, thread: 1, keys: 'hash = "md5"' });
    using next = await RespClient.connect({ port });
    const seen = await next.pipeline(keys.map((key) => ["GET", key]));
    assert(seen.includes(null) && seen.includes("former"), JSON.stringify(seen));
    assertEquals(await former.pipeline(keys.map((key) => ["GET", key])), keys.map(() => "former"));
    const ids = [await former.call("CLIENT", "ID"), await next.call("CLIENT", "ID")];
    assert(ids[0] !== ids[1], String(ids));
  });
});

Deno.test("a file that is not right changes nothing, and an address that is taken is told", async () => {
  await withServers(2, async ([first, second]) => {
    await using aster = await startAster((port) => textOf({ port, servers: [first!] }), {});
    const { port } = aster;
    const bad = await reload(aster, { port, servers: [second!], keys: "read_timeout = 0" });
    assert(/not reloaded.*read_timeout = 0: expected an integer/.test(bad), bad);
    using client = await RespClient.connect({ port });
    await client.call("SET", "k", "v");
    assertEquals(await first!.call("GET", "k"), "v");
    const taken = await reload(aster, { port: first!.port, servers: [second!] });
    assert(/not reloaded.*address already in use/.test(taken), taken);
    assertEquals(await client.call("GET", "k"), "v");
  });
});

Deno.test("with --reload a file that is replaced is in force without a signal", async () => {
  await withServers(2, async ([first, second]) => {
    await using aster = await startAster((port) => textOf({ port, servers: [first!] }), {
      arguments: ["--reload"],
    });
    using client = await RespClient.connect({ port: aster.port });
    await client.call("SET", "k", "v");
    const next = `${aster.configFile}.new`;
    await Deno.writeTextFile(next, textOf({ port: aster.port, servers: [second!] }));
    await Deno.rename(next, aster.configFile);
    await aster.logged(/Configuration reloaded/);
    await client.call("SET", "k", "w");
    assertEquals([await first!.call("GET", "k"), await second!.call("GET", "k")], ["v", "w"]);
  });
});

Deno.test("where workers may reach only the file's addresses, a new worker takes the new connections", async () => {
  await withServers(2, async ([first, second]) => {
    const text = (port: number, server: RedisServer) =>
      textOf({ port, servers: [server] }).replace('network = "process"', 'network = "config"');
    await using aster = await startAster((port) => text(port, first!), { metrics: true });
    const { port } = aster;
    using former = await RespClient.connect({ port });
    await former.call("SET", "k", "v");
    await Deno.writeTextFile(aster.configFile, text(port, second!));
    aster.process.signal("SIGHUP");
    await aster.logged(/Configuration reloaded/);
    // Whoever connects behind that line finds nothing of what went.
    using next = await RespClient.connect({ port });
    await next.call("SET", "k", "w");
    assertEquals(await second!.call("GET", "k"), "w");
    assertEquals(await former.call("GET", "k") !== null, true);
    if (testIo() === "epoll") return;
    assertEquals(await first!.call("GET", "k"), "v", "the former client keeps the former list");
    assert(aster.logs().includes("Worker is replaced"), aster.logs());
    const status = await fetch(`http://127.0.0.1:${aster.metricsPort}/status`);
    const { retiredWorkers } = await status.json();
    // One without clients has gone.
    assertEquals(retiredWorkers.at(-1).clusters, ["pool"]);
  });
});

Deno.test("where a list allows the new servers everybody goes over at once", async () => {
  await withServers(2, async ([first, second]) => {
    const text = (port: number, server: RedisServer) =>
      textOf({ port, servers: [server] }).replace('"process"', '["127.0.0.0/8"]');
    await using aster = await startAster((port) => text(port, first!), {});
    using former = await RespClient.connect({ port: aster.port });
    await former.call("SET", "k", "v");
    await Deno.writeTextFile(aster.configFile, text(aster.port, second!));
    aster.process.signal("SIGHUP");
    await aster.logged(/Configuration reloaded/);
    await former.call("SET", "k", "w");
    assertEquals([await first!.call("GET", "k"), await second!.call("GET", "k")], ["v", "w"]);
    assertEquals(aster.logs().includes("Worker is replaced"), false, aster.logs());
  });
});

Deno.test("who waits for keys that get another server waits there, and is popped for once", async () => {
  await withServers(2, async (servers) => {
    const [first, second] = servers as [RedisServer, RedisServer];
    await using aster = await startAster((port) => textOf({ port, servers: [first] }), {});
    const { port } = aster;
    const queues = Array.from({ length: 12 }, (_, index) => `queue${index}`);
    const waiting: RawClient[] = [];
    for (let index = 0; index < queues.length; index++) waiting.push(await RawClient.connect(port));
    const popped = waiting.map((client, index) =>
      client.askUntilClosed(["BLPOP", queues[index]!, "0"], ["QUIT"])
    );
    const isBlockedAt = async (server: RedisServer, count: number) =>
      String(await server.call("INFO", "clients")).includes(`blocked_clients:${count}\r\n`);
    await until(() => isBlockedAt(first, 12), { what: "all wait" });
    await reload(aster, { port, servers: [second] });
    await until(() => isBlockedAt(second, 12), { what: "all wait at the new server" });
    assert(await isBlockedAt(first, 0));
    using client = await RespClient.connect({ port });
    for (const queue of queues) await client.call("RPUSH", queue, `of ${queue}`);
    for (const [index, queue] of queues.entries()) {
      const element = `of ${queue}`;
      const reply =
        `*2\r\n$${queue.length}\r\n${queue}\r\n$${element.length}\r\n${element}\r\n+OK\r\n`;
      assertEquals(await popped[index], reply);
    }
    // Nothing keeps the proxy at a server that left.
    await until(
      async () => (await first.call("CLIENT", "LIST") as string).split("\n").length === 2,
      {
        what: "only this test is connected to the former server",
      },
    );
    for (const one of waiting) one[Symbol.dispose]();
  });
});

Deno.test("a scan goes on where it was through reloads, whatever the order of the servers in the file", async () => {
  await withServers(3, async (servers) => {
    await using aster = await startAster((port) => textOf({ port, servers }));
    const { port } = aster;
    using client = await RespClient.connect({ port });
    const keys = Array.from({ length: 300 }, (_, index) => `key${index}`);
    await client.call("MSET", ...keys.flatMap((key) => [key, "x"]));
    const seen = new Set<string>();
    const scan = async (by: RespClient, cursor: string) => {
      const [next, found] = await by.call("SCAN", cursor, "COUNT", "10") as [string, string[]];
      for (const key of found) seen.add(key);
      return next;
    };
    let cursor = "0";
    // The low ten bits are the server's number: until the first is done.
    do cursor = await scan(client, cursor); while ((Number(cursor) & 1023) === 1);
    const text = textOf({ port, servers });
    const lines = servers.map(({ address }, index) => `"${address}:1 r${index}"`);
    const turned = text.replace(lines.join(", "), lines.toReversed().join(", "));
    assert(turned !== text);
    // Connections get another ring, as a worker that starts later does.
    const before = aster.logs().length;
    await Deno.writeTextFile(aster.configFile, turned + "\nnode_connections = 2\n");
    aster.process.signal("SIGHUP");
    await until(() => aster.logs().slice(before).includes("Configuration reloaded"), {
      what: "the reload",
    });
    using later = await RespClient.connect({ port });
    for (let count = 0; cursor !== "0" && count < 1_000; count++) {
      cursor = await scan(later, cursor);
    }
    assertEquals([cursor, seen.size], ["0", keys.length]);
  });
});

Deno.test("who stays with what a reload has ended is served until drain_timeout, and not for longer", async () => {
  await withServers(1, async (servers) => {
    const DRAIN_MS = 1_500;
    const other = (port: number) =>
      `[[clusters]]\nname = "other"\nlisten_addr = "127.0.0.1:${port}"\ncache_type = "redis"\n` +
      `servers = ["${servers[0]!.address}"]\n`;
    await using aster = await startAster(
      (port, otherPort) => textOf({ port, servers, thread: 1, more: other(otherPort!) }),
      { portCount: 2 },
    );
    const [port, otherPort] = aster.ports as [number, number];
    // Each waits for ever: of another hash's generation, and of a cluster that goes.
    const waiting = await Promise.all([port, otherPort].map(async (one) => {
      const client = await RespClient.connect({ port: one });
      const blocked = await RespClient.connect({ port: one });
      const popped = blocked.call("BLPOP", "no element ever", "0").catch(String);
      assertEquals(await client.call("SET", "k", one), "OK");
      return { client, blocked, popped };
    }));
    const startMs = performance.now();
    const wanted = { port, servers, thread: 1, keys: 'hash = "md5"' };
    // They may stay, until somebody says for how long; that counts from when they might have left.
    await reload(aster, wanted);
    for (const { client } of waiting) assertEquals(await client.call("PING"), "PONG");
    await reload(aster, { ...wanted, runtime: `drain_timeout = ${DRAIN_MS}` });
    await Promise.all(waiting.map(async ({ client, blocked, popped }) => {
      await popped;
      await until(() => client.call("PING").then(() => false, () => true), {
        what: "the other is closed as well",
      });
      client.close();
      blocked.close();
    }));
    const tookMs = performance.now() - startMs;
    assert(tookMs > DRAIN_MS - 100 && tookMs < DRAIN_MS + 8_000, `${tookMs} ms`);
    using next = await RespClient.connect({ port });
    assertEquals(await next.call("PING"), "PONG");
  });
});

Deno.test("aster_config_hash is that of the configuration in force, whatever the file was before", async () => {
  await withServers(1, async (servers) => {
    await using aster = await startAster((port) => textOf({ port, servers }), { metrics: true });
    const { port } = aster;
    const hash = () => readMetric(aster, "aster_config_hash");
    const first = await hash();
    await reload(aster, { port, servers, keys: "max_pipeline = 77" });
    const second = await hash();
    assert(first > 0 && second > 0 && first !== second, `${first} ${second}`);
    await reload(aster, { port, servers, keys: "max_pipeline = x" });
    assertEquals(await hash(), second);
    await reload(aster, { port, servers });
    assertEquals(await hash(), first);
  });
});
