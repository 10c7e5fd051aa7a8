/**
 * Publish and subscribe in front of a Redis Cluster of three masters: each message once, events of keys from
 * every master, shard channels that follow their slots, and nodes that are lost.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { type LocalProxy, startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { RespError } from "../support/clients/resp_client.ts";
import { bytesOf, RESP3_SEQUENCES, SUBSCRIBER_SEQUENCES } from "./pubsub_sequences.ts";
import { SubscriberClient, told } from "./subscriber_client.ts";

/** One channel for each master. */
const SPREAD = ["a", "b", "c"];

let cluster: RedisCluster;
let proxy: LocalProxy;

Deno.test.beforeAll(async () => {
  cluster = await startRedisCluster({ replicaCount: 3 });
  for (const node of cluster.nodes) {
    await node.call("CONFIG", "SET", "notify-keyspace-events", "KEA");
  }
  proxy = startLocalProxy({ cache_type: "redis_cluster", servers: [cluster.nodes[0]!.address] });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
});

Deno.test.afterAll(async () => {
  proxy[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

/** What a node redirects, or answers of itself. */
const OF_ONE_NODE = /GET|SET|SSUB|SUNSUB|SPUB|CLIENT|PUBSUB|HELLO/i;

Deno.test("subscribers are answered as a node answers them", async () => {
  const node = cluster.masters[0]!;
  const differences: Record<string, { direct: string[]; proxy: string[] }> = {};
  for (const version of [2, 3] as const) {
    const all = version === 2
      ? SUBSCRIBER_SEQUENCES
      : [...SUBSCRIBER_SEQUENCES, ...RESP3_SEQUENCES];
    const sequences = all.filter((sequence) => !OF_ONE_NODE.test(sequence));
    assert(sequences.length > 15);
    for (const sequence of sequences) {
      const direct = await bytesOf(node.port, version, sequence);
      const proxied = await bytesOf(proxy.port, version, sequence);
      if (direct.join() !== proxied.join()) differences[sequence] = { direct, proxy: proxied };
    }
  }
  assertEquals(differences, {});
});

Deno.test("a message comes once, at whatever node it was published", async () => {
  await using subscriber = await SubscriberClient.connect(proxy.port);
  using publisher = await proxy.connect();
  await subscriber.send(["SUBSCRIBE", ...SPREAD], ["PSUBSCRIBE", "*", "[abc]"]);
  await subscriber.take(5);
  const expected: string[] = [];
  for (const channel of SPREAD) {
    const messages = ["proxy", ...cluster.nodes.map((node) => node.address)];
    assert(Number(await publisher.call("PUBLISH", channel, "proxy")) >= 1);
    for (const node of cluster.nodes) await node.call("PUBLISH", channel, node.address);
    for (const message of messages) {
      expected.push(
        JSON.stringify(told(2, "message", channel, message)),
        JSON.stringify(told(2, "pmessage", "*", channel, message)),
        JSON.stringify(told(2, "pmessage", "[abc]", channel, message)),
      );
    }
  }
  const frames = (await subscriber.take(expected.length)).map((frame) => JSON.stringify(frame));
  assertEquals(frames.sort(), expected.sort());
  // What comes behind them all shows that nothing came twice.
  await publisher.call("PUBLISH", "a", "end");
  const last = (await subscriber.take(3)).map((frame) => (frame as string[]).at(-1));
  assertEquals(last, Array(3).fill("$end"));
});

Deno.test("events of keys come from every master, once", async () => {
  await using subscriber = await SubscriberClient.connect(proxy.port, 3);
  using client = await proxy.connect();
  await subscriber.send(
    ["PSUBSCRIBE", "__keyevent@0__:s*", "*"],
    ["SUBSCRIBE", "__keyspace@0__:a"],
  );
  await subscriber.take(3);
  for (const key of SPREAD) await client.call("SET", key, "1");
  const frames = await subscriber.take(3 * 3 + 1);
  assertEquals(
    frames.map((frame) => (frame as string[]).slice(1).join(" ")).sort(),
    [
      "$message $__keyspace@0__:a $set",
      ...SPREAD.flatMap((key) => [
        `$pmessage $* $__keyevent@0__:set $${key}`,
        `$pmessage $* $__keyspace@0__:${key} $set`,
        `$pmessage $__keyevent@0__:s* $__keyevent@0__:set $${key}`,
      ]),
    ].sort(),
  );
  await client.call("PUBLISH", "news", "end");
  assertEquals(await subscriber.take(1), [told(3, "pmessage", "*", "news", "end")]);
  assertEquals(subscriber.frames, []);
});

Deno.test("shard channels go by slot, and those of one request share it", async () => {
  await using subscriber = await SubscriberClient.connect(proxy.port);
  using publisher = await proxy.connect();
  assertEquals(
    await subscriber.ask("SSUBSCRIBE", "a", "b"),
    "-CROSSSLOT Keys in request don't hash to the same slot",
  );
  for (const [index, channel] of SPREAD.entries()) {
    assertEquals(
      await subscriber.ask("SSUBSCRIBE", channel),
      told(2, "ssubscribe", channel, index + 1),
    );
  }
  await subscriber.send(["SSUBSCRIBE", "{a}1", "{a}2"]);
  await subscriber.take(2);
  for (const channel of [...SPREAD, "{a}1"]) {
    assertEquals(await publisher.call("SPUBLISH", channel, "hi"), 1);
    assertEquals(await subscriber.take(1), [told(2, "smessage", channel, "hi")]);
  }
  assertEquals(await publisher.call("PUBSUB", "SHARDNUMSUB", "a", "x"), ["a", 1, "x", 0]);
  await subscriber.send(["SUNSUBSCRIBE"]);
  assertEquals((await subscriber.take(5)).map((frame) => (frame as string[]).at(-1)), [
    ":4",
    ":3",
    ":2",
    ":1",
    ":0",
  ]);
  for (const channel of SPREAD) {
    await until(async () => await publisher.call("SPUBLISH", channel, "x") === 0, {
      what: `${channel} is unsubscribed at its node`,
    });
  }
});

Deno.test("a shard channel follows its slot, and its client notices nothing", async () => {
  const channel = "moving";
  const slot = await cluster.slotOf(channel);
  const source = await cluster.ownerOf(slot);
  const target = cluster.masters.find((master) => master !== source)!;
  await using subscriber = await SubscriberClient.connect(proxy.port, 3);
  await using plain = await SubscriberClient.connect(proxy.port);
  using publisher = await proxy.connect();
  await subscriber.ask("SSUBSCRIBE", channel);
  await plain.ask("SUBSCRIBE", channel);
  for (const [from, to] of [[source, target], [target, source]] as const) {
    const gaps = proxy.metrics().subscriptionGaps;
    await cluster.migrateSlot(slot, to);
    await until(async () => (await to.call("PUBSUB", "SHARDCHANNELS") as string[]).length === 1, {
      what: `${channel} is subscribed at its new owner`,
    });
    assert(proxy.metrics().subscriptionGaps > gaps, "the gap is counted");
    assertEquals(await from.call("PUBSUB", "SHARDCHANNELS"), []);
    assertEquals(await publisher.call("SPUBLISH", channel, to.address), 1);
    assertEquals(await subscriber.take(1), [told(3, "smessage", channel, to.address)]);
    await publisher.call("PUBLISH", channel, to.address);
    assertEquals(await plain.take(1), [told(2, "message", channel, to.address)]);
  }
  assertEquals([...subscriber.frames, ...plain.frames], []);
});

Deno.test("a lost master: its subscriptions go on at other nodes", async () => {
  const master = cluster.masters[2]!;
  const [replica] = cluster.replicasOf(master);
  await using subscriber = await SubscriberClient.connect(proxy.port);
  using publisher = await proxy.connect();
  await subscriber.send(["SUBSCRIBE", ...SPREAD], ["SSUBSCRIBE", "a"], ["PSUBSCRIBE", "*"]);
  await subscriber.take(5);
  await master.kill();
  await cluster.failover(replica!, "TAKEOVER");
  let attempt = 0;
  for (const channel of SPREAD) {
    const isHeard = (message: string) =>
      subscriber.frames.some((frame) =>
        JSON.stringify(frame) === JSON.stringify(told(2, "message", channel, message))
      );
    await until(async () => {
      attempt += 1;
      try {
        await publisher.call("PUBLISH", channel, `attempt ${attempt - 1}`);
      } catch (error) {
        if (!(error instanceof RespError)) throw error;
      }
      return Array.from({ length: attempt }, (_, index) => `attempt ${index}`).some(isHeard);
    }, { what: `a message of ${channel} is heard` });
  }
  await until(async () => Number(await publisher.call("SPUBLISH", "a", "shard")) === 1, {
    what: "the shard channel has its new owner",
  });
  await publisher.call("PUBLISH", "b", "end");
  await until(() => subscriber.frames.some((frame) => JSON.stringify(frame).includes("$end")), {
    what: "messages arrive",
  });
  const messages = subscriber.frames.map((frame) => JSON.stringify(frame));
  assertEquals(new Set(messages).size, messages.length, "each came once");
  assert(messages.includes(JSON.stringify(told(2, "smessage", "a", "shard"))));
  assert(
    proxy.messages().includes(
      "Subscriptions interrupted: messages are missed until they are renewed",
    ),
  );
  await master.start();
  await cluster.settled();
});
