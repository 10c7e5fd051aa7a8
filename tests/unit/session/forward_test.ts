import { failures } from "../../../src/failure.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("a request goes to the backend of its key; one that has none fails, and no backend counts it", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("get a1\nget a9\n");
  const backend = await rig.accept(1);
  await backend.receives("A1\n");
  assertEquals(backend.takeWritten(), "get a1\n");
  assertEquals(conn.takeWritten(), "A1\n-no_backend\n");
  const counted = rig.metrics.snapshot([]).failures;
  assertEquals(counted[failures.noBackend.id], 1);
  assertEquals(rig.backends.map(({ failures }) => failures), [0, 0]);
  await conn.ends();
  await rig.ends();
});
