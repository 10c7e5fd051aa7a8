/**
 * What is pushed to a client may be written some turns later, and is bounded as replies are.
 *
 * @module
 */
import { failures } from "../../../src/failure.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { turn } from "../../support/fakes/fake_tcp_conn.ts";
import { assertEquals } from "../../deps.ts";

const message = new TextEncoder().encode(">message\n");

Deno.test("a write that comes some turns later has its deadline all the same", async () => {
  using rig = new CoreRig();
  const { flushQueue } = rig.engine;
  const { session, conn } = rig.client();
  conn.takesWrites = false;
  flushQueue.isDriven = true;
  session.push(message);
  // Ticks that find nothing in flight yet.
  rig.clock.advance(200);
  flushQueue.endTurn();
  flushQueue.isDriven = false;
  assertEquals([conn.writing, conn.isClosed], [">message\n", false]);
  rig.clock.advance(3_000);
  await turn();
  assertEquals(conn.isClosed, true);
  await rig.ends();
});

Deno.test("a backlog above the limit closes the client, one message above it does not", async () => {
  using rig = new CoreRig({ sessionLimits: { outputBytesMax: 4 } });
  const { session, conn } = rig.client();
  conn.takesWrites = false;
  session.push(message);
  await turn();
  assertEquals(conn.isClosed, false);
  session.push(message);
  await turn();
  assertEquals(conn.isClosed, true);
  await rig.ends();
});

Deno.test("what is shared is written as it is, between what is copied, to each client", async () => {
  using rig = new CoreRig();
  const shared = new TextEncoder().encode(">large\n");
  const clients = [rig.client(), rig.client()];
  for (const { session } of clients) {
    session.push(message);
    session.push(shared, 0, shared.length, true);
    session.push(message);
  }
  await turn();
  for (const { session, conn } of clients) {
    for (let writes = 0; writes < 3; writes++) await turn();
    assertEquals(conn.written, ">message\n>large\n>message\n");
    session.close(failures.clientReset);
  }
  assertEquals(new TextDecoder().decode(shared), ">large\n");
  await rig.ends();
});
