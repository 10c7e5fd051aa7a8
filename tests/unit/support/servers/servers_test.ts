import { assert, assertEquals, assertRejects } from "../../../deps.ts";
import { isFree, PortTaken } from "../../../support/tools/free_port.ts";
import { startMemcachedServer } from "../../../support/servers/memcached_server.ts";
import { startNutcracker } from "../../../support/servers/nutcracker.ts";
import { startRedisServer } from "../../../support/servers/redis_server.ts";
import { RespClient, RespError } from "../../../support/clients/resp_client.ts";
import { cpuTicks, residentBytes } from "../../../support/servers/server_process.ts";

Deno.test("redis-server: values of every RESP2 type, pipelined", async () => {
  await using redis = await startRedisServer();
  using client = await redis.connect();
  assertEquals(
    await client.pipeline([
      ["SET", "key", "välue"],
      ["GET", "key"],
      ["GET", "none"],
      ["INCR", "number"],
      ["MGET", "key", "none", "number"],
      ["LPUSH", "key", "x"],
      ["LRANGE", "none", "0", "-1"],
    ]),
    [
      "OK",
      "välue",
      null,
      1,
      ["välue", null, "1"],
      new RespError("WRONGTYPE Operation against a key holding the wrong kind of value"),
      [],
    ],
  );
  await assertRejects(() => client.call("NOSUCH"), RespError, "ERR unknown command 'NOSUCH'");
});

Deno.test("redis-server: binary values of several megabytes arrive as bytes", async () => {
  await using redis = await startRedisServer();
  using client = await redis.connect({ bytes: true });
  const value = new Uint8Array(3_000_000).map((_, index) => index * 7);
  assertEquals(await client.call("SET", "key", value), "OK");
  const values = await client.pipeline(Array.from({ length: 4 }, () => ["GET", "key"]));
  for (const got of values) assertEquals(got, value);
});

Deno.test("redis-server: killed, restarted, paused and gone", async () => {
  const redis = await startRedisServer();
  const firstPid = redis.pid;
  assertEquals(await redis.call("SET", "key", "1"), "OK");
  await redis.restart();
  assert(redis.pid !== firstPid);
  assertEquals(await redis.call("GET", "key"), null);

  await redis.pause();
  const late = redis.call("PING");
  redis.resume();
  assertEquals(await late, "PONG");

  assert(cpuTicks(redis.pid).user >= 0);
  assert(residentBytes(redis.pid) > 1_000_000);
  await redis[Symbol.asyncDispose]();
  assert(isFree(redis.port));
  await assertRejects(() => RespClient.connect({ port: redis.port }));
});

Deno.test("redis-server: a taken port and a bad argument are told apart, with the output", async () => {
  await using redis = await startRedisServer();
  await assertRejects(() => startRedisServer({ port: redis.port }), PortTaken);
  await assertRejects(
    () => startRedisServer({ arguments: ["--no-such-option", "1"] }),
    Error,
    "no-such-option",
  );
});

Deno.test("memcached: serves, forgets by restart, and says that its port is taken", async () => {
  await using memcached = await startMemcachedServer();
  assertEquals(await memcached.ask("set key 5 0 5\r\nvalue\r\n"), "STORED\r\n");
  assertEquals(
    await memcached.ask("get key\r\n", "END\r\n"),
    "VALUE key 5 5\r\nvalue\r\nEND\r\n",
  );
  await memcached.restart();
  assertEquals(await memcached.ask("get key\r\n", "END\r\n"), "END\r\n");
  await assertRejects(() => startMemcachedServer({ port: memcached.port }), PortTaken);
});

Deno.test("nutcracker: forwards to a redis-server", async () => {
  await using redis = await startRedisServer();
  await using nutcracker = await startNutcracker({
    redis: true,
    servers: [`${redis.address}:1`],
    hashTag: "{}",
  });
  using client = await RespClient.connect({ port: nutcracker.port });
  assertEquals(await client.call("SET", "key", "through"), "OK");
  assertEquals(await redis.call("GET", "key"), "through");
});
