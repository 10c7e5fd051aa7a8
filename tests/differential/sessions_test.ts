/**
 * Whole sessions in one write that mix plain commands with those that move a client to other connections: HELLO, SELECT,
 * MULTI, WATCH, blocking, SUBSCRIBE, RESET. Every byte is a server's.
 *
 * @module
 */
import { assertEquals } from "../deps.ts";
import { startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { encodeCommand } from "../support/clients/resp_client.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { type Random, scaled, seededRandom } from "../support/tools/seed.ts";
import { word } from "../servers/raw_client.ts";
import { withoutModules } from "../servers/hello_modules.ts";
import { startRedisPool } from "../servers/redis_pool.ts";

const SESSIONS = 1_000;
const SESSIONS_IN_CLUSTER = 300;
const AT_ONCE = 20;
const latin1 = new TextDecoder("latin1");

/** Steps of a session; `@` stands for keys of its own. `|` between commands. */
const PLAIN = [
  "SET @a 1",
  "GET @a",
  "INCR @n",
  "MGET @a @b @n",
  "MSET @a x @b y",
  "DEL @a @b",
  "RPUSH @l a b c",
  "LRANGE @l 0 -1",
  "HSET @h f v",
  "HGETALL @h",
  "PING",
  "ECHO word",
  "NOSUCH x",
  "GET",
  "LPUSH @a x",
  "EXISTS @a @n",
  "EVAL return(redis.call('get',KEYS[1])) 1 @a",
  "CLIENT SETNAME me",
  "CLIENT GETNAME",
  "CLIENT REPLY SKIP",
  "CLIENT REPLY OFF|SET @q 1|CLIENT REPLY ON",
  "SCRIPT EXISTS abc",
];
const MOVING = [
  "HELLO 3",
  "HELLO 2",
  "HELLO",
  "HELLO 9",
  "MULTI|SET @a 2|INCR @n|EXEC",
  "MULTI|PING|GET @a|LRANGE @l 0 -1|EXEC",
  "MULTI|INCR @n|DISCARD",
  "MULTI|NOSUCH|EXEC",
  "MULTI|EXEC",
  "WATCH @a|SET @a 3|MULTI|SET @a 4|EXEC",
  "WATCH @a|MULTI|SET @a 5|EXEC",
  "WATCH @a|UNWATCH",
  "BLPOP @l 0.01",
  "RPUSH @l z|BLPOP @l 0",
  "BLMOVE @l @m LEFT RIGHT 0.01",
  "XREAD BLOCK 5 STREAMS @x 0",
  "SUBSCRIBE @c @d|UNSUBSCRIBE @d @c",
  "PSUBSCRIBE @p*|PUNSUBSCRIBE @p*",
  "SUBSCRIBE @c|PING|GET @a|UNSUBSCRIBE @c",
  "SUBSCRIBE @c|RESET",
  "RESET",
  "EXEC",
  "DISCARD",
];
const DATABASES = ["SELECT 0", "SELECT 1", "SELECT 2", "SELECT 99", "MULTI|SELECT 1|SET @a 6|EXEC"];

/** The commands of one session, in random order. */
function session(random: Random, hasDatabases: boolean): string[] {
  const moving = hasDatabases ? [...MOVING, ...DATABASES] : MOVING;
  const steps = Array.from(
    { length: random.between(4, 14) },
    () => random.pick(random.chance(0.5) ? PLAIN : moving),
  );
  return steps.join("|").split("|");
}

/** Sends all in one write, and returns all bytes until the other side closes. */
async function talk(port: number, commands: readonly string[], tag: string): Promise<string> {
  const requests = [...commands, "RESET", "QUIT"].map((command) =>
    encodeCommand(command.replaceAll("@", `{${tag}}`).split(" ").map(word))
  );
  const bytes = new Uint8Array(requests.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const request of requests) {
    bytes.set(request, position);
    position += request.length;
  }
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(bytes);
  const text = await withDeadline(readAll(connection), `the end of ${commands.join("|")}`);
  // Where the proxy fronts a cluster, HELLO says so; the server beside it has none.
  return withoutModules(text)
    .replaceAll(/(\$2\r\nid\r\n):\d+/g, "$1:?")
    .replaceAll("$4\r\nmode\r\n$7\r\ncluster\r\n", "$4\r\nmode\r\n$10\r\nstandalone\r\n");
}

async function readAll(connection: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return text;
    text += latin1.decode(buffer.subarray(0, count));
  }
}

async function compareSessions(
  ports: { direct: number; proxy: number },
  options: { count: number; hasDatabases: boolean; random: Random },
): Promise<void> {
  const { count, hasDatabases, random } = options;
  for (let done = 0; done < count; done += AT_ONCE) {
    const sessions = Array.from({ length: AT_ONCE }, () => session(random, hasDatabases));
    await Promise.all(sessions.map(async (commands, index) => {
      const tag = `${done + index}`;
      const expected = await talk(ports.direct, commands, tag);
      assertEquals(await talk(ports.proxy, commands, tag), expected, commands.join("|"));
    }));
  }
}

for (const serverCount of [1, 3]) {
  Deno.test(`sessions in one write are a server's, byte by byte: ${serverCount} servers`, async () => {
    const random = seededRandom(`sessions: ${serverCount}`);
    await using pool = await startRedisPool({ serverCount, keys: 'hash_tag = "{}"' });
    const ports = { direct: pool.direct.port, proxy: pool.aster.port };
    await compareSessions(ports, { count: scaled(SESSIONS), hasDatabases: true, random });
  });
}

Deno.test("sessions in one write are a server's, byte by byte: a Redis Cluster", async () => {
  const random = seededRandom("sessions: cluster");
  await using cluster = await startRedisCluster({ replicaCount: 0 });
  await using direct = await startRedisServer();
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: [cluster.nodes[0]!.address],
  });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  const ports = { direct: direct.port, proxy: proxy.port };
  await compareSessions(ports, { count: SESSIONS_IN_CLUSTER, hasDatabases: false, random });
});
