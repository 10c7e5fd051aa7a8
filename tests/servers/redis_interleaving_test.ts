/**
 * Transactions, waits and subscriptions beside pipelines, while servers are killed and come back: whatever is answered is
 * its own, nothing hangs, and nothing is left.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { until } from "../support/tools/poll.ts";
import {
  RespClient,
  RespError,
  type RespValue,
  type RespWord,
} from "../support/clients/resp_client.ts";
import { readMetric } from "./metrics.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

const KILLS = 6;
const CLIENTS = 6;

/** What may be said of a server that is gone. */
const LOST = /^(ERR backend |EXECABORT |LOADING |ERR no backend)/;

/** Whether a reply is the one expected, or says that a server was lost; anything else is somebody else's. */
function isOwn(reply: RespValue, expected: RespValue): boolean {
  if (reply instanceof RespError) {
    assert(LOST.test(reply.message), reply.message);
    return false;
  }
  assertEquals(reply, expected);
  return true;
}

class Scene {
  isOver = false;
  /** Requests that were answered by their own reply, by kind. */
  readonly answered: Record<string, number> = {};
  readonly #pool: RedisPool;

  constructor(pool: RedisPool) {
    this.#pool = pool;
  }

  connect(): Promise<RespClient> {
    return RespClient.connect({ port: this.#pool.aster.port });
  }

  count(kind: string): void {
    this.answered[kind] = (this.answered[kind] ?? 0) + 1;
  }

  /** Repeats `round` with a client of its own until all is over. */
  async run(
    kind: string,
    round: (client: RespClient, tag: string) => Promise<boolean>,
  ): Promise<void> {
    using client = await this.connect();
    for (let count = 0; !this.isOver; count++) {
      if (await round(client, `${kind}/${count}`)) this.count(kind);
    }
  }
}

async function pipelines(client: RespClient, key: string, tag: string): Promise<boolean> {
  const requests = Array.from({ length: 10 }, (_, index): RespWord[][] => [
    ["SET", `${key}:${index}`, `${tag}/${index}`],
    ["GET", `${key}:${index}`],
  ]).flat();
  const replies = await client.pipeline(requests);
  let isWhole = true;
  for (let index = 0; index < 10; index++) {
    const isSet = isOwn(replies[2 * index]!, "OK");
    const got = replies[2 * index + 1]!;
    if (isSet) isWhole = isOwn(got, `${tag}/${index}`) && isWhole;
  }
  return isWhole;
}

async function transactions(client: RespClient, key: string, tag: string): Promise<boolean> {
  const replies = await client.pipeline([
    ["WATCH", key],
    ["MULTI"],
    ["SET", key, tag],
    ["GET", key],
    ["EXEC"],
  ]);
  const executed = replies[4]!;
  return executed === null || isOwn(executed, ["OK", tag]);
}

async function waits(client: RespClient, queue: string, tag: string): Promise<boolean> {
  const [pushed, popped, none] = await client.pipeline([
    ["RPUSH", queue, tag],
    ["BLPOP", queue, "0.5"],
    ["BLPOP", `${queue}:none`, "0.02"],
  ]);
  if (none !== null) isOwn(none!, null);
  if (pushed instanceof RespError || popped === null) return false;
  // An element that was left by a round that failed may come first; it is the client's own all the same.
  if (Array.isArray(popped)) {
    assertEquals(popped[0], queue);
    assert(String(popped[1]).startsWith(tag.split("/")[0]!));
    return true;
  }
  return isOwn(popped!, null);
}

Deno.test("whatever is killed, replies and messages are their own, and nothing is left", async () => {
  await using pool = await startRedisPool({
    keys: "read_timeout = 2000\nthread = 2",
    metrics: true,
  });
  const scene = new Scene(pool);
  const running: Promise<void>[] = [];
  for (let number = 0; number < CLIENTS; number++) {
    running.push(scene.run(`p${number}`, (client, tag) => pipelines(client, `p${number}`, tag)));
    running.push(scene.run(`t${number}`, (client, tag) => transactions(client, `t${number}`, tag)));
    running.push(scene.run(`w${number}`, (client, tag) => waits(client, `w${number}`, tag)));
  }
  const messages: string[][] = [];
  using subscriber = await scene.connect();
  const channels = Array.from({ length: CLIENTS }, (_, number) => `c${number}`);
  for (const channel of channels) {
    assertEquals(await subscriber.call("SUBSCRIBE", channel), [
      "subscribe",
      channel,
      channels.indexOf(channel) + 1,
    ]);
  }
  const listening = (async () => {
    while (!messages.at(-1)?.[2]?.endsWith("/last")) {
      messages.push(await subscriber.read() as string[]);
    }
  })();
  for (const channel of channels) {
    running.push(scene.run(channel, async (client, tag) => {
      const [published] = await client.pipeline([["PUBLISH", channel, tag]]);
      return typeof published === "number" || !isOwn(published!, 0);
    }));
  }
  for (let kill = 0; kill < KILLS; kill++) {
    const server = pool.servers[kill % 3]!;
    const before = { ...scene.answered };
    await until(() => grewEverywhere(before, scene.answered), {
      what: "all kinds go on",
      deadlineMs: 20_000,
    });
    await server.kill();
    await server.start();
  }
  scene.isOver = true;
  await Promise.all(running);
  using last = await scene.connect();
  // Ends the wait for a message.
  await until(async () => {
    await last.pipeline(
      channels.map((channel): RespWord[] => ["PUBLISH", channel, `${channel}/last`]),
    );
    return messages.some(([, , text]) => text!.endsWith("/last"));
  }, { what: "the subscriber hears of the end" });
  await listening;
  for (const [kind, channel, text] of messages) {
    assertEquals(kind, "message");
    assert(text!.startsWith(`${channel}/`), `${text} on ${channel}`);
  }
  for (const name of ["aster_dedicated_connections", "aster_blocked_clients"]) {
    await until(async () => await readMetric(pool.aster, name) === 0, { what: `${name} is 0` });
  }
});

function grewEverywhere(before: Record<string, number>, now: Record<string, number>): boolean {
  return Object.keys(now).length === 4 * CLIENTS &&
    Object.entries(now).every(([kind, count]) => count > (before[kind] ?? 0) + 3);
}
