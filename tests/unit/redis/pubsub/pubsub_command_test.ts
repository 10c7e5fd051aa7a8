/**
 * PUBSUB counts the clients of all workers.
 *
 * @module
 */
import { assertEquals, assertMatch } from "../../../deps.ts";
import { LocalRigClient } from "../../../support/local_rig.ts";
import { PubsubScene, said } from "./scene.ts";

async function subscribedScene() {
  const scene = new PubsubScene();
  const client = new LocalRigClient();
  scene.ask(client, "SUBSCRIBE", "a0", "b0");
  const conn = await scene.accept(0);
  await conn.receives(said("subscribe", "a0", 1), said("subscribe", "b0", 2));
  scene.ask(client, "SSUBSCRIBE", "s0");
  await conn.receives(said("ssubscribe", "s0", 1));
  await scene.subscribed(conn, 2, "a0");
  return scene;
}

Deno.test("alone it answers at once", async () => {
  using scene = await subscribedScene();
  const asker = new LocalRigClient(3);
  scene.ask(asker, "PUBSUB", "CHANNELS");
  scene.ask(asker, "PUBSUB", "channels", "[ax]*");
  scene.ask(asker, "PUBSUB", "NUMSUB", "b0", "a0", "x");
  scene.ask(asker, "PUBSUB", "NUMSUB");
  scene.ask(asker, "PUBSUB", "NUMPAT");
  scene.ask(asker, "PUBSUB", "SHARDCHANNELS");
  scene.ask(asker, "PUBSUB", "SHARDNUMSUB", "s0", "a0");
  assertEquals(asker.replies, [
    said("a0", "b0"),
    said("a0"),
    said("b0", 1, "a0", 2, "x", 0),
    "*0\r\n",
    ":0\r\n",
    said("s0"),
    said("s0", 1, "a0", 0),
  ]);
  await scene.ends();
});

Deno.test("what other workers have is added, each name once", async () => {
  using scene = await subscribedScene();
  scene.peers.count = 2;
  scene.peers.answers = [[["a0", 5], ["c0", 1]], undefined];
  const asker = new LocalRigClient();
  scene.ask(asker, "PUBSUB", "CHANNELS");
  scene.ask(asker, "PUBSUB", "NUMSUB", "a0", "c0");
  scene.ask(asker, "PUBSUB", "NUMPAT");
  assertEquals(asker.replies, [said("a0", "b0", "c0"), said("a0", 7, "c0", 1), ":2\r\n"]);
  const handler = scene.peers.handlers.get("pubsub")!;
  assertEquals(handler({ kind: 0, names: ["a0", "x"], pattern: null }), [["a0", 2]]);
  assertEquals(handler({ kind: 0, names: null, pattern: "b*" }), [["b0", 1]]);
  await scene.ends();
});

Deno.test("what it does not know is answered in Redis's words", () => {
  using scene = new PubsubScene();
  const asker = new LocalRigClient();
  for (
    const words of [["nosuch"], ["NUMPAT", "x"], ["CHANNELS", "a", "b"], ["HELP", "x"], ["HELP"]]
  ) scene.ask(asker, "PUBSUB", ...words);
  assertEquals(asker.replies.slice(0, 4), [
    "-ERR unknown subcommand 'nosuch'. Try PUBSUB HELP.\r\n",
    "-ERR wrong number of arguments for 'pubsub|numpat' command\r\n",
    "-ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.\r\n",
    "-ERR wrong number of arguments for 'pubsub|help' command\r\n",
  ]);
  assertMatch(asker.replies[4]!, /^\*14\r\n\+PUBSUB <subcommand> /);
});
