/**
 * Unix sockets on both sides, in front of real servers and with real clients.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects, clientLibraries } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { startNutcracker } from "../support/servers/nutcracker.ts";
import { until } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient, RespError } from "../support/clients/resp_client.ts";
import { makeServerDirectory, ServerProcess } from "../support/servers/server_process.ts";

const SERVERS = 3;

let directory: string;
let servers: RedisServer[];
let memcached: ServerProcess;
let aster: Aster;

Deno.test.beforeAll(async () => {
  directory = await Deno.makeTempDir();
  servers = await Promise.all(
    Array.from(
      { length: SERVERS },
      (_, index) => startRedisServer({ arguments: ["--unixsocket", serverPath(index)] }),
    ),
  );
  memcached = await startMemcached(`${directory}/memcached.sock`);
  const lines = servers.map((_, index) => `"unix:${serverPath(index)}:${index + 1}"`);
  aster = await startAster((port) => `
[[clusters]]
name = "redis"
listen_addr = "unix:${directory}/front.sock"
cache_type = "redis"
thread = 2
servers = [${lines.join(", ")}]
[[clusters]]
name = "memcache"
listen_addr = "unix:${directory}/items.sock"
cache_type = "memcache"
servers = ["${directory}/memcached.sock:1 one"]
[[clusters]]
name = "tcp"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = [${lines.join(", ")}]
`);
});

Deno.test.afterAll(async () => {
  await aster[Symbol.asyncDispose]();
  for (const server of servers) await server[Symbol.asyncDispose]();
  await memcached[Symbol.asyncDispose]();
  await Deno.remove(directory, { recursive: true });
});

function serverPath(index: number): string {
  return `${directory}/redis-${index}.sock`;
}

async function startMemcached(path: string): Promise<ServerProcess> {
  return await ServerProcess.start({
    name: `memcached ${path}`,
    command: "memcached",
    arguments: ["-s", path, "-m", "16", ...(Deno.uid() === 0 ? ["-u", "root"] : [])],
    isServing: async () => {
      (await Deno.connect({ transport: "unix", path })).close();
      return true;
    },
  }, await makeServerDirectory());
}

function connect(): Promise<RespClient> {
  return RespClient.connect({ path: `${directory}/front.sock` });
}

Deno.test("redis-cli goes through both sides, and both show the sockets as servers do", async () => {
  const path = `${directory}/front.sock`;
  const run = async (...words: string[]) => {
    const { code, stdout } = await new Deno.Command("redis-cli", {
      args: ["-s", path, ...words],
    }).output();
    assertEquals(code, 0);
    return new TextDecoder().decode(stdout).trim();
  };
  assertEquals(await run("mset", "a", "1", "b", "2", "c", "3", "d", "4"), "OK");
  assertEquals(await run("mget", "a", "b", "c", "d", "e"), "1\n2\n3\n4");
  assertMatch(await run("client", "list"), new RegExp(`addr=${path}:0 laddr=${path}:0 `));
  assertMatch(await run("info", "server"), /^tcp_port:0\r?$/m);
});

Deno.test("pipelines and large values are whole", async () => {
  using client = await connect();
  const value = "x".repeat(3 * 1024 * 1024);
  assertEquals(await client.call("SET", "large", value), "OK");
  assertEquals(await client.call("GET", "large"), value);
  const count = 5_000;
  const keys = Array.from({ length: count }, (_, index) => `key:${index}`);
  const replies = await client.pipeline(keys.map((key) => ["SET", key, key]));
  assertEquals(new Set(replies), new Set(["OK"]));
  assertEquals(await client.pipeline(keys.map((key) => ["GET", key])), keys);
  assertEquals((await client.call("MGET", ...keys) as string[]).length, count);
});

Deno.test("the ioredis library connects by a path: transactions, messages and blocking commands too", async () => {
  const { Redis } = await clientLibraries.ioredis();
  const [client, listener] = [1, 2].map(() => new Redis({ path: `${directory}/front.sock` })) as [
    InstanceType<typeof Redis>,
    InstanceType<typeof Redis>,
  ];
  try {
    assertEquals(await client.multi().set("{t}a", "1").incr("{t}a").exec(), [
      [null, "OK"],
      [null, 2],
    ]);
    const heard = new Promise((resolve) => listener.on("message", (_, text) => resolve(text)));
    await listener.subscribe("news");
    await client.publish("news", "hello");
    assertEquals(await heard, "hello");
    const popped = client.blpop("queue", 5);
    await until(async () => (await servers[0]!.call("PING")) === "PONG", { what: "a server" });
    using other = await connect();
    await other.call("RPUSH", "queue", "element");
    assertEquals(await popped, ["queue", "element"]);
  } finally {
    client.disconnect();
    listener.disconnect();
  }
});

Deno.test("keys are where twemproxy puts them behind unix sockets without names", async () => {
  await using nutcracker = await startNutcracker({
    redis: true,
    servers: servers.map((_, index) => `${serverPath(index)}:${index + 1}`),
  });
  using theirs = await RespClient.connect({ port: nutcracker.port });
  using ours = await RespClient.connect({ port: aster.port });
  const keys = Array.from({ length: 400 }, (_, index) => `placed:${index}`);
  await theirs.pipeline(keys.map((key) => ["SET", key, key]));
  assertEquals(await ours.pipeline(keys.map((key) => ["GET", key])), keys);
});

Deno.test("memcached is reached by its socket from clients of another", async () => {
  using connection = await Deno.connect({ transport: "unix", path: `${directory}/items.sock` });
  const ask = async (request: string, end: string) => {
    await connection.write(new TextEncoder().encode(request));
    const bytes = new Uint8Array(4096);
    let text = "";
    while (!text.endsWith(end)) {
      const count = await connection.read(bytes);
      assert(count !== null, "it is open");
      text += new TextDecoder().decode(bytes.subarray(0, count!));
    }
    return text;
  };
  assertEquals(await ask("set key 7 0 5\r\nhello\r\n", "\r\n"), "STORED\r\n");
  assertEquals(await ask("get key none\r\n", "END\r\n"), "VALUE key 7 5\r\nhello\r\nEND\r\n");
  assertEquals(await ask("mg key v\r\n", "hello\r\n"), "VA 5\r\nhello\r\n");
});

Deno.test("a server that goes away fails its keys by the true reason, and is found again behind its path", async () => {
  using client = await connect();
  // Keys that differ in their last characters only have hashes that do not differ much.
  const keys = Array.from({ length: 200 }, (_, index) => `${(index + 1) * 7919 % 1009}:lost`);
  const failed = async () => {
    const replies = await client.pipeline(keys.map((key) => ["GET", key]));
    return replies.filter((reply) => reply instanceof RespError).map(({ message }) => message);
  };
  await servers[0]!.kill();
  // A server that is killed leaves its file.
  await until(async () => (await failed()).some((text) => /connection refused/.test(text)), {
    what: "a refusal",
  });
  await Deno.remove(serverPath(0));
  await until(async () => (await failed()).some((text) => /no such unix socket/.test(text)), {
    what: "a missing socket",
  });
  const texts = new Set(await failed());
  for (const text of texts) assertMatch(text, new RegExp(`unix:${serverPath(0)}`));
  await servers[0]!.start();
  await until(async () => (await failed()).length === 0, { what: "the server" });
});

Deno.test("a Redis Cluster is served at a unix socket, its nodes over TCP", async () => {
  await using cluster = await startRedisCluster();
  const path = `${directory}/cluster.sock`;
  await using front = await startAster(() => `
[[clusters]]
name = "cluster"
listen_addr = "unix:${path}"
cache_type = "redis_cluster"
servers = ["${cluster.nodes[0]!.address}"]
`);
  assert(front.pid > 0);
  using client = await RespClient.connect({ path });
  const keys = Array.from({ length: 100 }, (_, index) => `key:${index}`);
  await client.pipeline(keys.map((key) => ["SET", key, key]));
  assertEquals(await client.call("MGET", ...keys), keys);
  const slots = await client.call("CLUSTER", "SLOTS") as [number, number, [string, number]][];
  // There is no port that would lead here.
  assertEquals(slots.map(([first, last, [, port]]) => [first, last, port]), [[0, 16_383, 0]]);
});

Deno.test("who may not write the file may not connect", {
  // Whoever may do everything may connect, too.
  ignore: Deno.uid() === 0,
}, async () => {
  await Deno.chmod(`${directory}/front.sock`, 0o400);
  try {
    await assertRejects(connect, Deno.errors.PermissionDenied);
  } finally {
    await Deno.chmod(`${directory}/front.sock`, 0o600);
  }
});
