/**
 * Workers ask each other: every answer that comes in time counts, and nobody waits for ever.
 *
 * @module
 */
import { ANSWER_TIMEOUT_MS, ClusterPeers } from "../../../src/cluster/cluster_peers.ts";
import { RecordingClusterContext } from "../../support/fakes/recording_cluster_context.ts";
import { assertEquals } from "../../deps.ts";

/** The answers to a question. */
function ask(peer: ClusterPeers, topic: string, body: unknown): Promise<unknown[]> {
  return new Promise((resolve) => peer.ask(topic, body, resolve));
}

/** As many workers of one cluster, and the supervisor between them. */
function workers(count: number) {
  const contexts = Array.from(
    { length: count },
    (_, number) => new RecordingClusterContext({ thread: count }, number),
  );
  const peers = contexts.map((context) => new ClusterPeers(context));
  /** Carries what was posted, until nobody posts any more. */
  const carry = () => {
    for (let moved = true; moved;) {
      moved = false;
      for (const { posted } of contexts) {
        for (const peerMessage of posted.splice(0)) {
          moved = true;
          peers.forEach((peer, number) => {
            if (peerMessage.to === null ? number !== peerMessage.from : number === peerMessage.to) {
              peer.hear(peerMessage);
            }
          });
        }
      }
    }
  };
  return { contexts, peers, carry };
}

Deno.test("what one tells all others hear, each once", () => {
  const { peers, carry } = workers(3);
  const heard: unknown[] = [];
  peers.forEach((peer, number) => peer.on("topic", (body) => heard.push([number, body])));
  peers[1]!.tell("topic", { key: "k" });
  carry();
  assertEquals(heard, [[0, { key: "k" }], [2, { key: "k" }]]);
});

Deno.test("a question is answered by all others", async () => {
  const { peers, carry } = workers(3);
  peers.forEach((peer, number) => peer.on("double", (body) => 2 * (body as number) + number));
  const answers = ask(peers[0]!, "double", 10);
  carry();
  assertEquals((await answers).sort(), [21, 22]);
});

Deno.test("who has nobody to ask has the answer at once", async () => {
  const { peers, contexts } = workers(1);
  peers[0]!.tell("topic", 1);
  assertEquals([await ask(peers[0]!, "topic", 1), contexts[0]!.posted], [[], []]);
});

Deno.test("a worker that does not know a topic says nothing, but answers", async () => {
  const { peers, carry } = workers(2);
  const answers = ask(peers[0]!, "unheard of", null);
  carry();
  assertEquals(await answers, [undefined]);
});

Deno.test("nobody waits for workers that are gone, nor when it ends itself", async () => {
  const { contexts, peers } = workers(2);
  const answers = ask(peers[0]!, "topic", null);
  peers[0]!.stop();
  assertEquals(await answers, []);
  const late = ask(peers[1]!, "topic", null);
  contexts[1]!.clock.advance(ANSWER_TIMEOUT_MS);
  assertEquals(await late, []);
});

Deno.test("a cluster that takes the place of another takes no answer to the other's question", async () => {
  const { contexts, peers } = workers(2);
  const successor = new ClusterPeers(contexts[0]!);
  const [answered, other] = [ask(peers[0]!, "a", 1), ask(successor, "b", 2)];
  const [first, second] = contexts[0]!.posted;
  for (const peer of [peers[0]!, successor]) {
    for (const [peerMessage, body] of [[first!, "of a"], [second!, "of b"]] as const) {
      peer.hear({ ...peerMessage, body, from: 1, to: 0, isAnswer: true });
    }
  }
  assertEquals([await answered, await other], [["of a"], ["of b"]]);
});
