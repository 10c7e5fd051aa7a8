import { ReplyInParts, WAITING_BYTES_MAX } from "../../../../src/redis/pubsub/reply_in_parts.ts";
import { assertEquals } from "../../../deps.ts";
import { LocalRigClient, textOf } from "../../../support/rigs/local_rig.ts";
import { pushed, said } from "./scene.ts";

Deno.test("what is all there at once is the reply to the request at hand", () => {
  const client = new LocalRigClient();
  const reply = new ReplyInParts(client);
  reply.confirm("subscribe", "a", 1);
  reply.confirm("subscribe", "b", 2);
  assertEquals(textOf(reply.end()!), said("subscribe", "a", 1) + said("subscribe", "b", 2));
  assertEquals(client.late, []);
});

Deno.test("what comes in parts is given in parts, and ends once", () => {
  const client = new LocalRigClient(3);
  const reply = new ReplyInParts(client);
  reply.comesLate();
  reply.confirm("subscribe", "a", 1);
  reply.handOver();
  reply.handOver();
  assertEquals([client.late.length, client.late[0]!.parts], [1, [pushed("subscribe", "a", 1)]]);
  reply.confirm("subscribe", "b", 2);
  assertEquals(reply.end(), null);
  assertEquals(client.replies, [pushed("subscribe", "a", 1) + pushed("subscribe", "b", 2)]);
  client.output.waitingBytes = WAITING_BYTES_MAX + 1;
  assertEquals(reply.isBacklogged, true);
});

Deno.test("a silenced client is told all the same", () => {
  const client = new LocalRigClient();
  client.isMuted = true;
  const reply = new ReplyInParts(client);
  reply.comesLate();
  reply.confirm("subscribe", "a", 1);
  reply.handOver();
  reply.confirm("subscribe", "b", 2);
  reply.end();
  assertEquals(client.pushes, [said("subscribe", "a", 1), said("subscribe", "b", 2)]);
  assertEquals(client.late[0]!.isDue, false);
});
