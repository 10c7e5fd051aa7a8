/**
 * CLIENT LIST, KILL, REPLY, PAUSE and UNPAUSE over two workers, and beside a real server.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "../deps.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";
import { RawClient } from "./raw_client.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({ keys: "thread = 2" });
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

/** Runs `test` with a client of each worker, and closes all that were made on the way. */
async function withBoth(test: (one: RespClient, other: RespClient) => Promise<void>) {
  const opened: RespClient[] = [];
  try {
    const [one, other] = await clientsOfBothWorkers(pool.aster.port, opened);
    await test(one!, other!);
  } finally {
    for (const client of opened) client[Symbol.dispose]();
  }
}

const decoder = new TextDecoder();

function textOf(reply: unknown): string {
  return reply instanceof Uint8Array ? decoder.decode(reply) : String(reply);
}

Deno.test("LIST has the clients of both workers, with what they said of themselves", () =>
  withBoth(async (one, other) => {
    await one.call("CLIENT", "SETNAME", "first");
    await other.call("CLIENT", "SETNAME", "second");
    await other.call("CLIENT", "SETINFO", "lib-name", "some-library");
    const list = textOf(await one.call("CLIENT", "LIST"));
    assertMatch(list, /^id=\d+ addr=127\.0\.0\.1:\d+ laddr=127\.0\.0\.1:\d+ fd=0 name=first /m);
    assertMatch(list, / name=second .* redir=-1 resp=2 lib-name=some-library lib-ver=(?= |$)/m);
    const otherId = textOf(await other.call("CLIENT", "ID"));
    const its = textOf(await one.call("CLIENT", "LIST", "ID", otherId));
    assertMatch(its, new RegExp(`^id=${otherId} [^\n]* name=second [^\n]*\n$`));
  }));

Deno.test("KILL closes a client of the other worker, and itself behind the reply", () =>
  withBoth(async (one, other) => {
    const otherId = textOf(await other.call("CLIENT", "ID"));
    assertEquals(await one.call("CLIENT", "KILL", "ID", otherId), 1);
    await assertRejects(() => other.call("PING"));
    assertEquals(await one.call("CLIENT", "KILL", "ID", otherId), 0);
    const ownId = textOf(await one.call("CLIENT", "ID"));
    assertEquals(await one.call("CLIENT", "KILL", "ID", ownId, "SKIPME", "no"), 1);
    await assertRejects(() => one.call("PING"));
  }));

Deno.test("REPLY OFF and SKIP leave out what a server leaves out, in one pipeline", async () => {
  const off = [["CLIENT", "REPLY", "OFF"], ["SET", "r", "1"], ["GET", "r"]];
  const skip = [["CLIENT", "REPLY", "SKIP"], ["GET", "r"], ["GET", "r"]];
  for (
    const commands of [
      [...off, ["CLIENT", "REPLY", "ON"], ["GET", "r"]],
      [["SET", "r", "2"], ...skip],
      [...skip, ...skip, ["NOSUCH"], ["GET", "r"]],
      [["CLIENT", "REPLY", "SKIP"], ["NOSUCH"], ["GET", "r"]],
      [["CLIENT", "REPLY", "SKIP"], ["CLIENT", "REPLY", "SKIP"], ["GET", "r"], ["GET", "r"]],
      [...off, ["CLIENT", "REPLY", "SKIP"], ["CLIENT", "REPLY", "ON"], ["GET", "r"]],
      [...off, ["NOSUCH"], ["MGET", "r", "s"], ["RESET"], ["GET", "r"]],
    ]
  ) {
    using direct = await RawClient.connect(pool.direct.port);
    using proxy = await RawClient.connect(pool.aster.port);
    assertEquals(await proxy.ask(...commands), await direct.ask(...commands), commands.join("|"));
  }
});

Deno.test("while writes are paused reads go on, of both workers; UNPAUSE lets the writes through", () =>
  withBoth(async (one, other) => {
    await one.call("SET", "k", "before");
    assertEquals(textOf(await one.call("CLIENT", "PAUSE", "60000", "WRITE")), "OK");
    let isWritten = false;
    const written = other.call("SET", "k", "after").then(() => isWritten = true);
    using reader = await RespClient.connect({ port: pool.aster.port });
    for (let round = 0; round < 50; round++) {
      assertEquals(textOf(await reader.call("GET", "k")), "before");
    }
    assert(!isWritten);
    await one.call("CLIENT", "UNPAUSE");
    await written;
    assertEquals(textOf(await reader.call("GET", "k")), "after");
  }));

Deno.test("a pause of all ends by itself, and everything waited in its order", async () => {
  using client = await RawClient.connect(pool.aster.port);
  await client.ask(["SET", "n", "0"]);
  const pause = ["CLIENT", "PAUSE", "200"];
  const began = performance.now();
  const replies = await client.ask(pause, ["INCR", "n"], ["NOSUCH"], ["INCR", "n"], ["PING"]);
  assert(performance.now() - began > 100, "nothing waited");
  assertMatch(replies, /^\+OK\r\n:1\r\n-ERR unknown command 'NOSUCH'.*\r\n:2\r\n\+PONG\r\n$/);
});

Deno.test("a paused client that goes away leaves nothing behind", async () => {
  using client = await RespClient.connect({ port: pool.aster.port });
  await client.call("SET", "gone", "0");
  await client.call("CLIENT", "PAUSE", "60000", "WRITE");
  const left = await RawClient.connect(pool.aster.port);
  await left.send(["INCR", "gone"]);
  left[Symbol.dispose]();
  using other = await RespClient.connect({ port: pool.aster.port });
  while ((textOf(await other.call("CLIENT", "LIST")).match(/\n/g) ?? []).length > 2);
  await other.call("CLIENT", "UNPAUSE");
  assertEquals(textOf(await other.call("GET", "gone")), "0");
});
