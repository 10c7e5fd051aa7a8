import { BELIEVED_MS, ProxyCounters } from "../../../../src/redis/server/proxy_counts.ts";
import { assertEquals } from "../../../deps.ts";
import { infoSource } from "../../../support/rigs/local_rig.ts";
import { RigPeers } from "../../../support/rigs/redis_context.ts";

function scene() {
  const peers = new RigPeers();
  let nowMs = 0;
  const counted = { requests: 11 };
  const source = { ...infoSource, requests: () => counted.requests };
  const counters = new ProxyCounters(source, peers, () => nowMs);
  const tell = () => {
    let told: unknown = null;
    counters.tell(({ clientsConnected, clientsAccepted, requests }) => {
      told = [clientsConnected, clientsAccepted, requests];
    });
    return told;
  };
  return { peers, counted, counters, tell, advance: (ms: number) => nowMs += ms };
}

Deno.test("the counts of all workers are summed, and others are asked once a second", () => {
  const { peers, tell, advance } = scene();
  assertEquals(tell(), [3, 5, 11]);
  peers.count = 2;
  const { clientsConnected, clientsBlocked, clientsAccepted, requests, errorReplies } = {
    clientsConnected: 1,
    clientsBlocked: 0,
    clientsAccepted: 2,
    requests: 100,
    errorReplies: 0,
  };
  peers.answers = [
    { clientsConnected, clientsBlocked, clientsAccepted, requests, errorReplies },
    undefined,
  ];
  assertEquals([tell(), tell()], [[4, 7, 111], [4, 7, 111]]);
  assertEquals(peers.told.length, 1);
  advance(BELIEVED_MS);
  tell();
  assertEquals(peers.told.length, 2);
});

Deno.test("after a reset it is counted anew, connections excepted, and others are told", () => {
  const { peers, counted, counters, tell } = scene();
  counters.reset(() => {});
  counted.requests = 15;
  assertEquals(tell(), [3, 0, 4]);
  let isReset = false;
  counters.onReset(() => isReset = true);
  counted.requests = 20;
  peers.handlers.get("info reset")!(null);
  assertEquals([isReset, tell()], [true, [3, 0, 0]]);
  peers.count = 1;
  let isDone = false;
  counters.reset(() => isDone = true);
  assertEquals([isDone, peers.told.at(-1)?.topic], [true, "info reset"]);
});
