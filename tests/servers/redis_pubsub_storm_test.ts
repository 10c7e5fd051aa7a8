/**
 * Requests of very many names, and many clients with the same: each is answered as a server answers it, and others
 * are answered meanwhile.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { until } from "../support/tools/poll.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { RawClient, word } from "./raw_client.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";
import { type Frame, SubscriberClient, told } from "./subscriber_client.ts";

const MANY = 99_000;

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ serverCount: 2 });
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

function namesOf(count: number, prefix = "channel"): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}:${index}`);
}

/** What is told of each name in turn; counts go up or down from `first`. */
function toldOf(verb: string, names: readonly string[], first: number, step: 1 | -1): Frame[] {
  return names.map((name, index) => told(2, verb, name, first + step * index));
}

/** Compares long lists without showing all of one that differs. */
function assertSame(actual: readonly Frame[], expected: readonly Frame[]): void {
  const differs = expected.findIndex((frame, index) =>
    JSON.stringify(frame) !== JSON.stringify(actual[index])
  );
  if (differs >= 0) {
    assertEquals(actual.slice(differs, differs + 3), expected.slice(differs, differs + 3));
  }
  assertEquals(actual.length, expected.length);
}

/** Counts the replies that another client gets while `work` goes on. */
async function repliesDuring(work: Promise<unknown>): Promise<number> {
  using bystander = await RespClient.connect({ port: pool.aster.port });
  let isOver = false;
  const ended = work.finally(() => isOver = true);
  // Whoever awaits it hears of it; until then it has failed unheard.
  ended.catch(() => {});
  let count = 0;
  while (!isOver) {
    await bystander.call("GET", "bystander");
    count += 1;
  }
  await ended;
  return count;
}

async function noSubscriptionIsLeft(): Promise<void> {
  for (const server of pool.servers) {
    await until(async () => (await server.call("PUBSUB", "CHANNELS") as string[]).length === 0, {
      what: `${server.address} has no subscription left`,
    });
  }
}

Deno.test("99,000 names: each is confirmed in order, left in order, and others are answered meanwhile", async () => {
  const names = namesOf(MANY);
  await using subscriber = await SubscriberClient.connect(pool.aster.port);
  let frames: Frame[] = [];
  const replies = await repliesDuring((async () => {
    await subscriber.send(["SUBSCRIBE", ...names]);
    frames = await subscriber.take(MANY);
  })());
  assertSame(frames, toldOf("subscribe", names, 1, 1));
  assert(replies > 2, `${replies} replies to the other client`);
  using publisher = await RespClient.connect({ port: pool.aster.port });
  for (const name of [names[0]!, names[50_000]!, names.at(-1)!]) {
    assertEquals(await publisher.call("PUBLISH", name, "hello"), 1);
    assertEquals(await subscriber.take(1), [told(2, "message", name, "hello")]);
  }
  assertEquals(await publisher.call("PUBSUB", "NUMSUB", names[7]!), [names[7]!, 1]);
  await repliesDuring((async () => {
    await subscriber.send(["UNSUBSCRIBE", ...names]);
    frames = await subscriber.take(MANY);
  })());
  assertSame(frames, toldOf("unsubscribe", names, MANY - 1, -1));
  assertEquals(await publisher.call("PUBSUB", "CHANNELS"), []);
  assertEquals(await subscriber.ask("GET", "nothing"), "$-1");
  await noSubscriptionIsLeft();
});

Deno.test("what is sent behind a long request is answered behind it, every byte as a server has it", async () => {
  const many = namesOf(4_000);
  const commands = [
    ["SUBSCRIBE", ...many],
    ["PING"],
    ["SUBSCRIBE", ...many.slice(0, 3_000), "one more"],
    ["UNSUBSCRIBE", ...many.slice(0, 3_000), "unknown"],
    ["GET", "x"],
    ["PSUBSCRIBE", ...namesOf(1_000, "pattern")],
    ["SSUBSCRIBE", ...namesOf(3_000, "shard")],
    ["SUNSUBSCRIBE", ...namesOf(2_000, "shard")],
    ["RESET"],
    ["SUBSCRIBE", ...many],
    ["UNSUBSCRIBE", ...many],
    ["PUNSUBSCRIBE"],
    ["SUNSUBSCRIBE"],
    ["GET", "x"],
    ["QUIT"],
  ].map((command) => command.map(word));
  for (const version of [2, 3] as const) {
    const replies: string[] = [];
    for (const port of [pool.direct.port, pool.aster.port]) {
      using client = await RawClient.connect(port, version);
      replies.push(await client.askUntilClosed(...commands));
    }
    const [direct, proxy] = replies.map((text) => text.split("\r\n"));
    const differs = direct!.findIndex((line, index) => line !== proxy![index]);
    if (differs >= 0) {
      assertEquals(proxy!.slice(differs - 5, differs + 5), direct!.slice(differs - 5, differs + 5));
    }
    assertEquals(proxy!.length, direct!.length);
  }
  await noSubscriptionIsLeft();
});

Deno.test("clients that come back at once, all with the same channels", async () => {
  const names = namesOf(1_000);
  const owned = new AsyncDisposableStack();
  await using _ = owned;
  const clients = await Promise.all(
    Array.from(
      { length: 60 },
      async (_, index) =>
        owned.use(await SubscriberClient.connect(pool.aster.port, index % 2 === 0 ? 2 : 3)),
    ),
  );
  await repliesDuring(Promise.all(clients.map(async (client, index) => {
    const version = index % 2 === 0 ? 2 : 3;
    await client.send(["SUBSCRIBE", ...names]);
    const frames = await client.take(names.length);
    assertSame(frames, names.map((name, at) => told(version, "subscribe", name, at + 1)));
  })));
  using publisher = await RespClient.connect({ port: pool.aster.port });
  assertEquals(await publisher.call("PUBSUB", "NUMSUB", names[3]!), [names[3]!, clients.length]);
  for (let message = 0; message < 20; message++) {
    await publisher.call("PUBLISH", names[3]!, String(message));
  }
  for (const [index, client] of clients.entries()) {
    const version = index % 2 === 0 ? 2 : 3;
    assertSame(
      await client.take(20),
      Array.from(
        { length: 20 },
        (_, message) => told(version, "message", names[3]!, String(message)),
      ),
    );
  }
  for (const client of clients) await client[Symbol.asyncDispose]();
  await noSubscriptionIsLeft();
});

Deno.test("clients that leave in the midst of it take along what they have got and what they have not", async () => {
  const names = namesOf(40_000);
  const leaving = await Promise.all([10, 15_000, 40_000].map(async (count) => {
    const client = await SubscriberClient.connect(pool.aster.port);
    await client.send(["SUBSCRIBE", ...names]);
    return { client, count };
  }));
  await Promise.all(leaving.map(async ({ client, count }) => {
    await client.take(count);
    await client[Symbol.asyncDispose]();
  }));
  using asker = await RespClient.connect({ port: pool.aster.port });
  await until(async () => (await asker.call("PUBSUB", "CHANNELS") as string[]).length === 0, {
    what: "nobody is subscribed to anything",
  });
  await noSubscriptionIsLeft();
});

Deno.test("a connection for messages that is lost on the way: every name is confirmed, and heard of", async () => {
  const names = namesOf(30_000);
  await using subscriber = await SubscriberClient.connect(pool.aster.port);
  await subscriber.send(["SUBSCRIBE", ...names]);
  for (const server of pool.servers) {
    await until(async () => await server.call("CLIENT", "KILL", "TYPE", "pubsub") === 1, {
      what: "the connection for messages is there and is lost",
    });
  }
  assertSame(await subscriber.take(names.length), toldOf("subscribe", names, 1, 1));
  for (const server of pool.servers) await server.call("CLIENT", "KILL", "TYPE", "pubsub");
  using publisher = await RespClient.connect({ port: pool.aster.port });
  const reached = async (name: string) => await publisher.call("PUBLISH", name, "x") === 1;
  for (const name of [names[0]!, names[15_000]!, names.at(-1)!]) {
    await until(() => reached(name), { what: `${name} is subscribed to again` });
  }
  assertEquals((await subscriber.take(3)).length, 3);
});

Deno.test("a message to very many reaches each of them once, and others in order", async () => {
  const owned = new AsyncDisposableStack();
  await using _ = owned;
  const clients = await Promise.all(
    Array.from(
      { length: 200 },
      async () => owned.use(await SubscriberClient.connect(pool.aster.port)),
    ),
  );
  await Promise.all(clients.map((client) => client.ask("SUBSCRIBE", "all", "few")));
  for (const client of clients) await client.take(1);
  using publisher = await RespClient.connect({ port: pool.aster.port });
  const large = "x".repeat(50_000);
  const messages = Array.from(
    { length: 12 },
    (_, index) => `${index} ${index % 3 === 0 ? large : ""}`,
  );
  for (const message of messages) await publisher.call("PUBLISH", "all", message);
  for (const client of clients) {
    assertSame(
      await client.take(12),
      messages.map((message) => told(2, "message", "all", message)),
    );
  }
});
