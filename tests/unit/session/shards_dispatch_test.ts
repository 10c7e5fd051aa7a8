import { FRAGMENTS_IN_FLIGHT_MAX } from "../../../src/session/split_window.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { turn } from "../../support/fakes/fake_tcp_conn.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("a request for every shard goes to each; its fragments count until they are answered", async () => {
  using rig = new CoreRig();
  const { window } = rig.sessionContext.fanOut;
  const { conn } = rig.client();
  await conn.receives("count\n");
  const backends = [await rig.accept(0), await rig.accept(1)];
  assertEquals(window.inFlight, 2);
  for (const backend of backends) await backend.receives("4\n");
  assertEquals([conn.takeWritten(), window.inFlight], ["8\n", 0]);
  await conn.ends();
  await rig.ends();
});

Deno.test("it waits while too many fragments are in flight, and nothing passes it", async () => {
  using rig = new CoreRig();
  const { window } = rig.sessionContext.fanOut;
  window.inFlight = FRAGMENTS_IN_FLIGHT_MAX;
  const [client, other] = [rig.client(), rig.client()];
  await client.conn.receives("get a0\ncount\nget b0\n");
  const first = await rig.accept(0);
  await other.conn.receives("get c0\n");
  assertEquals(first.takeWritten(), "get a0\nget c0\n");
  await first.receives("A\nC\n");
  assertEquals([client.conn.takeWritten(), other.conn.takeWritten()], ["A\n", "C\n"]);
  while (window.inFlight > 0) window.left();
  await turn();
  const second = await rig.accept(1);
  assertEquals([first.takeWritten(), second.takeWritten()], ["count\nget b0\n", "count\n"]);
  await first.receives("1\nB\n");
  await second.receives("2\n");
  assertEquals(client.conn.takeWritten(), "3\nB\n");
  await client.conn.ends();
  await other.conn.ends();
  await rig.ends();
});

Deno.test("a client that leaves while its request waits has nothing sent", async () => {
  using rig = new CoreRig();
  const { window } = rig.sessionContext.fanOut;
  window.inFlight = FRAGMENTS_IN_FLIGHT_MAX;
  const { conn } = rig.client();
  await conn.receives("count\n");
  await conn.failsRead();
  while (window.inFlight > 0) window.left();
  await turn();
  assertEquals(rig.network.attempts.length, 0);
  await rig.ends();
});
