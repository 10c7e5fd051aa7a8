/**
 * PUBSUB counts the clients of all workers.
 *
 * @module
 */
import { assertEquals, assertMatch } from "../../../deps.ts";
import { NameCountsReader, NameCountsWriter } from "../../../../src/redis/pubsub/name_counts.ts";
import { NameList } from "../../../../src/redis/pubsub/name_list.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { localRequest, LocalRigClient } from "../../../support/rigs/local_rig.ts";
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
  scene.ask(asker, "PUBSUB", "NUMSUB", "b0", "a0", "x", "a0");
  scene.ask(asker, "PUBSUB", "NUMSUB");
  scene.ask(asker, "PUBSUB", "NUMPAT");
  scene.ask(asker, "PUBSUB", "SHARDCHANNELS");
  scene.ask(asker, "PUBSUB", "SHARDNUMSUB", "s0", "a0");
  assertEquals(asker.replies, [
    said("a0", "b0"),
    said("a0"),
    said("b0", 1, "a0", 2, "x", 0, "a0", 2),
    "*0\r\n",
    ":0\r\n",
    said("s0"),
    said("s0", 1, "a0", 0),
  ]);
  await scene.ends();
});

/** A list of names, each with a number, as workers send it. */
function listOf(...entries: [string, number][]): Uint8Array {
  const writer = new NameCountsWriter();
  for (const [name, count] of entries) writer.add(name, count);
  return writer.take();
}

function entriesOf(list: unknown): [string, number][] {
  const reader = new NameCountsReader(list as Uint8Array);
  const entries: [string, number][] = [];
  while (reader.next()) entries.push([reader.name, reader.count]);
  return entries;
}

Deno.test("what other workers have is added, each name once", async () => {
  using scene = await subscribedScene();
  scene.peers.count = 2;
  scene.peers.answers = [listOf(["a0", 5], ["c0", 1]), undefined];
  const asker = new LocalRigClient();
  const replies: string[] = [];
  for (const words of [["CHANNELS"], ["NUMSUB", "a0", "c0", "a0"], ["NUMPAT"]]) {
    scene.ask(asker, "PUBSUB", ...words);
    await turn();
    replies.push(...asker.replies.splice(0));
  }
  assertEquals(replies.slice(1), [said("a0", 7, "c0", 1, "a0", 7), ":2\r\n"]);
  assertEquals(replies[0]!.match(/\b[abc]0\b/g)!.toSorted(), ["a0", "b0", "c0"]);
  const handler = scene.peers.laterHandlers.get("pubsub")!;
  const heard: unknown[] = [];
  const names = NameList.ofRequest(localRequest(asker, "NUMSUB", "a0", "x", "a0")).keep();
  handler({ kind: 0, names, pattern: null }, (answer) => heard.push(entriesOf(answer)));
  handler({ kind: 0, names: null, pattern: "b*" }, (answer) => heard.push(entriesOf(answer)));
  assertEquals(heard, [[["a0", 2]], [["b0", 1]]]);
  await scene.ends();
});

Deno.test("very many names are counted in pieces, and told in one reply", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  const names = Array.from({ length: 6_000 }, (_, index) => `n${index}_0`);
  scene.ask(client, "SUBSCRIBE", ...names);
  const conn = await scene.accept(0);
  const asked = () => [...conn.written.matchAll(/\bsubscribe\r\n\$\d+\r\n(\w+)/g)];
  for (let turns = 0; turns < 200 && asked().length < names.length; turns++) await turn();
  await conn.receives(asked().map((match) => said("subscribe", match[1]!, 1)).join(""));
  for (let turns = 0; turns < 200 && client.replies.length === 0; turns++) await turn();
  const asker = new LocalRigClient();
  for (const words of [["CHANNELS"], ["CHANNELS", "n1*"], ["NUMSUB", ...names, "x", "n7_0"]]) {
    scene.ask(asker, "PUBSUB", ...words);
    assertEquals(asker.replies, []);
    for (let turns = 0; turns < 200 && asker.replies.length === 0; turns++) await turn();
    const [reply] = asker.replies.splice(0);
    const expected = words[0] === "NUMSUB"
      ? said(...[...names, "x", "n7_0"].flatMap((name) => [name, name === "x" ? 0 : 1]))
      : null;
    if (expected !== null) assertEquals(reply, expected);
    else {
      const wanted = names.filter((name) => words.length === 1 || name.startsWith("n1"));
      assertEquals(reply!.split("\r\n")[0], `*${wanted.length}`);
      assertEquals(reply!.match(/n\d+_0/g)!.toSorted(), wanted.toSorted());
    }
  }
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
