/**
 * What a subscriber may send, and what becomes of its subscriptions.
 *
 * @module
 */
import { failures } from "../../../../src/failure.ts";
import { PROFILES } from "../../../../src/protocol/protocol.ts";
import { Verdict } from "../../../../src/session/stages.ts";
import { assertEquals } from "../../../deps.ts";
import { frameOf, LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { PubsubScene, said } from "./scene.ts";

const REFUSED = "only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET " +
  "are allowed in this context\r\n";

async function scene() {
  const made = new PubsubScene();
  const first = new LocalRigClient();
  made.ask(first, "SUBSCRIBE", "a0");
  const conn = await made.accept(0);
  await conn.receives(said("subscribe", "a0", 1));
  first.replies.length = 0;
  return { made, client: first, conn };
}

function verdict(client: LocalRigClient, ...words: string[]) {
  const { frame, bytes } = frameOf(words);
  return client.stage!.onRequest(client, frame, bytes);
}

Deno.test("in RESP2 few commands are allowed, and PING has another form", async () => {
  const { made, client } = await scene();
  using _ = made;
  for (const words of [["GET", "x"], ["config", "Get", "x"], ["COMMAND"], ["EXEC"]]) {
    assertEquals(verdict(client, ...words), Verdict.Handled, words.join(" "));
  }
  assertEquals(client.replies, [
    `-ERR Can't execute 'get': ${REFUSED}`,
    `-ERR Can't execute 'config|get': ${REFUSED}`,
    `-ERR Can't execute 'command': ${REFUSED}`,
    `-EXECABORT Transaction discarded because of: Can't execute 'exec': ${REFUSED}`,
  ]);
  for (const words of [["NOSUCH"], ["GET"], ["subscribe", "x"], ["RESET"]]) {
    assertEquals(verdict(client, ...words), Verdict.Pass, words.join(" "));
  }
  client.replies.length = 0;
  for (const words of [["PING"], ["ping", "x"], ["PING", "x", "y"]]) verdict(client, ...words);
  assertEquals(client.replies, [
    said("pong", ""),
    said("pong", "x"),
    "-ERR wrong number of arguments for 'ping' command\r\n",
  ]);
  client.profiles = PROFILES[3];
  assertEquals(verdict(client, "GET", "x"), Verdict.Pass);
  await made.ends();
});

Deno.test("nothing comes behind QUIT; who sends no more is a subscriber until it is closed", async () => {
  const { made, client, conn } = await scene();
  using _ = made;
  const other = await made.subscribed(conn, 3, "a0");
  await conn.receives(said("message", "a0", "x"));
  assertEquals(verdict(client, "QUIT"), Verdict.Pass);
  await conn.receives(said("message", "a0", "y"));
  assertEquals(other.stage!.onInputEnd(), false);
  await conn.receives(said("message", "a0", "z"));
  assertEquals([client.pushes.length, other.pushes.length], [1, 3]);
  other.profiles = PROFILES[2];
  assertEquals(verdict(other, "SET", "k", "v"), Verdict.Handled);
  other.close(failures.clientReset);
  await conn.receives(said("message", "a0", "late"));
  assertEquals(other.pushes.length, 3);
  assertEquals(conn.written.endsWith(said("unsubscribe", "a0")), true);
  await made.ends();
});

Deno.test("who leaves is subscribed to nothing any more, and others are not touched", async () => {
  const { made, client, conn } = await scene();
  using _ = made;
  const other = await made.subscribed(conn, 3, "a0");
  await made.subscribe(other, conn, "b0");
  const subscriptions = () => made.rig.metrics.channelSubscriptions;
  assertEquals(subscriptions(), 3);
  const before = conn.written;
  client.close(failures.clientReset);
  assertEquals(conn.written, before, "somebody else has it still");
  await conn.receives(said("message", "a0", "x"));
  assertEquals([client.pushes.length, other.pushes.length], [0, 1]);
  other.close(failures.clientReset);
  await conn.receives(said("message", "a0", "y"));
  assertEquals(
    conn.written.slice(before.length),
    said("unsubscribe", "a0") + said("unsubscribe", "b0"),
  );
  assertEquals(other.pushes.length, 1);
  assertEquals(subscriptions(), 0);
  await made.ends();
});

Deno.test("clients have what their subscriptions take among them, and what a request of theirs takes", async () => {
  using scene = new PubsubScene();
  const [one, other] = [new LocalRigClient(3), new LocalRigClient(3)];
  scene.ask(one, "SUBSCRIBE", "a0", "b0", "c0");
  const conn = await scene.accept(0);
  for (const [index, name] of ["a0", "b0", "c0"].entries()) {
    await conn.receives(said("subscribe", name, index + 1));
  }
  scene.ask(other, "SUBSCRIBE", "a0");
  const held = [one, other].map(({ stage }) => stage!.heldBytes!);
  assertEquals([held[0]! + held[1]!, held[0]! / held[1]!], [scene.byteCount, 3]);
  scene.ask(other, "SUBSCRIBE", "d0");
  await turn();
  assertEquals(other.stage!.heldBytes! > held[1]!, true);
  one.stage!.onClose();
  await turn();
  assertEquals(one.stage!.heldBytes, 0);
  await scene.ends();
});
