/**
 * What a limited client notices in its session: both versions of the protocol, transactions, subscriptions, waits,
 * scripts, a Redis Cluster, a reload; and what the operator sees of it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, clientLibraries } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { until } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { readMetric } from "./metrics.ts";
import { RawClient } from "./raw_client.ts";
import { SubscriberClient } from "./subscriber_client.ts";

const { Redis } = await clientLibraries.ioredis();

const NOPERM_KEY =
  /NOPERM (this user has no permissions to access one of the keys used as arguments|No permissions to access a key)/;
const NOPERM = /NOPERM /;

const USERS = [
  '{ username = "app", password = "p", key_patterns = ["app:*"], channel_patterns = ["app:*"] }',
  '{ username = "scripts", password = "p", key_patterns = ["app:*"], scripts = true }',
  '{ username = "reader", password = "p", read_only = true }',
];

function textOf(
  servers: readonly { address: string }[],
  port: number,
  { users = USERS, keys = "", runtime = "", type = "redis" } = {},
): string {
  return `[runtime]
${runtime}
[[clusters]]
name = "pool"
listen_addr = "127.0.0.1:${port}"
cache_type = "${type}"
thread = 2
servers = [${servers.map(({ address }) => `"${address}"`).join(", ")}]
auth = { password = "main", users = [${users.join(", ")}] }
${keys}
`;
}

async function withProxy(
  use: (aster: Aster, servers: RedisServer[]) => Promise<void>,
  options: Parameters<typeof textOf>[2] = {},
): Promise<void> {
  await using first = await startRedisServer();
  await using second = await startRedisServer();
  const servers = [first, second];
  const named = servers.map(({ address }) => ({ address: `${address}:1` }));
  await using aster = await startAster((port) => textOf(named, port, options), { metrics: true });
  await use(aster, servers);
}

async function connectAs(aster: Aster, user: string, password = "p"): Promise<RespClient> {
  const client = await RespClient.connect({ port: aster.port });
  assertEquals(await client.call("AUTH", user, password), "OK");
  return client;
}

/** Replies of several requests, errors as their text. */
async function ask(client: RespClient, lines: string): Promise<unknown[]> {
  const replies = await client.pipeline(lines.split("|").map((line) => line.split(" ")));
  return replies.map((reply) => reply instanceof Error ? reply.message : reply);
}

Deno.test("in RESP2, RESP3 and inline requests are denied in their turn, and the pipeline goes on", async () => {
  await withProxy(async (aster) => {
    for (const version of [2, 3] as const) {
      using client = await RawClient.connect(aster.port);
      await client.send(["HELLO", String(version), "AUTH", "app", "p"]);
      await client.ask(["SET", "app:1", "own"]);
      const reply = await client.ask(
        ...[["GET", "app:1"], ["GET", "other"], ["MGET", "app:1", "other"], ["GET", "app:1"]],
      );
      assertMatch(
        reply,
        /^\$3\r\nown\r\n-NOPERM [^\r]+\r\n-NOPERM [^\r]+\r\n\$3\r\nown\r\n$/,
      );
    }
    using inline = await RespClient.connect({ port: aster.port });
    await inline.send("AUTH app p\r\nGET other\r\nGET app:1\r\n");
    assertEquals(await inline.read(), "OK");
    assertMatch(String(await inline.read()), NOPERM_KEY);
    assertEquals(await inline.read(), "own");
    assert(await readMetric(aster, "aster_denied_requests_total") >= 5);
  });
});

Deno.test("a denial in a transaction aborts it, whether it has begun at a server or not", async () => {
  await withProxy(async (aster) => {
    using client = await connectAs(aster, "app");
    const lines =
      "SET app:1 0|MULTI|INCR app:1|INCR other|EXEC|MULTI|GET other|INCR app:1|EXEC|GET app:1|" +
      "MULTI|INCR app:1|EXEC|WATCH other|WATCH app:1";
    const replies = await ask(client, lines);
    assertMatch(String(replies[3]), NOPERM_KEY);
    assertMatch(String(replies[4]), /^EXECABORT/);
    assertMatch(String(replies[8]), /^EXECABORT/);
    assertEquals(replies.slice(9, 13), ["0", "OK", "QUEUED", [1]]);
    assertMatch(String(replies[13]), NOPERM_KEY);
    assertEquals(replies[14], "OK");
  });
});

Deno.test("channels: publishing, listening, and what a subscriber may ask in RESP2", async () => {
  await withProxy(async (aster) => {
    await using listener = await SubscriberClient.connect(aster.port);
    await listener.ask("AUTH", "app", "p");
    assertEquals(await listener.ask("SUBSCRIBE", "app:news"), [
      "*",
      "$subscribe",
      "$app:news",
      ":1",
    ]);
    for (const words of [["SUBSCRIBE", "other"], ["PSUBSCRIBE", "*"], ["SSUBSCRIBE", "other"]]) {
      assertMatch(String(await listener.ask(...words)), /NOPERM .*channel/);
    }
    using publisher = await connectAs(aster, "app");
    const [other, own] = await ask(publisher, "PUBLISH other x|PUBLISH app:news hello");
    assertMatch(String(other), /NOPERM .*channel/);
    assertEquals(own, 1);
    assertEquals(await listener.take(1), [["*", "$message", "$app:news", "$hello"]]);
  });
});

Deno.test("scripts run where they are allowed, with the keys that they declare", async () => {
  await withProxy(async (aster) => {
    using client = await connectAs(aster, "scripts");
    using other = await connectAs(aster, "app");
    const run = "EVAL return(redis.call('incr',KEYS[1])) 1";
    const [own, foreign, none] = await ask(client, `${run} app:n|${run} other|EVAL return(1) 0`);
    assertEquals([own, none], [1, 1]);
    assertMatch(String(foreign), NOPERM_KEY);
    assertMatch(String((await ask(other, `${run} app:n`))[0]), /NOPERM .*'eval'/);
    using reader = await connectAs(aster, "reader");
    const replies = await ask(
      reader,
      "EVAL_RO return(1) 0|EVAL return(1) 0|GET app:n|SET app:n 2|FLUSHALL",
    );
    assertEquals([replies[0], replies[2]], [1, "1"]);
    for (const index of [1, 3, 4]) assertMatch(String(replies[index]), NOPERM);
  });
});

Deno.test("ioredis is served its own keys, and told of others", async () => {
  await withProxy(async (aster) => {
    const client = new Redis(aster.port, "127.0.0.1", { username: "app", password: "p" });
    assertEquals(await client.set("app:library", "1"), "OK");
    const error = await client.get("other").then(() => "none", (error: Error) => error.message);
    assertMatch(error, NOPERM_KEY);
    assertEquals(
      await client.pipeline().get("app:library").get("other").exec().then(
        (results) => results!.map(([error, value]) => error === null ? value : "error"),
      ),
      ["1", "error"],
    );
    await client.quit();
  });
});

/** Saves a file, and waits until it is in force. */
async function reload(aster: Aster, text: string): Promise<void> {
  const before = aster.logs().length;
  await Deno.writeTextFile(aster.configFile, text);
  aster.process.signal("SIGHUP");
  await until(() => /Configuration reloaded/.test(aster.logs().slice(before)), {
    what: `the reload is logged: ${aster.logs().slice(before)}`,
  });
}

Deno.test("a reload binds open sessions at their next request, and closes who would never ask", async () => {
  await withProxy(async (aster, servers) => {
    const named = servers.map(({ address }) => ({ address: `${address}:1` }));
    using app = await connectAs(aster, "app");
    using reader = await connectAs(aster, "reader");
    using main = await RespClient.connect({ port: aster.port });
    await main.call("AUTH", "main");
    await using listener = await SubscriberClient.connect(aster.port);
    await listener.ask("AUTH", "app", "p");
    await listener.ask("SUBSCRIBE", "app:news");
    await using keeper = await SubscriberClient.connect(aster.port);
    await keeper.ask("AUTH", "app", "p");
    await keeper.ask("SUBSCRIBE", "app:kept");
    using blocked = await connectAs(aster, "reader");
    const waiting = ask(blocked, "XREAD BLOCK 0 STREAMS app:stream $").catch(() => "closed");
    await until(async () => /blocked_clients:1/.test(String(await main.call("INFO", "clients"))), {
      what: "a client waits",
    });
    assertEquals(await ask(app, "MULTI|INCR app:1"), ["OK", "QUEUED"]);
    const users = [
      '{ username = "app", password = "q", key_patterns = ["new:*"], channel_patterns = ["app:kept"] }',
    ];
    await reload(aster, textOf(named, aster.port, { users }));
    assertMatch(String((await ask(app, "EXEC"))[0]), /^EXECABORT/);
    const [former, own] = await ask(app, "GET app:1|SET new:1 1");
    assertMatch(String(former), NOPERM_KEY);
    assertEquals(own, "OK");
    assertEquals(await ask(reader, "GET app:1"), ["NOAUTH Authentication required."]);
    assertEquals(await waiting, "closed");
    await until(() => listener.isClosed, { what: "who lost its channel is closed" });
    assertEquals(keeper.isClosed, false);
    await main.call("PUBLISH", "app:kept", "x");
    assertEquals(await keeper.take(1), [["*", "$message", "$app:kept", "$x"]]);
    assertEquals(await main.call("PING"), "PONG");
    const guess = await ask(
      await RespClient.connect({ port: aster.port }),
      "AUTH app p|AUTH app q",
    );
    assertMatch(String(guess[0]), /^WRONGPASS/);
    assertEquals(guess[1], "OK");
    // Clients of a cluster whose place another has taken are told, too.
    await reload(aster, textOf(named, aster.port, { users, keys: 'hash = "md5"' }));
    await reload(
      aster,
      textOf(named, aster.port, { users, keys: 'hash = "md5"\ndeny_commands = ["ping"]' }),
    );
    assertMatch(String((await ask(main, "PING"))[0]), /NOPERM .*'ping'/);
  });
});

Deno.test("ACL LOG has the denials of all workers, and the audit log has them without arguments", async () => {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/audit.log`;
  try {
    await withProxy(async (aster) => {
      using main = await RespClient.connect({ port: aster.port });
      await main.call("AUTH", "main");
      for (let index = 0; index < 16; index++) {
        using client = await connectAs(aster, "app");
        await ask(client, `GET other:${index}`);
      }
      const entries = await main.call("ACL", "LOG", "100") as unknown[][];
      assertEquals(entries.filter((entry) => entry[3] === "key").length, 16);
      const isNow = (ms: number) => Math.abs(Date.now() - ms) < 60_000;
      assert(isNow(Number(entries[0]![17])), String(entries[0]));
      await ask(main, "CONFIG RESETSTAT secret-argument|KEYS secret-argument|GET a");
      assertEquals(await main.call("ACL", "LOG", "RESET"), "OK");
      assertEquals(await main.call("ACL", "LOG"), []);
      let records: Record<string, unknown>[] = [];
      await until(async () => {
        const text = await Deno.readTextFile(file);
        records = text.trim().split("\n").map((line) => JSON.parse(line));
        return records.some(({ command }) => command === "acl|log");
      }, { what: "the audit log is written" });
      const of = (event: string) => records.filter((record) => record.event === event);
      assertEquals(of("login").length, 17);
      assertEquals(of("denied").length, 16);
      assertEquals(of("denied")[0]!.reason, "key");
      assert(of("command").some(({ command, user }) => command === "keys" && user === "default"));
      assert(isNow(Date.parse(String(records[0]!.time))), String(records[0]!.time));
      assert(!JSON.stringify(records).includes("secret-argument"));
      assertMatch(String(of("login")[0]!.address), /^127\.0\.0\.1:\d+$/);
    }, { runtime: `audit_log = "${file}"` });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a user's rate is for all of its connections together, and nobody else's", async () => {
  const users = [
    ...USERS,
    '{ username = "slow", password = "p", rate = { per_second = 1, burst = 3 } }',
  ];
  await withProxy(async (aster) => {
    using one = await connectAs(aster, "slow");
    using two = await connectAs(aster, "slow");
    const pings = Array(5).fill("PING").join("|");
    const replies = [...await ask(one, pings), ...await ask(two, pings)];
    const served = replies.filter((reply) => reply === "PONG").length;
    assert(served >= 3 && served <= 5, replies.join());
    using other = await connectAs(aster, "reader");
    assertEquals(await ask(other, pings), Array(5).fill("PONG"));
  }, { users });
});

Deno.test("in front of a Redis Cluster the same", async () => {
  await using cluster = await startRedisCluster({ replicaCount: 0 });
  const seeds = [{ address: cluster.nodes[0]!.address }];
  await using aster = await startAster((port) => textOf(seeds, port, { type: "redis_cluster" }));
  using client = await connectAs(aster, "app");
  const lines =
    "MSET app:1 a app:2 b app:3 c|MGET app:1 app:2 app:3|MGET app:1 other|CLUSTER SLOTS|" +
    "CLUSTER GETKEYSINSLOT 0 10|CLUSTER COUNTKEYSINSLOT 0|SCAN 0|DEL app:1 app:2 app:3|DBSIZE|CLUSTER KEYSLOT other";
  const replies = await ask(client, lines);
  assertEquals(replies.slice(0, 2), ["OK", ["a", "b", "c"]]);
  for (const index of [2, 4, 5, 6, 8]) assertMatch(String(replies[index]), NOPERM, `${index}`);
  assertEquals([replies[7], typeof replies[9]], [3, "number"]);
});
