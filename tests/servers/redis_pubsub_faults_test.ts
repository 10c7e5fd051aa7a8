/**
 * Subscriptions when servers are lost, hang, or leave the ring: they go on by themselves, gaps are counted, and
 * nobody is told to be subscribed who is not.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { until } from "../support/tools/poll.ts";
import type { RedisServer } from "../support/servers/redis_server.ts";
import { RespClient, RespError } from "../support/clients/resp_client.ts";
import { readMetric } from "./metrics.ts";
import { startRedisPool } from "./redis_pool.ts";
import { SubscriberClient, told } from "./subscriber_client.ts";

/** Channels on the first, the second and the third server of the pool. */
const SPREAD = ["alpha", "delta", "beta"];

/** Numbers of the connections that are subscribed at a server. */
async function subscribedIds(server: RedisServer): Promise<string[]> {
  const list = String(await server.call("CLIENT", "LIST", "TYPE", "pubsub"));
  return [...list.matchAll(/^id=(\d+)/gm)].map(([, id]) => id!);
}

Deno.test("a server that is lost and comes back has all subscriptions again, and the gap is counted", async () => {
  await using lost = await startRedisPool({ metrics: true });
  const [first] = lost.servers;
  await using subscriber = await SubscriberClient.connect(lost.aster.port, 3);
  await using late = await SubscriberClient.connect(lost.aster.port);
  using publisher = await RespClient.connect({ port: lost.aster.port });
  await subscriber.send(["SUBSCRIBE", ...SPREAD], ["PSUBSCRIBE", "*a"]);
  await subscriber.take(4);
  await first!.kill();
  await until(async () => await readMetric(lost.aster, "aster_subscription_gaps_total") === 2, {
    what: "a channel and the pattern are interrupted at the first server",
  });
  await publisher.call("PUBLISH", "delta", "goes on");
  await subscriber.take(2);
  assertEquals(await subscriber.ask("PING"), "+PONG");
  // Nobody is told to be subscribed who is not.
  const refused = await late.ask("SUBSCRIBE", "delta", "alpha");
  assertMatch(String(refused), new RegExp(`^-ERR backend ${first!.address}: `));
  assertEquals(await publisher.call("PUBSUB", "NUMSUB", "alpha", "delta"), [
    ...["alpha", 1],
    ...["delta", 1],
  ]);
  assertEquals(await late.ask("GET", "delta"), "$-1");
  await first!.start();
  await until(async () => (await first!.call("PUBSUB", "CHANNELS") as string[]).length === 1, {
    what: "the channel is subscribed again",
  });
  await until(async () => await first!.call("PUBSUB", "NUMPAT") === 1, {
    what: "so is the pattern",
  });
  await until(async () => {
    try {
      return Number(await publisher.call("PUBLISH", "alpha", "back")) > 0;
    } catch (error) {
      // Its back-off is not over yet.
      if (error instanceof RespError) return false;
      throw error;
    }
  }, { what: "the proxy reaches the server again" });
  assertEquals(await subscriber.take(2), [
    told(3, "message", "alpha", "back"),
    told(3, "pmessage", "*a", "alpha", "back"),
  ]);
  await lost.aster.logged(/Subscriptions interrupted/);
  await lost.aster.logged(/Subscriptions renewed/);
});

Deno.test("a server that hangs loses its subscriptions, and has them again when it goes on", async () => {
  await using hung = await startRedisPool({
    serverCount: 1,
    keys: "read_timeout = 300\ndial_timeout = 300",
    metrics: true,
  });
  const [server] = hung.servers;
  await using subscriber = await SubscriberClient.connect(hung.aster.port);
  await using late = await SubscriberClient.connect(hung.aster.port);
  await subscriber.ask("SUBSCRIBE", "a");
  const [formerId] = await subscribedIds(server!);
  await server!.pause();
  assertMatch(String(await late.ask("SUBSCRIBE", "b")), /^-ERR backend .*: no reply in time$/);
  await until(async () => await readMetric(hung.aster, "aster_subscription_gaps_total") > 0, {
    what: "the connection is given up",
  });
  server!.resume();
  // The server may still know the channel by the former connection, whose end it has not read yet.
  await until(async () => {
    const ids = await subscribedIds(server!);
    return ids.length === 1 && ids[0] !== formerId;
  }, { what: "the channel is subscribed again" });
  await hung.aster.logged(/Subscriptions renewed/);
  await server!.call("PUBLISH", "a", "back");
  assertEquals(await subscriber.take(1), [told(2, "message", "a", "back")]);
});

Deno.test("a channel goes where its keys go when a server leaves the ring and returns", async () => {
  await using pool = await startRedisPool({
    keys: "ping_fail_limit = 2\nping_succ_interval = 500\nping_interval = 50\nthread = 2",
  });
  const [first] = pool.servers;
  await using subscriber = await SubscriberClient.connect(pool.aster.port);
  await using publisher = await SubscriberClient.connect(pool.aster.port);
  await subscriber.send(["SUBSCRIBE", "alpha"], ["PSUBSCRIBE", "alp*"], ["SSUBSCRIBE", "alpha"]);
  await subscriber.take(3);
  let tag = 0;
  /** Publishes until one message of each kind has come, and returns how often each came. */
  const exchange = async () => {
    const from = tag;
    const came = () => subscriber.frames.map((frame) => (frame as string[]).slice(1).join(" "));
    await until(async () => {
      await publisher.ask("PUBLISH", "alpha", `tag ${tag}`);
      await publisher.ask("SPUBLISH", "alpha", `tag ${tag}`);
      tag += 1;
      const kinds = new Set(came().map((text) => text.split(" ")[0]));
      return kinds.size === 3 && tag > from + 5;
    }, { what: "messages of each kind arrive" });
    const texts = came();
    subscriber.frames.length = 0;
    return texts;
  };
  const whole = await exchange();
  assertEquals(new Set(whole).size, whole.length, "each came once");
  await first!.kill();
  await pool.aster.logged(/Backend ejected from the ring/);
  const without = await exchange();
  assertEquals(new Set(without).size, without.length, "each came once");
  await first!.start();
  await pool.aster.logged(/Backend returns to the ring/);
  await until(async () => (await first!.call("PUBSUB", "CHANNELS") as string[]).length === 1, {
    what: "the channel is at its own server again",
  });
  const again = await exchange();
  assertEquals(new Set(again).size, again.length, "each came once");
  assert(again.length >= 3);
  await pool.aster.logged(/Subscriptions move to other backends/);
});

Deno.test("connections for messages that are cut again and again: nothing comes twice, nobody is closed", async () => {
  await using pool = await startRedisPool({ metrics: true });
  const owned = new AsyncDisposableStack();
  await using _ = owned;
  const subscribers = await Promise.all(Array.from({ length: 10 }, async (_, index) => {
    const version = index % 2 === 0 ? 2 : 3;
    const client = owned.use(await SubscriberClient.connect(pool.aster.port, version));
    await client.send(["SUBSCRIBE", ...SPREAD], ["PSUBSCRIBE", "*a"]);
    await client.take(4);
    return { client, version: version as 2 | 3 };
  }));
  using publisher = await RespClient.connect({ port: pool.aster.port });
  for (let round = 0; round < 10; round++) {
    const [channel, server] = [SPREAD[round % 3]!, pool.servers[round % 3]!];
    const patternsOf = async () => await server.call("PUBSUB", "NUMPAT");
    assertEquals(await server.call("CLIENT", "KILL", "TYPE", "pubsub"), 1);
    // It may or may not arrive, but not twice.
    await publisher.call("PUBLISH", channel, `into the gap ${round}`);
    await until(async () => {
      const [, channels] = await server.call("PUBSUB", "NUMSUB", channel) as number[];
      return channels === 1 && await patternsOf() === 1;
    }, { what: `${channel} and the pattern are subscribed again` });
    await publisher.call("PUBLISH", channel, `round ${round}`);
    for (const { client, version } of subscribers) {
      const last = JSON.stringify(told(version, "pmessage", "*a", channel, `round ${round}`));
      await until(() => client.frames.some((frame) => JSON.stringify(frame) === last), {
        what: "the message behind the gap arrives",
      });
    }
  }
  for (const { client, version } of subscribers) {
    const came = client.frames.map((frame) => JSON.stringify(frame));
    assertEquals(new Set(came).size, came.length, "nothing came twice");
    const certain = Array.from(
      { length: 10 },
      (_, round) => JSON.stringify(told(version, "message", SPREAD[round % 3]!, `round ${round}`)),
    );
    assert(certain.every((message) => came.includes(message)));
    assertEquals(client.isClosed, false);
  }
  assert(await readMetric(pool.aster, "aster_subscription_gaps_total") >= 10);
  assertEquals(await readMetric(pool.aster, "aster_message_connections"), 3);
});
