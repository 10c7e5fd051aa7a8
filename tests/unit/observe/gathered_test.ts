import { Gathered } from "../../../src/observe/gathered.ts";
import { assertEquals } from "../../deps.ts";
import { RigPeers } from "../../support/rigs/redis_context.ts";

function gathered() {
  const own = {
    list: ["own"],
    entries: (count: number) => own.list.slice(0, count),
    get length() {
      return own.list.length;
    },
    reset: () => own.list = [],
  };
  const peers = new RigPeers();
  return { own, peers, list: new Gathered<string>("list", peers, own) };
}

Deno.test("the parts of all workers are gathered; who says nothing is left out", () => {
  const { peers, list } = gathered();
  peers.answers = [["other"], undefined];
  const heard: unknown[] = [];
  list.all(5, (parts) => heard.push(parts));
  assertEquals(heard, [[["own"], ["other"]]]);
  assertEquals(peers.told, [{ topic: "list entries", body: 5 }]);
  assertEquals(peers.handlers.get("list entries")!(5), ["own"]);
  assertEquals(peers.handlers.get("list entries")!(0), []);
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

Deno.test("the lengths of all parts are added up without the parts", () => {
  const { peers, list } = gathered();
  peers.answers = [4, undefined, 2];
  const heard: number[] = [];
  list.count((count) => heard.push(count));
  assertEquals([heard, peers.handlers.get("list length")!(null)], [[7], 1]);
});
