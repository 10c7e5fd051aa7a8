/**
 * A client that was held back and sent on, or ended, meanwhile.
 *
 * @module
 */
import { CoreRig } from "../../support/core_rig.ts";
import { turn } from "../../support/fake_tcp_conn.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("requests held back behind an early answer are served before a half-closed client is closed", async () => {
  using rig = new CoreRig({ sessionLimits: { pipelineMax: 1 } });
  const { conn } = rig.client();
  await conn.receives("get a0\necho early\nget b0\n");
  const backend = await rig.accept(0);
  assertEquals(backend.takeWritten(), "get a0\n");
  await conn.ends();
  await backend.receives("A\n");
  await turn();
  assertEquals(conn.isClosed, false);
  assertEquals(backend.takeWritten(), "get b0\n");
  await backend.receives("B\n");
  assertEquals(conn.takeWritten(), "A\nearly\nB\n");
  assertEquals(conn.isClosed, true);
  await rig.ends();
});
