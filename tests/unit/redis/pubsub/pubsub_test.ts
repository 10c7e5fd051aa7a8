/**
 * Subscribing and its opposite, as one client sees it.
 *
 * @module
 */
import { stageOf, StageRank } from "../../../../src/redis/core/stage_chain.ts";
import { CLIENT_SUBSCRIPTIONS_MAX } from "../../../../src/redis/pubsub/pubsub.ts";
import type { LocalRequest } from "../../../../src/redis/core/local_request.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { PubsubScene, pushed, said } from "./scene.ts";

Deno.test("a client is told when the backends have confirmed, all at once and in order", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  scene.ask(client, "SUBSCRIBE", "a0", "a1", "b0");
  const [conn0, conn1] = [await scene.accept(0), await scene.accept(1)];
  assertEquals(conn0.written, said("subscribe", "a0") + said("subscribe", "b0"));
  assertEquals(conn1.written, said("subscribe", "a1"));
  await conn0.receives(said("subscribe", "a0", 1), said("message", "a0", "too early"));
  await conn0.receives(said("subscribe", "b0", 2));
  assertEquals(client.replies, []);
  await conn1.receives(said("subscribe", "a1", 1));
  assertEquals(client.replies, [
    said("subscribe", "a0", 1) + said("subscribe", "a1", 2) + said("subscribe", "b0", 3),
  ]);
  await conn0.receives(said("message", "b0", "hello"));
  assertEquals(client.pushes, [said("message", "b0", "hello")]);
  // What is confirmed already is confirmed at once.
  scene.ask(client, "SUBSCRIBE", "a1");
  const other = new LocalRigClient(3);
  scene.ask(other, "SUBSCRIBE", "a1", "a1");
  assertEquals(client.replies[1], said("subscribe", "a1", 3));
  assertEquals(other.replies, [pushed("subscribe", "a1", 1).repeat(2)]);
  await scene.ends();
});

Deno.test("unsubscribing is answered at once, and by a null where there is nothing", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  scene.ask(client, "UNSUBSCRIBE");
  scene.ask(client, "PUNSUBSCRIBE", "x");
  assertEquals(client.replies, [
    "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n",
    said("punsubscribe", "x", 0),
  ]);
  scene.ask(client, "SUBSCRIBE", "a0", "b0", "c0");
  const conn = await scene.accept(0);
  await conn.receives(...["a0", "b0", "c0"].map((name) => said("subscribe", name, 1)));
  assertEquals(stageOf(client, StageRank.Subscriptions) === null, false);
  scene.ask(client, "UNSUBSCRIBE", "b0", "x");
  scene.ask(client, "UNSUBSCRIBE");
  assertEquals(client.replies.slice(3), [
    said("unsubscribe", "b0", 2) + said("unsubscribe", "x", 2),
    said("unsubscribe", "a0", 1) + said("unsubscribe", "c0", 0),
  ]);
  assertEquals(client.stage, null);
  await conn.receives(said("message", "a0", "too late"));
  assertEquals(client.pushes, []);
  assertEquals(
    conn.written.slice(-3 * said("unsubscribe", "b0").length),
    ["b0", "a0", "c0"].map((name) => said("unsubscribe", name)).join(""),
  );
  await scene.ends();
});

Deno.test("an error of a backend, or its loss, subscribes to nothing", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  scene.ask(client, "SUBSCRIBE", "a0", "a1");
  const conn0 = await scene.accept(0);
  await conn0.receives(said("subscribe", "a0", 1));
  await scene.rig.refuse(1);
  assertEquals(client.replies, ["failed: connect_refused 10.0.0.1:7001"]);
  assertEquals([client.stage, scene.rig.metrics.failures.reduce((sum, one) => sum + one)], [
    null,
    1,
  ]);
  scene.ask(client, "SUBSCRIBE", "b1");
  assertEquals(client.replies[1], "failed: connect_refused 10.0.0.1:7001", "it is in back-off");
  scene.ask(client, "SSUBSCRIBE", "x0");
  await conn0.receives(said("unsubscribe", "a0", 0), "-NOPERM no\r\n");
  assertEquals(client.replies[2], "-NOPERM no\r\n");
  scene.ask(client, "SUBSCRIBE", "a9");
  assertEquals(client.replies[3], "failed: no_backend ");
  await conn0.receives(said("message", "a0", "x"));
  assertEquals([client.pushes, client.stage], [[], null]);
  await scene.ends();
});

Deno.test("a confirmation that does not come in time is an error", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  scene.ask(client, "SUBSCRIBE", "a0");
  const conn = await scene.accept(0);
  scene.rig.clock.advance(990);
  assertEquals([client.replies, conn.isClosed], [[], false]);
  scene.rig.clock.advance(20);
  await turn();
  assertEquals(client.replies, ["failed: backend_timeout 10.0.0.1:7000"]);
  assertEquals(conn.isClosed, true, "a silent connection is given up");
  await scene.ends();
});

Deno.test("a backend that cannot be connected to in time is an error", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  scene.ask(client, "SUBSCRIBE", "a0");
  scene.rig.clock.advance(scene.rig.context.limits.dialTimeoutMs - 1);
  assertEquals(client.replies, []);
  scene.rig.clock.advance(1);
  await turn();
  assertEquals(client.replies, ["failed: connect_timeout 10.0.0.1:7000"]);
  assertEquals(client.stage, null);
  await scene.ends();
});

Deno.test("a client that leaves takes what it waits for along", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  scene.ask(client, "SUBSCRIBE", "a0");
  const conn = await scene.accept(0);
  client.stage!.onClose();
  client.stage = null;
  client.late[0]!.isDue = false;
  await conn.receives(said("subscribe", "a0", 1));
  assertEquals([client.replies, client.stage], [[], null]);
  assertEquals(conn.written, said("subscribe", "a0") + said("unsubscribe", "a0"));
  await scene.ends();
});

Deno.test("CLIENT REPLY OFF silences no confirmation", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  client.isMuted = true;
  scene.ask(client, "SUBSCRIBE", "a0");
  const conn = await scene.accept(0);
  await conn.receives(said("subscribe", "a0", 1));
  scene.ask(client, "UNSUBSCRIBE");
  assertEquals(client.pushes, [said("subscribe", "a0", 1), said("unsubscribe", "a0", 0)]);
  await scene.ends();
});

Deno.test("shard channels of one request share a slot in a cluster, and are counted apart", async () => {
  using scene = new PubsubScene({ isCluster: true });
  const client = new LocalRigClient();
  scene.ask(client, "SSUBSCRIBE", "a0", "a1");
  assertEquals(client.replies, ["-CROSSSLOT Keys in request don't hash to the same slot\r\n"]);
  scene.ask(client, "SSUBSCRIBE", "a0", "b0");
  const conn = await scene.accept(0);
  await conn.receives(said("ssubscribe", "a0", 1), said("ssubscribe", "b0", 2));
  scene.ask(client, "SUBSCRIBE", "c0");
  await conn.receives(said("subscribe", "c0", 1));
  assertEquals(client.replies.slice(1), [
    said("ssubscribe", "a0", 1) + said("ssubscribe", "b0", 2),
    said("subscribe", "c0", 1),
  ]);
  await scene.ends();
});

Deno.test("the subscriptions of one client are bounded by number", () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  const argumentCount = CLIENT_SUBSCRIPTIONS_MAX + 2;
  const frame = { argumentCount, start: 0, end: 0, offsets: new Int32Array(2 * argumentCount) };
  const request = { client, frame } as unknown as LocalRequest;
  const reply = scene.pubsub.answers.subscribe(request)!;
  client.reply(reply);
  assertMatch(client.replies[0]!, /^-ERR too many subscriptions: a client may have 100000\r\n$/);
  assertEquals(client.stage, null);
});
