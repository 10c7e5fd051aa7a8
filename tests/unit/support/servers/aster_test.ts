import { assert, assertEquals, assertMatch, assertRejects } from "../../../deps.ts";
import { startAster } from "../../../support/servers/aster.ts";
import { startRedisServer } from "../../../support/servers/redis_server.ts";
import { RespClient } from "../../../support/clients/resp_client.ts";
import { cpuTicks, residentBytes } from "../../../support/servers/server_process.ts";

const configure = (redisAddress: string) => (port: number) => `
[[clusters]]
name = "one"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = ["${redisAddress}:1"]
`;

Deno.test("the proxy as a process serves, counts, logs and ends by SIGTERM", async () => {
  await using redis = await startRedisServer();
  await using aster = await startAster(configure(redis.address), { metrics: true });
  using client = await RespClient.connect({ port: aster.port });
  assertEquals(await client.call("SET", "key", "value"), "OK");
  assertEquals(await redis.call("GET", "key"), "value");
  const metrics = await fetch(`http://127.0.0.1:${aster.metricsPort}/metrics`);
  assertMatch(await metrics.text(), /^aster_version/m);
  await aster.logged(/127\.0\.0\.1/);
  assert(cpuTicks(aster.pid).user > 0);
  assert(residentBytes(aster.pid) > 10_000_000);
  assertEquals((await aster.stop()).code, 0);
});

Deno.test("a configuration that does not start fails with what the proxy printed", async () => {
  await assertRejects(() => startAster(() => "nonsense = ["), Error, "aster ended with code 2");
});
