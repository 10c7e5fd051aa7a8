/**
 * Local rows are answered once each, in the words of Redis.
 *
 * @module
 */
import { Exchange } from "../../../src/request/exchange.ts";
import { Request } from "../../../src/request/request.ts";
import { Action, CommandFlag } from "../../../src/protocol/command_table.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { respCommands } from "../../../src/protocol/resp/commands/mod.ts";
import { createRedisFeatures } from "../../../src/redis/features.ts";
import { RedisLocal } from "../../../src/redis/local.ts";
import { muteNext } from "../../../src/redis/client/reply_mode.ts";
import { assertEquals, assertMatch } from "../../deps.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { frameOf, LocalRigClient } from "../../support/rigs/local_rig.ts";
import { redisContext } from "../../support/rigs/redis_context.ts";

function answer(words: readonly string[], client: LocalRigClient, isCluster = false): string {
  using rig = new CoreRig();
  // No server is asked for its version.
  rig.router.shards = () => [];
  const context = redisContext(rig, { isCluster });
  const local = new RedisLocal(context, createRedisFeatures(context));
  const { frame, bytes } = frameOf(words);
  assertEquals(frame.refusal, null);
  local.answer(client, frame, bytes);
  assertEquals(client.replies.length, 1);
  return client.replies[0]!;
}

const cases: readonly (readonly [string[], string])[] = [
  [["PING"], "+PONG\r\n"],
  [["ping", "hey"], "$3\r\nhey\r\n"],
  [["PING", "a", "b"], "-ERR wrong number of arguments for 'ping' command\r\n"],
  [["ECHO", ""], "$0\r\n\r\n"],
  [["SELECT", "0"], "+OK\r\n"],
  [["SELECT", "x"], "-ERR value is not an integer or out of range\r\n"],
  [["AUTH", "default", "any"], "+OK\r\n"],
  [["ASKING"], "-ERR This instance has cluster support disabled\r\n"],
  [["READONLY"], "-ERR This instance has cluster support disabled\r\n"],
  [["CLUSTER", "INFO"], "-ERR This instance has cluster support disabled\r\n"],
];

for (const [words, expected] of cases) {
  Deno.test(`${words.join(" ")} is answered by ${JSON.stringify(expected)}`, () => {
    assertEquals(answer(words, new LocalRigClient()), expected);
  });
}

Deno.test("READONLY, READWRITE and ASKING are accepted in front of a cluster", () => {
  assertEquals(answer(["ASKING"], new LocalRigClient(), true), "+OK\r\n");
  assertEquals(answer(["READONLY"], new LocalRigClient(), true), "+OK\r\n");
  assertEquals(answer(["READWRITE"], new LocalRigClient(), true), "+OK\r\n");
});

Deno.test("QUIT is answered by OK and closes", () => {
  const client = new LocalRigClient();
  assertEquals([answer(["QUIT"], client), client.isClosing], ["+OK\r\n", true]);
});

Deno.test("TIME counts seconds and microseconds of the present", () => {
  const reply = answer(["TIME"], new LocalRigClient());
  const [, seconds, microseconds] = /^\*2\r\n\$\d+\r\n(\d+)\r\n\$\d+\r\n(\d+)\r\n$/.exec(reply)!;
  assertEquals(Math.abs(Number(seconds) - Date.now() / 1000) < 5, true);
  assertEquals(Number(microseconds) < 1_000_000, true);
});

Deno.test("RESET brings a client back to RESP2", () => {
  const client = new LocalRigClient(3);
  assertEquals([answer(["RESET"], client), client.profiles], ["+RESET\r\n", PROFILES[2]]);
});

/** Commands without keys that move their client to other connections, or have it told things unasked. */
const CHANGING = [
  ...["hello", "randomkey", "reset", "select", "unwatch"],
  ...["subscribe", "psubscribe", "unsubscribe", "punsubscribe"],
];
/** Commands that backends answer, or confirm, later. */
const LATE = ["function", "psubscribe", "randomkey", "scan", "script", "subscribe"];

Deno.test("RESET is silent where CLIENT REPLY SKIP stands before it", () => {
  using rig = new CoreRig();
  const client = new LocalRigClient(3);
  muteNext(client);
  const { frame, bytes } = frameOf(["RESET"]);
  new RedisLocal(redisContext(rig)).answer(client, frame, bytes);
  assertEquals([client.replies, client.isMuted, client.stage], [[], false, null]);
});

Deno.test("every local row has an answer, and what changes connections is a barrier", () => {
  for (const row of respCommands.rows) {
    if (row.action !== Action.Local) continue;
    const hasKeys = row.firstKey > 0 || row.keyFinder !== null;
    const isBarrier = (row.flags & CommandFlag.Barrier) !== 0;
    const changesConnections = hasKeys || CHANGING.includes(row.name);
    assertEquals([row.name, isBarrier], [row.name, changesConnections]);
    if (hasKeys || LATE.includes(row.name)) continue;
    const words = [row.name, ...Array.from({ length: Math.abs(row.arity) - 1 }, () => "0")];
    assertMatch(answer(words, new LocalRigClient()), /^[-+:$*]/);
  }
});

/** Commands that need servers or not as their words say, or as their client's state is. */
const ASKING_AT_TIMES = [
  ...["cluster", "function", "pubsub", "script", "wait", "waitaof"],
  ...["exec", "punsubscribe", "unsubscribe"],
];

Deno.test("what is answered without a look at servers is said to be, or named as what sometimes is", () => {
  for (const row of respCommands.rows) {
    if (row.action !== Action.Local || row.firstKey > 0 || row.keyFinder !== null) continue;
    using rig = new CoreRig();
    const context = redisContext(rig);
    let isAsked = false;
    const router = new Proxy(context.router, {
      get(target, property) {
        isAsked = true;
        const value = Reflect.get(target, property);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const watched = { ...context, router };
    const local = new RedisLocal(watched, createRedisFeatures(watched));
    isAsked = false;
    const words = [row.name, ...Array.from({ length: Math.abs(row.arity) - 1 }, () => "0")];
    const { frame, bytes } = frameOf(words);
    local.answer(new LocalRigClient(), frame, bytes);
    const isServerless = (row.flags & CommandFlag.Serverless) !== 0;
    const isSaid = isServerless || ASKING_AT_TIMES.includes(row.name);
    assertEquals([row.name, isAsked || isSaid], [row.name, true]);
  }
});

Deno.test("NOAUTH of a server is about the proxy, not its client", () => {
  using rig = new CoreRig();
  const local = new RedisLocal(redisContext(rig));
  const failureOf = (text: string) => {
    const bytes = new TextEncoder().encode(`noise${text}`);
    const verdict = local.onErrorReply(new Request(), new Exchange(), bytes, 5, bytes.length);
    return typeof verdict === "symbol" ? "repeated" : verdict?.name;
  };
  assertEquals(failureOf("-NOAUTH Authentication required.\r\n"), "backend_login");
  assertEquals([failureOf("-ERR NOAUTH\r\n"), failureOf("-NO\r\n")], [undefined, undefined]);
});
