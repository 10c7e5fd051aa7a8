/**
 * Clients log in at the proxy as at a server, and the proxy logs in at its servers; no password shows anywhere.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects, clientLibraries } from "../deps.ts";
import { startLocalProxy } from "../support/rigs/local_proxy.ts";
import { delay, until, withDeadline } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespClient, type RespWord } from "../support/clients/resp_client.ts";
import { readMetric } from "./metrics.ts";
import { RawClient } from "./raw_client.ts";
import { knowServers, type RedisPool, startRedisPool } from "./redis_pool.ts";

const { Redis } = await clientLibraries.ioredis();
const { createClient } = await clientLibraries.redis();

const SECRETS = ["front-secret", "app-secret", "back-secret", "wrong-secret", "new-secret"];
const KEYS =
  `auth = { password = "front-secret", users = [{ username = "app", password = "app-secret" }] }
backend_password = "back-secret"
thread = 2`;

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ keys: KEYS, metrics: true });
  for (const server of pool.servers) {
    await server.call("CONFIG", "SET", "requirepass", "back-secret");
  }
  await pool.direct.call("CONFIG", "SET", "requirepass", "front-secret");
  await pool.direct.call("ACL", "SETUSER", "app", "on", ">app-secret", "~*", "&*", "+@all");
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

const GUESS = ["AUTH", "default", "x"];
const SEQUENCES = [
  "PING|GET a|NOSUCH a|GET|MULTI|CLIENT ID|SELECT 0|SUBSCRIBE a|RESET",
  "AUTH front-secret|SET a 1|GET a|RESET|GET a|AUTH default front-secret|GET a",
  "AUTH app app-secret|GET a|AUTH front-secret|GET a",
  "AUTH wrong-secret|GET a|AUTH app wrong-secret|AUTH nobody app-secret|AUTH a b c|AUTH",
  "AUTH front-secret|AUTH wrong-secret|SET a 2|GET a",
  "HELLO|HELLO 3|HELLO 4|HELLO x|HELLO 2 SETNAME me|HELLO 3 AUTH default wrong-secret",
  "HELLO 3 AUTH|HELLO 3 AUTH default|HELLO 3 NONSENSE|EVAL x|GET a b",
];

function commands(sequence: string): RespWord[][] {
  return sequence.split("|").map((command) => command.split(" "));
}

/** The bytes that answer a sequence; the mark behind it needs no login. */
async function answers(port: number, sequence: string): Promise<string> {
  const client = await RawClient.connect(port);
  return await client.askUntilClosed(...commands(sequence), ["QUIT"]);
}

Deno.test("logging in is answered as a server answers it", async () => {
  await knowServers(pool.aster.port, ["app", "app-secret"]);
  for (const sequence of SEQUENCES) {
    const expected = await answers(pool.direct.port, sequence);
    assertEquals(await answers(pool.aster.port, sequence), expected, sequence);
  }
});

Deno.test("HELLO with AUTH lets in at once, and says what it always says", async () => {
  using client = await RawClient.connect(pool.aster.port);
  await client.send(["HELLO", "3", "AUTH", "app", "app-secret", "SETNAME", "me"]);
  assertMatch(await client.ask(["CLIENT", "GETNAME"]), /^%7\r\n[^]*\$2\r\nme\r\n$/);
});

Deno.test("the libraries log in by password, and by user and password", async () => {
  for (
    const options of [
      { password: "front-secret" },
      { username: "app", password: "app-secret" },
    ]
  ) {
    const one = new Redis(pool.aster.port, "127.0.0.1", options);
    assertEquals(await one.set("library", "ioredis"), "OK");
    assertEquals(await one.get("library"), "ioredis");
    await one.quit();
    for (const RESP of [2, 3] as const) {
      const other = createClient({ url: `redis://127.0.0.1:${pool.aster.port}`, RESP, ...options });
      await other.connect();
      assertEquals(await other.get("library"), "ioredis");
      await other.close();
    }
  }
});

Deno.test("guesses are slow and counted, and the log has no password", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  const before = await readMetric(pool.aster, "aster_login_failures_total");
  const began = performance.now();
  for (let guess = 0; guess < 3; guess++) {
    await assertRejects(() => client.call("AUTH", "wrong-secret"), Error, "WRONGPASS");
  }
  assert(performance.now() - began > 650, "100, 200 and 400 ms");
  assertEquals(await readMetric(pool.aster, "aster_login_failures_total"), before + 3);
  const logs = pool.aster.logs();
  assertMatch(logs, /Login refused: wrong user name or password/);
  assertEquals(SECRETS.filter((secret) => logs.includes(secret)), []);
});

/** A connection that is made anew for each wrong password, and never waits for the reply. */
class Guesser {
  isOver = false;
  readonly ended: Promise<void>;

  constructor(port: number, words: string[]) {
    this.ended = this.#guess(port, words);
  }

  async #guess(port: number, words: string[]): Promise<void> {
    while (!this.isOver) {
      using client = await RespClient.connect({ port });
      const reply = client.call(...words).catch(() => {});
      await Promise.race([reply, delay(200)]);
    }
  }
}

Deno.test("who has the right password gets in between connections that guess", async () => {
  const { port } = pool.aster;
  const before = await readMetric(pool.aster, "aster_login_failures_total");
  const startedAtMs = performance.now();
  const guessers = Array.from(
    { length: 40 },
    (_, index) => new Guesser(port, index % 2 === 0 ? ["AUTH", "x"] : ["HELLO", "3", ...GUESS]),
  );
  try {
    await until(
      async () => await readMetric(pool.aster, "aster_login_failures_total") > before + 50,
      { what: "many guesses" },
    );
    using inside = await RespClient.connect({ port });
    assertEquals(await inside.call("AUTH", "app", "app-secret"), "OK");
    for (const words of [["AUTH", "front-secret"], ["AUTH", "default", "front-secret"]]) {
      using client = await RespClient.connect({ port });
      assertEquals(await withDeadline(client.call(...words), "a login", 5_000), "OK");
      assertEquals(await withDeadline(inside.call(...words), "another login", 5_000), "OK");
    }
  } finally {
    for (const guesser of guessers) guesser.isOver = true;
    await Promise.all(guessers.map(({ ended }) => ended));
  }
  const seconds = (performance.now() - startedAtMs) / 1000;
  const wrongs = await readMetric(pool.aster, "aster_login_failures_total") - before;
  // Some at once in each of two workers, then so many a second.
  assert(wrongs <= 16 + 60 * seconds, `${wrongs} guesses in ${seconds} s`);
});

Deno.test("a stranger's large request is not read", async () => {
  const client = await RawClient.connect(pool.aster.port);
  const reply = client.askUntilClosed(["SET", "a", "x".repeat(1_000_000)]).catch(() => "");
  assertEquals(await reply, "");
});

Deno.test("a server whose password has changed says so, and is back when the proxy is right", async () => {
  await using other = await startRedisPool({
    serverCount: 1,
    keys: 'backend_password = "back-secret"',
  });
  const [server] = other.servers;
  using client = await RespClient.connect({ port: other.aster.port });
  const refused = /ERR backend 127\.0\.0\.1:\d+: it refuses the proxy's login/;
  assertMatch(String((await client.pipeline([["SET", "a", "1"]]))[0]), refused);
  await server!.call("CONFIG", "SET", "requirepass", "back-secret");
  await until(async () => String((await client.pipeline([["SET", "a", "1"]]))[0]) === "OK", {
    what: "the server takes the login",
  });
  await server!.call("CONFIG", "SET", "requirepass", "new-secret");
  await server!.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
  await until(async () => refused.test(String((await client.pipeline([["GET", "a"]]))[0])), {
    what: "the login is refused",
  });
  assertEquals(SECRETS.filter((secret) => other.aster.logs().includes(secret)), []);
});

Deno.test("a Redis Cluster with passwords: the map, the keys, and scans", async () => {
  await using cluster = await startRedisCluster({ replicaCount: 0 });
  for (const node of cluster.nodes) {
    await node.call("ACL", "SETUSER", "proxy", "on", ">back-secret", "~*", "&*", "+@all");
    await node.call("CONFIG", "SET", "requirepass", "new-secret");
  }
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: [cluster.nodes[0]!.address],
    backend_auth: { username: "proxy", password: "back-secret" },
  });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  using client = await proxy.connect();
  const writes = Array.from({ length: 50 }, (_, number): RespWord[] => ["SET", `k${number}`, "x"]);
  assertEquals(new Set(await client.pipeline(writes)), new Set(["OK"]));
  assertEquals(await client.call("DBSIZE"), 50);
  assertEquals(await client.pipeline([["MULTI"], ["GET", "k1"], ["EXEC"]]), ["OK", "QUEUED", [
    "x",
  ]]);
});

Deno.test("a server that wants a password where none is configured is not taken for the proxy", async () => {
  await using other = await startRedisPool({ serverCount: 1 });
  await other.servers[0]!.call("CONFIG", "SET", "requirepass", "back-secret");
  using client = await RespClient.connect({ port: other.aster.port });
  const [reply, pong] = await client.pipeline([["GET", "a"], ["PING"]]);
  assertMatch(
    String(reply),
    /ERR backend 127\.0\.0\.1:\d+: it refuses the proxy's login \(backend_password/,
  );
  assertEquals(pong, "PONG");
});
