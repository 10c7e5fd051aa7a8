import { Gathered } from "../../../src/observe/gathered.ts";
import { assertEquals } from "../../deps.ts";
import { RigPeers } from "../../support/redis_context.ts";

function gathered() {
  const own = {
    list: ["own"],
    entries: () => own.list,
    reset: () => own.list = [],
  };
  const peers = new RigPeers();
  return { own, peers, list: new Gathered<string>("list", peers, own) };
}

Deno.test("the parts of all workers are gathered; who says nothing is left out", () => {
  const { peers, list } = gathered();
  peers.answers = [["other"], undefined];
  const heard: unknown[] = [];
  list.all((parts) => heard.push(parts));
  assertEquals(heard, [[["own"], ["other"]]]);
  assertEquals(peers.handlers.get("list entries")!(null), ["own"]);
});

Deno.test("a reset empties all parts, and says so once", () => {
  const { own, peers, list } = gathered();
  let doneCount = 0;
  list.reset(() => doneCount += 1);
  assertEquals([own.list, doneCount, peers.told], [[], 1, [{ topic: "list reset", body: null }]]);
  own.list = ["again"];
  peers.handlers.get("list reset")!(null);
  assertEquals(own.list, []);
});
