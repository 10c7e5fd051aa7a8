/**
 * Crowds of subscribers that come back at once, subscribe to thousands of names and leave at any time: each
 * confirmation is right, well-behaved clients beside them lack nothing, and everything is given back.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { becomesIdle, idleDescriptors, memoryBytes } from "../model/proxy_watch.ts";
import { CrowdCounts, SubscriberCrowd } from "../model/subscriber_crowd.ts";
import { until } from "../support/tools/poll.ts";
import { scaled, seededRandom } from "../support/tools/seed.ts";
import { Bystanders } from "./bystanders.ts";
import { startPool } from "./pool.ts";

const STORMS = 12;
const CROWDS = 2;
const MEMORY_LIMIT_BYTES = 600 * 1024 * 1024;

Deno.test("crowds of subscribers are told what a server tells them, and hold up nobody", async () => {
  const random = seededRandom("crowds of subscribers");
  await using pool = await startPool();
  const { aster } = pool;
  const idleCount = await idleDescriptors(aster);
  const bystanders = new Bystanders(aster.port, false, random.next());
  const counts = new CrowdCounts();
  const rules = { port: aster.port, isCalm: true, clientsMax: 60, namesMax: 12_000 };
  const isOver = () => counts.storms >= scaled(STORMS);
  await Promise.all(
    Array.from({ length: CROWDS }, () => new SubscriberCrowd(random, rules, counts).run(isOver)),
  );
  await bystanders.stop();
  assert(counts.confirmations > 0);
  assertEquals(counts.errors, 0);
  assert(memoryBytes(aster) < MEMORY_LIMIT_BYTES);
  for (const server of pool.servers) {
    await until(async () => (await server.call("PUBSUB", "CHANNELS") as string[]).length === 0, {
      what: "the servers have no subscription left",
    });
    assertEquals(await server.call("PUBSUB", "NUMPAT"), 0);
    assertEquals(await server.call("PUBSUB", "SHARDCHANNELS"), []);
  }
  const metrics = await becomesIdle(aster, idleCount);
  for (const reason of ["backend_stray", "backend_malformed", "backend_timeout"]) {
    assertEquals(metrics.failures(reason), 0, reason);
  }
  assertEquals(metrics.sum("aster_worker_restarts_total"), 0);
});
