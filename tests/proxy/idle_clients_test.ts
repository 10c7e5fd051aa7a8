/**
 * Clients that ask for nothing are closed after `client_idle_timeout`, and nobody else.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { startFakeBackend } from "../support/fakes/fake_backend.ts";
import { delay, until } from "../support/tools/poll.ts";
import { RespClient } from "../support/clients/resp_client.ts";

const IDLE_COUNT = 20;

Deno.test("idle clients are closed and counted; who asks stays", async () => {
  await using backend = await startFakeBackend();
  await using aster = await startAster((port) =>
    `[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
thread = 2
client_idle_timeout = 1500
servers = ["127.0.0.1:${backend.port}"]
`, { metrics: true });
  using asking = await RespClient.connect({ port: aster.port });
  const startedAtMs = performance.now();
  let open = IDLE_COUNT;
  const ends = Array.from({ length: IDLE_COUNT }, async () => {
    using client = await Deno.connect({ hostname: "127.0.0.1", port: aster.port });
    assertEquals(await client.read(new Uint8Array(1)).catch(() => null), null);
    open -= 1;
  });
  await until(async () => {
    assertEquals(await asking.call("PING"), "PONG");
    await delay(50);
    return open === 0;
  }, { what: "the idle are closed" });
  await Promise.all(ends);
  assert(performance.now() - startedAtMs >= 1_400);
  assertEquals(await asking.call("PING"), "PONG");
  const metrics = await (await fetch(`http://127.0.0.1:${aster.metricsPort}/metrics`)).text();
  const counted = /^aster_failures_total\{.*reason="client_idle".*\} (\d+)$/m.exec(metrics);
  assertEquals(counted?.[1], String(IDLE_COUNT));
});
