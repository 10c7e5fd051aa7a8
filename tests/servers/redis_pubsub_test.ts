/**
 * Publish and subscribe over a sharded pool: what clients are told is what a server tells them, every message
 * comes once.
 *
 * @module
 */
import { assert, assertEquals, clientLibraries } from "../deps.ts";
import { until } from "../support/tools/poll.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { scaled, seededRandom } from "../support/tools/seed.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { readMetric } from "./metrics.ts";
import {
  bytesOf,
  RESP2_SEQUENCES,
  RESP3_SEQUENCES,
  SUBSCRIBER_SEQUENCES,
} from "./pubsub_sequences.ts";
import { knowServers, type RedisPool, startRedisPool } from "./redis_pool.ts";
import { SubscriberClient, told } from "./subscriber_client.ts";

const MEGABYTE = 1024 * 1024;
/** Channels on the first, the second and the third server of the pool. */
const SPREAD = ["alpha", "delta", "beta"];

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ keys: "client_output_limit = 4194304", metrics: true });
  await knowServers(pool.aster.port);
  for (const server of pool.servers) {
    await server.call("CONFIG", "SET", "notify-keyspace-events", "KEA");
  }
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

async function compare(version: 2 | 3, sequences: readonly string[], port: number): Promise<void> {
  const differences: Record<string, { direct: string[]; proxy: string[] }> = {};
  for (const sequence of sequences) {
    const direct = await bytesOf(pool.direct.port, version, sequence);
    const proxy = await bytesOf(port, version, sequence);
    if (direct.join("\n") !== proxy.join("\n")) differences[sequence] = { direct, proxy };
  }
  assertEquals(differences, {});
}

Deno.test("subscribers are answered as a server answers them, in RESP2", () =>
  compare(2, [...SUBSCRIBER_SEQUENCES, ...RESP2_SEQUENCES], pool.aster.port));

Deno.test("subscribers are answered as a server answers them, in RESP3", () =>
  compare(3, [...SUBSCRIBER_SEQUENCES, ...RESP3_SEQUENCES], pool.aster.port));

/** Steps of which any order is answered as a server answers it. */
const STEPS = [
  ..."GET k|SET k v|MGET k l m|PING|PING x|ECHO x|SELECT 0|NOSUCH|PUBLISH nobody x".split("|"),
  ..."SUBSCRIBE a|SUBSCRIBE b a c|UNSUBSCRIBE a|UNSUBSCRIBE b c|UNSUBSCRIBE z".split("|"),
  ..."PSUBSCRIBE p* q*|PSUBSCRIBE p*|PUNSUBSCRIBE p*|PUNSUBSCRIBE q*".split("|"),
  ..."SSUBSCRIBE s|SUNSUBSCRIBE s|SUNSUBSCRIBE|PUBSUB NUMSUB a b|PUBSUB NUMPAT".split("|"),
  ..."RESET|HELLO 3|HELLO 2|CLIENT REPLY SKIP|CLIENT REPLY OFF|CLIENT REPLY ON".split("|"),
];

Deno.test("pipelines that subscribe, ask and change the protocol: every byte as a server has it", async () => {
  const random = seededRandom("redis_pubsub_test: pipelines");
  const sequences = Array.from(
    { length: scaled(200) },
    () =>
      ["DEL k", ...Array.from({ length: random.between(3, 14) }, () => random.pick(STEPS))]
        .join(";"),
  );
  await compare(2, sequences, pool.aster.port);
  await compare(3, sequences, pool.aster.port);
});

Deno.test("one server behind the proxy, and two workers: the same", async () => {
  await using single = await startRedisPool({ serverCount: 1, keys: "thread = 2" });
  await knowServers(single.aster.port);
  await compare(2, SUBSCRIBER_SEQUENCES, single.aster.port);
  await compare(3, RESP3_SEQUENCES, single.aster.port);
});

for (const version of [2, 3] as const) {
  Deno.test(`a channel and a matching pattern bring a message each, in RESP${version}`, async () => {
    await using subscriber = await SubscriberClient.connect(pool.aster.port, version);
    using publisher = await RespClient.connect({ port: pool.aster.port });
    await subscriber.send(["SUBSCRIBE", ...SPREAD], ["PSUBSCRIBE", "*a"], ["SSUBSCRIBE", "alpha"]);
    assertEquals(await subscriber.take(5), [
      ...SPREAD.map((channel, index) => told(version, "subscribe", channel, index + 1)),
      told(version, "psubscribe", "*a", 4),
      told(version, "ssubscribe", "alpha", 1),
    ]);
    for (const channel of SPREAD) {
      const message = `to ${channel}`;
      assert(Number(await publisher.call("PUBLISH", channel, message)) >= 1);
      const [one, other] = await subscriber.take(2);
      const both = [
        told(version, "message", channel, message),
        told(version, "pmessage", "*a", channel, message),
      ];
      assertEquals([one, other], both);
    }
    assertEquals(await publisher.call("SPUBLISH", "alpha", "shard"), 1);
    assertEquals(await subscriber.take(1), [told(version, "smessage", "alpha", "shard")]);
    assertEquals(await publisher.call("PUBLISH", "nobody:has", "x"), 0);
    const binary = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);
    await publisher.call("PUBLISH", "delta", binary);
    const [message] = await subscriber.take(2);
    const text = String.fromCharCode(...binary);
    assertEquals((message as string[])[3]!.length, text.length + 1);
    await publisher.call("PUBLISH", "delta", "x".repeat(2 * MEGABYTE));
    const [large] = await subscriber.take(2);
    assertEquals(String(large![3]).length, 2 * MEGABYTE + 1);
    assertEquals(subscriber.frames, []);
  });
}

Deno.test("what is published after the confirmation arrives, however soon", async () => {
  using publisher = await RespClient.connect({ port: pool.aster.port });
  await using subscriber = await SubscriberClient.connect(pool.aster.port);
  for (let round = 0; round < 100; round++) {
    const channel = `soon:${round}`;
    await subscriber.ask("SUBSCRIBE", channel);
    await publisher.call("PUBLISH", channel, String(round));
    assertEquals(await subscriber.take(1), [told(2, "message", channel, String(round))]);
    assertEquals(await subscriber.ask("UNSUBSCRIBE", channel), told(2, "unsubscribe", channel, 0));
  }
});

Deno.test("clients of two workers reach each other, and PUBSUB counts all of them", async () => {
  await using both = await startRedisPool({ keys: "thread = 2" });
  const opened: RespClient[] = [];
  try {
    const [one, other] = await clientsOfBothWorkers(both.aster.port, opened);
    for (const client of [one!, other!]) {
      assertEquals(await client.call("SUBSCRIBE", "news"), ["subscribe", "news", 1]);
      assertEquals(await client.call("PSUBSCRIBE", "n*"), ["psubscribe", "n*", 2]);
    }
    using asker = await RespClient.connect({ port: both.aster.port });
    assertEquals(await asker.call("PUBSUB", "CHANNELS"), ["news"]);
    assertEquals(await asker.call("PUBSUB", "NUMSUB", "news", "x"), ["news", 2, "x", 0]);
    assertEquals(await asker.call("PUBSUB", "NUMPAT"), 1);
    await asker.call("PUBLISH", "news", "hello");
    for (const client of [one!, other!]) {
      assertEquals(await client.read(), ["message", "news", "hello"]);
      assertEquals(await client.read(), ["pmessage", "n*", "news", "hello"]);
    }
    const list = String(await asker.call("CLIENT", "LIST", "TYPE", "pubsub"));
    assertEquals(
      list.match(/ flags=P (?:capa= )?db=0 sub=1 psub=1 ssub=0 multi=-1 /g)?.length,
      2,
      list,
    );
  } finally {
    for (const client of opened) client[Symbol.dispose]();
  }
});

Deno.test("a hundred subscribers get every message of their channels once", async () => {
  const random = seededRandom("redis_pubsub_test");
  const channels = Array.from({ length: 50 }, (_, index) => `room:${index}`);
  const owned = new AsyncDisposableStack();
  await using _ = owned;
  const members = await Promise.all(Array.from({ length: 100 }, async (_, index) => ({
    version: (index % 2 === 0 ? 2 : 3) as 2 | 3,
    client: owned.use(
      await SubscriberClient.connect(pool.aster.port, index % 2 === 0 ? 2 : 3),
    ),
    channels: new Set<string>(),
  })));
  using publisher = await RespClient.connect({ port: pool.aster.port });
  let tag = 0;
  for (let round = 0; round < 30; round++) {
    await Promise.all(members.map(async ({ client, channels: has }) => {
      const channel = random.pick(channels);
      const reply = await client.ask(has.has(channel) ? "UNSUBSCRIBE" : "SUBSCRIBE", channel);
      assertEquals((reply as string[])[2], `$${channel}`);
      if (!has.delete(channel)) has.add(channel);
      assertEquals((reply as string[])[3], `:${has.size}`);
    }));
    const sent: { channel: string; message: string }[] = [];
    for (let count = 0; count < 20; count++) {
      const channel = random.pick(channels);
      const message = `tag ${tag++}`;
      await publisher.call("PUBLISH", channel, message);
      sent.push({ channel, message });
    }
    for (const { client, version, channels: has } of members) {
      const expected = sent.filter(({ channel }) => has.has(channel))
        .map(({ channel, message }) => JSON.stringify(told(version, "message", channel, message)));
      const frames = await client.take(expected.length);
      assertEquals(frames.map((frame) => JSON.stringify(frame)).sort(), expected.sort());
    }
  }
  for (const { client } of members) assertEquals(client.frames, [], "nothing came twice");
});

Deno.test("events of keys come from every server", async () => {
  await using subscriber = await SubscriberClient.connect(pool.aster.port);
  using client = await RespClient.connect({ port: pool.aster.port });
  await subscriber.send(["PSUBSCRIBE", "__key*__:*"], ["SUBSCRIBE", "__keyevent@0__:set"]);
  await subscriber.take(2);
  for (const key of SPREAD) await client.call("SET", key, "1");
  const frames = (await subscriber.take(9)).map((frame) => (frame as string[]).slice(1).join(" "));
  assertEquals(
    frames.sort(),
    SPREAD.flatMap((key) => [
      `$pmessage $__key*__:* $__keyspace@0__:${key} $set`,
      `$pmessage $__key*__:* $__keyevent@0__:set $${key}`,
      `$message $__keyevent@0__:set $${key}`,
    ]).sort(),
  );
});

Deno.test("a subscriber that does not read is closed, and nobody else", async () => {
  using slow = await Deno.connect({ hostname: "127.0.0.1", port: pool.aster.port });
  await slow.write(new TextEncoder().encode("SUBSCRIBE flood\r\n"));
  await slow.read(new Uint8Array(100));
  await using other = await SubscriberClient.connect(pool.aster.port);
  await other.ask("SUBSCRIBE", "flood");
  using publisher = await RespClient.connect({ port: pool.aster.port });
  const before = await readMetric(pool.aster, "aster_failures_total", "client_output_limit");
  const message = "x".repeat(256 * 1024);
  let sent = 0;
  await until(async () => {
    await publisher.call("PUBLISH", "flood", message);
    sent += 1;
    return await readMetric(pool.aster, "aster_failures_total", "client_output_limit") > before;
  }, { what: "the slow subscriber is closed" });
  await publisher.call("PUBLISH", "flood", "last");
  const frames = await other.take(sent + 1);
  assertEquals(frames.at(-1), told(2, "message", "flood", "last"));
  assertEquals(await publisher.call("PUBSUB", "NUMSUB", "flood"), ["flood", 1]);
});

Deno.test("clients that leave and RESET take their subscriptions along", async () => {
  using asker = await RespClient.connect({ port: pool.aster.port });
  const leaving = await SubscriberClient.connect(pool.aster.port);
  await using staying = await SubscriberClient.connect(pool.aster.port, 3);
  for (const client of [leaving, staying]) {
    await client.send(["SUBSCRIBE", "gone"], ["PSUBSCRIBE", "gone*"], ["SSUBSCRIBE", "gone"]);
    await client.take(3);
  }
  await leaving[Symbol.asyncDispose]();
  await until(async () => (await asker.call("PUBSUB", "NUMSUB", "gone") as number[])[1] === 1, {
    what: "one subscriber is left",
  });
  assertEquals(await staying.ask("RESET"), "+RESET");
  assertEquals(await asker.call("PUBSUB", "CHANNELS", "gone*"), []);
  assertEquals(await asker.call("PUBSUB", "SHARDCHANNELS"), []);
  assertEquals(await asker.call("PUBLISH", "gone", "x"), 0);
  // The servers know of nobody either.
  for (const server of pool.servers) {
    await until(
      async () => (await server.call("PUBSUB", "CHANNELS", "gone*") as string[]).length === 0,
      {
        what: `${server.address} has no subscription left`,
      },
    );
    assertEquals(await server.call("PUBSUB", "NUMPAT"), 0);
  }
});

const { Redis } = await clientLibraries.ioredis();
const { createClient } = await clientLibraries.redis();

Deno.test("the ioredis library subscribes", async () => {
  const subscriber = new Redis(pool.aster.port, "127.0.0.1");
  const publisher = new Redis(pool.aster.port, "127.0.0.1");
  const got: string[] = [];
  subscriber.on("message", (channel, message) => got.push(`${channel} ${message}`));
  subscriber.on(
    "pmessage",
    (pattern, channel, message) => got.push(`${pattern} ${channel} ${message}`),
  );
  assertEquals(await subscriber.subscribe(...SPREAD), 3);
  assertEquals(await subscriber.psubscribe("b*"), 4);
  for (const channel of SPREAD) await publisher.publish(channel, "hi");
  await until(() => got.length === 4, { what: "all messages arrive" });
  assertEquals(got.toSorted(), ["alpha hi", "b* beta hi", "beta hi", "delta hi"]);
  assertEquals(await subscriber.unsubscribe(...SPREAD), 1);
  assertEquals(await subscriber.punsubscribe("b*"), 0);
  assertEquals(await subscriber.get("nothing"), null);
  await subscriber.quit();
  await publisher.quit();
});

for (const RESP of [2, 3] as const) {
  Deno.test(`the redis library subscribes, in RESP${RESP}`, async () => {
    const url = `redis://127.0.0.1:${pool.aster.port}`;
    const subscriber = createClient({ url, RESP });
    const publisher = createClient({ url, RESP });
    await Promise.all([subscriber.connect(), publisher.connect()]);
    const got: string[] = [];
    const listener = (message: string, channel: string) => got.push(`${channel} ${message}`);
    await subscriber.subscribe(SPREAD, listener);
    await subscriber.pSubscribe("b*", listener);
    await subscriber.sSubscribe("alpha", listener);
    for (const channel of SPREAD) await publisher.publish(channel, "hi");
    await publisher.sPublish("alpha", "shard");
    await until(() => got.length === 5, { what: "all messages arrive" });
    assertEquals(got.toSorted(), ["alpha hi", "alpha shard", "beta hi", "beta hi", "delta hi"]);
    await subscriber.unsubscribe();
    await subscriber.pUnsubscribe();
    await subscriber.sUnsubscribe();
    assertEquals(await subscriber.get("nothing"), null);
    await subscriber.close();
    await publisher.close();
  });
}
