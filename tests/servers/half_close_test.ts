/**
 * The end of a client's input is not the end of the client: each script is played at a server and through the
 * proxy, with its end at several points, and bytes and keys are compared.
 *
 * @module
 */
import { assertEquals, assertMatch } from "../deps.ts";
import { type LocalProxy, startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient, type RespValue } from "../support/clients/resp_client.ts";
import { contents, type EndsAt, HalfClosingClient, type Manner } from "./half_close_client.ts";
import { type HalfCloseScript, LOGIN_SCRIPTS, SCRIPTS } from "./half_close_scripts.ts";

/** A server, or the proxy with its servers: somewhere to play scripts. */
interface Place {
  readonly port: number;
  readonly password?: string;
  /** What each server says of itself. */
  infos(): Promise<RespValue[]>;
}

type Calls = Pick<RedisServer, "call">;

function placeOf(port: number, servers: readonly Calls[], password?: string): Place {
  const infos = () => Promise.all(servers.map((server) => server.call("INFO", "clients")));
  return password === undefined ? { port, infos } : { port, password, infos };
}

async function helper({ port, password }: Place): Promise<RespClient> {
  const client = await RespClient.connect({ port });
  if (password !== undefined) await client.call("AUTH", password);
  return client;
}

/** What became of a client. */
interface Outcome {
  readonly replies: string;
  readonly wasReset: boolean;
  /** What the keys hold behind it. */
  readonly keys: unknown[];
}

/** Plays a script. */
async function outcome(
  place: Place,
  script: HalfCloseScript,
  endsAt: EndsAt,
  answeredBytes: number,
  version: 2 | 3,
): Promise<Outcome> {
  using other = await helper(place);
  await other.call("FLUSHALL");
  using client = await HalfClosingClient.connect(place.port, version);
  for (const request of script.before?.split("|") ?? []) await other.call(...request.split(" "));
  const isBlocked = () =>
    until(
      async () => (await place.infos()).some((info) => /blocked_clients:[1-9]/.test(`${info}`)),
      {
        what: `a client is blocked: ${script.sends.slice(0, 200)}`,
      },
    );
  const manner = { endsAt, answeredBytes, isBlocked };
  await client.play(script.sends, manner);
  await other.call("CLIENT", "UNPAUSE");
  return { replies: client.replies, wasReset: client.wasReset, keys: await contents(other) };
}

/** The same at a server, which may close behind QUIT with bytes unread: then the bytes say nothing. */
async function serverOutcome(...parameters: Parameters<typeof outcome>): Promise<Outcome> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const seen = await outcome(...parameters);
    if (!seen.wasReset) return seen;
  }
  throw new Error(`The server resets the connection: ${parameters[1].sends.slice(0, 200)}`);
}

async function compare(
  direct: Place,
  proxy: Place,
  scripts: readonly HalfCloseScript[],
  version: 2 | 3 = 2,
): Promise<void> {
  for (const script of scripts) {
    const expected = await serverOutcome(direct, script, "at once", 0, version);
    const answeredBytes = expected.replies.length;
    const ends: EndsAt[] = ["at once", "piecewise", "when answered"];
    if (script.blocks === true) ends.push("when blocked");
    for (const endsAt of ends) {
      const what = `ends ${endsAt}: ${script.before ?? ""} > ${script.sends.slice(0, 200)}`;
      const byServer = await serverOutcome(direct, script, endsAt, answeredBytes, version);
      assertEquals(byServer, expected, `a server, ${what}`);
      assertEquals(await outcome(proxy, script, endsAt, answeredBytes, version), expected, what);
    }
  }
}

function assertNothingIsKept(proxy: LocalProxy): void {
  const { blockedClients, dedicatedTaken } = proxy.metrics();
  assertEquals({ blockedClients, dedicatedTaken }, { blockedClients: 0, dedicatedTaken: 0 });
}

async function comparePool(serverCount: number, version: 2 | 3): Promise<void> {
  await using started = new AsyncDisposableStack();
  const start = async () => started.use(await startRedisServer());
  const direct = await start();
  const servers = await Promise.all(Array.from({ length: serverCount }, start));
  using proxy = startLocalProxy({
    cache_type: "redis",
    servers: servers.map(({ address }) => `${address}:1`),
    hash_tag: "{}",
  });
  const place = placeOf(proxy.port, servers);
  await compare(placeOf(direct.port, [direct]), place, SCRIPTS, version);
  await until(() => proxy.metrics().clientsConnected === 0, { what: "all clients are gone" });
  assertNothingIsKept(proxy);
}

for (const serverCount of [1, 3]) {
  Deno.test(`in front of ${serverCount} servers a half-closed client is served as by a server`, () =>
    comparePool(serverCount, serverCount === 1 ? 2 : 3));
}

Deno.test("in front of a Redis Cluster a half-closed client is served as by a server", async () => {
  await using direct = await startRedisServer();
  await using cluster = await startRedisCluster();
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: [cluster.nodes[0]!.address],
  });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  await compare(placeOf(direct.port, [direct]), placeOf(proxy.port, cluster.masters), SCRIPTS);
  await until(() => proxy.metrics().clientsConnected === 0, { what: "all clients are gone" });
  assertNothingIsKept(proxy);
});

Deno.test("with a password, given or not, a half-closed client is served as by a server", async () => {
  await using direct = await startRedisServer();
  await using server = await startRedisServer();
  await direct.call("CONFIG", "SET", "requirepass", "secret");
  using proxy = startLocalProxy({
    cache_type: "redis",
    servers: [`${server.address}:1`],
    password: "secret",
  });
  using asked = await RespClient.connect({ port: direct.port });
  await asked.call("AUTH", "secret");
  const place = placeOf(proxy.port, [server], "secret");
  await compare(placeOf(direct.port, [asked], "secret"), place, LOGIN_SCRIPTS);
  assertNothingIsKept(proxy);
});

/** What a client of `port` gets. */
async function replies(port: number, sends: string, manner: Partial<Manner> = {}): Promise<string> {
  using client = await HalfClosingClient.connect(port, 2);
  const isBlocked = () => Promise.reject(new Error("Nobody is expected to block"));
  await client.play(sends, { endsAt: "at once", answeredBytes: 0, isBlocked, ...manner });
  assertEquals(client.wasReset, false);
  return client.replies;
}

Deno.test("a redirected blocking command gives a half-closed client what is there, and takes nothing else", async () => {
  await using cluster = await startRedisCluster();
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: [cluster.nodes[0]!.address],
  });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  using other = await proxy.connect();
  const slot = await cluster.slotOf("{h}");
  const element = "*2\r\n$4\r\n{h}q\r\n$1\r\n";
  const places = placeOf(proxy.port, cluster.masters);
  const isBlocked = () =>
    until(
      async () => (await places.infos()).some((info) => /blocked_clients:[1-9]/.test(`${info}`)),
      {
        what: "it is blocked",
      },
    );
  const script = "BLPOP {h}q 0|SET {h}mark 1";
  for (let round = 0; round < 3; round++) {
    const owner = await cluster.ownerOf(slot);
    const target = cluster.masters.find((node) => node !== owner)!;
    const migration = await cluster.beginMigration(slot, target);
    assertEquals(await replies(proxy.port, script), "", "ASK, and nothing is there");
    assertEquals(await replies(proxy.port, script, { endsAt: "when blocked", isBlocked }), "");
    await other.call("RPUSH", "{h}q", "1", "2", "3");
    assertEquals(await replies(proxy.port, script), `${element}1\r\n+OK\r\n`, "ASK");
    await migration.finish();
    assertEquals(await replies(proxy.port, script), `${element}2\r\n+OK\r\n`, "MOVED");
    assertEquals(await replies(proxy.port, script), `${element}3\r\n+OK\r\n`);
    assertEquals(await replies(proxy.port, script), "");
    assertEquals(await other.call("DEL", "{h}q", "{h}mark"), 1);
  }
  assertNothingIsKept(proxy);
});

Deno.test("messages do not keep a subscriber that has sent its last", async () => {
  await using server = await startRedisServer();
  using proxy = startLocalProxy({ cache_type: "redis", servers: [`${server.address}:1`] });
  using publisher = await proxy.connect();
  for (let round = 0; round < 20; round++) {
    const playing = replies(proxy.port, "SUBSCRIBE c|SET mark 1", {
      endsAt: "when answered",
      answeredBytes: 100,
    });
    const progress = { isOver: false };
    const publishing = (async () => {
      while (!progress.isOver) await publisher.call("PUBLISH", "c", "x".repeat(1000));
    })();
    const got = await playing;
    progress.isOver = true;
    await publishing;
    assertEquals(got.includes("-ERR Can't execute 'set'"), true);
  }
  assertEquals(await publisher.call("EXISTS", "mark"), 0);
});

Deno.test("replies that a client is slow to take are due to it behind its end, too", async () => {
  await using server = await startRedisServer();
  using proxy = startLocalProxy({ cache_type: "redis", servers: [`${server.address}:1`] });
  using other = await proxy.connect();
  const large = "x".repeat(1_000_000);
  await other.call("SET", "large", large);
  const one = `$${large.length}\r\n${large}\r\n`;
  const sends = `${Array(8).fill("GET large").join("|")}|BLPOP q 0|SET mark 1`;
  assertEquals((await replies(proxy.port, sends)).length, 8 * one.length);
  assertEquals(await other.call("EXISTS", "mark"), 0);
  await other.call("RPUSH", "q", "a");
  const rest = "*2\r\n$1\r\nq\r\n$1\r\na\r\n+OK\r\n";
  assertEquals((await replies(proxy.port, sends)).slice(8 * one.length), rest);
});

Deno.test("what the proxy refuses does not end a half-closed client", async () => {
  await using server = await startRedisServer();
  using proxy = startLocalProxy({ cache_type: "redis", servers: [`${server.address}:1`] });
  const got = await replies(proxy.port, "MONITOR|SET mark 1|BLPOP q 0");
  assertMatch(got, /^-ERR .*\r\n\+OK\r\n$/);
});
