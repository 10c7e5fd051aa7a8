import { assert, assertEquals, assertRejects } from "../../../deps.ts";
import { startRedisCluster } from "../../../support/servers/redis_cluster.ts";
import { RespError } from "../../../support/clients/resp_client.ts";

Deno.test("redis cluster: slots spread, replicas follow, slots move whole and in part", async () => {
  await using cluster = await startRedisCluster();
  const [first, second] = cluster.masters;
  assertEquals(cluster.nodes.length, 6);
  assertEquals(await cluster.slotOf("foo"), 12_182);
  assertEquals(await cluster.ownerOf(0), first);
  assertEquals(await cluster.ownerOf(16_383), cluster.masters[2]);
  const [replica] = cluster.replicasOf(first!);
  assertEquals(await replica!.masterId(), first!.id);

  const slot = await cluster.slotOf("bar");
  assertEquals(await cluster.ownerOf(slot), first);
  assertEquals(await first!.call("SET", "bar", "1"), "OK");
  const migration = await cluster.beginMigration(slot, second!);
  await assertRejects(
    () => first!.call("GET", "{bar}none"),
    RespError,
    `ASK ${slot} ${second!.address}`,
  );
  assertEquals(await first!.call("GET", "bar"), "1");
  await migration.moveKeys(["bar"]);
  await assertRejects(() => first!.call("GET", "bar"), RespError, `ASK ${slot}`);
  await migration.finish();
  assertEquals(await cluster.ownerOf(slot), second);
  assertEquals(await second!.call("GET", "bar"), "1");
  for (const master of [first!, cluster.masters[2]!]) {
    await assertRejects(
      () => master.call("GET", "bar"),
      RespError,
      `MOVED ${slot} ${second!.address}`,
    );
  }
  await cluster.migrateSlot(slot, first!);
  assertEquals(await first!.call("GET", "bar"), "1");
});

Deno.test("redis cluster: failover by hand, takeover of a killed master, and its return", async () => {
  await using cluster = await startRedisCluster({ masterCount: 3, replicaCount: 1 });
  const master = cluster.masters[0]!;
  const replica = cluster.replicas[0]!;
  await cluster.failover(replica);
  assertEquals(await cluster.ownerOf(0), replica);
  await cluster.settled();

  await replica.kill();
  assert(!replica.isRunning);
  await cluster.failover(master, "TAKEOVER");
  assertEquals(await cluster.ownerOf(0), master);
  await replica.start();
  await cluster.settled();
  assertEquals(await replica.role(), "slave");
});
