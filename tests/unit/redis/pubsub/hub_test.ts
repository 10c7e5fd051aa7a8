/**
 * Messages reach each subscriber once, wherever topics are subscribed and whatever moves.
 *
 * @module
 */
import { failures } from "../../../../src/failure.ts";
import { Redirection } from "../../../../src/router/router.ts";
import { assertEquals } from "../../../deps.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { PubsubScene, pushed, said } from "./scene.ts";

Deno.test("one subscription at the backend serves all clients, each in its form", async () => {
  using scene = new PubsubScene();
  const first = new LocalRigClient();
  scene.ask(first, "SUBSCRIBE", "a0");
  const conn = await scene.accept(0);
  await conn.receives(said("subscribe", "a0", 1));
  const second = await scene.subscribed(conn, 3, "a0");
  assertEquals(conn.written, said("subscribe", "a0"));
  await conn.receives(said("message", "a0", "one") + said("message", "a0", "two"));
  assertEquals(first.pushes, [said("message", "a0", "one"), said("message", "a0", "two")]);
  assertEquals(second.pushes, [pushed("message", "a0", "one"), pushed("message", "a0", "two")]);
  assertEquals(scene.rig.metrics.messagesDelivered, 4);
  await scene.ends();
});

Deno.test("a client that is closed by a message does not keep it from the others", async () => {
  using scene = new PubsubScene();
  const slow = new LocalRigClient();
  slow.push = () => slow.close(failures.clientOutputLimit);
  scene.ask(slow, "SUBSCRIBE", "a0");
  const conn = await scene.accept(0);
  await conn.receives(said("subscribe", "a0", 1));
  const other = await scene.subscribed(conn, 2, "a0");
  await conn.receives(said("message", "a0", "x"));
  assertEquals([slow.closedBy, other.pushes.length], [failures.clientOutputLimit, 1]);
  scene.ask(other, "PUBSUB", "NUMSUB", "a0");
  await scene.ends();
});

Deno.test("a pool: a pattern is confirmed when every server has it", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  scene.ask(client, "PSUBSCRIBE", "a*");
  const conns = [await scene.accept(0), await scene.accept(1)];
  await conns[0]!.receives(said("psubscribe", "a*", 1));
  assertEquals(client.replies, []);
  await conns[1]!.receives(said("psubscribe", "a*", 1));
  assertEquals(client.replies, [said("psubscribe", "a*", 1)]);
  for (const [index, conn] of conns.entries()) {
    await conn.receives(said("pmessage", "a*", `a${index}`, "x"));
  }
  assertEquals(client.pushes, ["a0", "a1"].map((name) => said("pmessage", "a*", name, "x")));
  await scene.ends();
});

Deno.test("a pool: a channel moves with its hash, and is given up at the former server last", async () => {
  using scene = new PubsubScene();
  const client = new LocalRigClient();
  scene.ask(client, "SUBSCRIBE", "a0");
  const former = await scene.accept(0);
  await former.receives(said("subscribe", "a0", 1));
  const { router } = scene.rig;
  const backendAt = router.backendAt.bind(router);
  router.backendAt = (place) => backendAt(place === 0 ? 1 : place);
  router.epoch += 1;
  scene.rig.clock.advance(50);
  const latter = await scene.accept(1);
  assertEquals(latter.written, said("subscribe", "a0"));
  await former.receives(said("message", "a0", "still here"));
  assertEquals(former.written, said("subscribe", "a0"));
  await latter.receives(said("subscribe", "a0", 1), said("message", "a0", "now here"));
  await turn();
  assertEquals(former.written, said("subscribe", "a0") + said("unsubscribe", "a0"));
  await former.receives(said("message", "a0", "too late"));
  assertEquals(client.pushes.length, 2);
  assertEquals(scene.rig.metrics.subscriptionGaps, 1);
  await scene.ends();
});

Deno.test("a cluster: what all nodes have is taken from one, events of keys from each", async () => {
  using scene = new PubsubScene({ isCluster: true });
  const client = new LocalRigClient();
  scene.ask(client, "PSUBSCRIBE", "*1");
  const conns = [await scene.accept(0), await scene.accept(1)];
  for (const conn of conns) await conn.receives(said("psubscribe", "*1", 1));
  for (const [index, conn] of conns.entries()) {
    await conn.receives(
      said("pmessage", "*1", "news1", "x"),
      said("pmessage", "*1", "__keyspace@0__:a1", `at ${index}`),
    );
  }
  assertEquals(client.pushes, [
    said("pmessage", "*1", "__keyspace@0__:a1", "at 0"),
    said("pmessage", "*1", "news1", "x"),
    said("pmessage", "*1", "__keyspace@0__:a1", "at 1"),
  ]);
  // The home is lost: another node, which has it already, takes over at once.
  await conns[1]!.ends();
  await conns[0]!.receives(said("pmessage", "*1", "news1", "y"));
  assertEquals(client.pushes[3], said("pmessage", "*1", "news1", "y"));
  assertEquals(scene.rig.metrics.subscriptionGaps, 1);
  await scene.rig.accept(1);
  await scene.ends();
});

Deno.test("a cluster: a channel whose node is lost goes to another", async () => {
  using scene = new PubsubScene({ isCluster: true });
  const client = new LocalRigClient();
  scene.ask(client, "SUBSCRIBE", "a0");
  const conn = await scene.accept(0);
  await conn.receives(said("subscribe", "a0", 1));
  await conn.ends();
  await scene.rig.refuse(0);
  const other = await scene.accept(1);
  await other.receives(said("subscribe", "a0", 1), said("message", "a0", "x"));
  assertEquals(client.pushes, [said("message", "a0", "x")]);
  assertEquals(
    scene.rig.records.map(({ message }) => message).includes(
      "Subscriptions interrupted: messages are missed until they are renewed",
    ),
    true,
  );
  await scene.ends();
});

Deno.test("a cluster: a shard channel follows MOVED, and its client hears nothing of it", async () => {
  using scene = new PubsubScene({ isCluster: true });
  const { router } = scene.rig;
  let owner = 0;
  router.backendAt = () => scene.rig.backends[owner]!;
  router.onLearn = (reply) => {
    if (!reply.startsWith("-MOVED")) return Redirection.None;
    owner = 1;
    return Redirection.Moved;
  };
  const client = new LocalRigClient();
  scene.ask(client, "SSUBSCRIBE", "a0");
  const former = await scene.accept(0);
  await former.receives(said("ssubscribe", "a0", 1), said("sunsubscribe", "a0", 0));
  await turn();
  assertEquals(former.written, said("ssubscribe", "a0").repeat(2), "it may not know yet");
  await former.receives("-MOVED 0 10.0.0.1:7001\r\n");
  const latter = await scene.accept(1);
  assertEquals(latter.written, said("ssubscribe", "a0"));
  await latter.receives(said("ssubscribe", "a0", 1), said("smessage", "a0", "x"));
  assertEquals(client.replies, [said("ssubscribe", "a0", 1)]);
  assertEquals(client.pushes, [said("smessage", "a0", "x")]);
  assertEquals(scene.rig.metrics.subscriptionGaps, 1);
  await scene.ends();
});

Deno.test("nodes that redirect to each other are asked at a slow pace in the end", async () => {
  using scene = new PubsubScene({ isCluster: true });
  const { router } = scene.rig;
  router.onLearn = () => Redirection.Moved;
  const client = new LocalRigClient();
  scene.ask(client, "SSUBSCRIBE", "a0");
  const conn = await scene.accept(0);
  for (let count = 0; count < 10; count++) {
    if (conn.written === said("ssubscribe", "a0").repeat(count + 1)) {
      await conn.receives("-MOVED 0 10.0.0.1:7000\r\n");
    }
  }
  assertEquals(conn.written, said("ssubscribe", "a0").repeat(6));
  scene.rig.clock.advance(50);
  await turn();
  assertEquals(conn.written, said("ssubscribe", "a0").repeat(7));
  await conn.receives(said("ssubscribe", "a0", 1));
  assertEquals(client.replies, [said("ssubscribe", "a0", 1)]);
  await scene.ends();
});
