import { assert, assertEquals, assertMatch } from "../deps.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { type MemcachePool, startMemcachePool } from "./memcache_pool.ts";
import { MemcacheText } from "./memcache_text.ts";
import { readMetric } from "./metrics.ts";

/** So many that the kernel gives some to either worker. */
const CLIENTS = 16;
const LIVE_DEADLINE_MS = 2_000;
const KEYS = Array.from({ length: 60 }, (_, index) => `user:${index * 7919}:name`);

let pool: MemcachePool;
let clients: MemcacheText[];
/** The keys of each server. */
let keysOf: string[][];

Deno.test.beforeAll(async () => {
  pool = await startMemcachePool({
    metrics: true,
    // An ejection takes a second: time enough to ask before it, also on a busy machine.
    keys:
      "thread = 2\nping_fail_limit = 10\nping_succ_interval = 100\nping_interval = 50\nread_timeout = 1000",
  });
  clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => MemcacheText.connect(pool.aster.port)),
  );
  await clients[0]!.ask(KEYS.map((key) => `set ${key} 0 0 3\r\nold\r\n`));
  keysOf = await Promise.all(
    pool.servers.map(async (server) => {
      const values = await server.ask(`get ${KEYS.join(" ")}\r\n`, "END\r\n");
      return KEYS.filter((key) => values.includes(`VALUE ${key} `));
    }),
  );
  for (const keys of keysOf) assert(keys.length > 0);
});

Deno.test.afterAll(async () => {
  for (const client of clients) client[Symbol.dispose]();
  await pool[Symbol.asyncDispose]();
});

/** Waits until each client, whatever its worker, gets what `isExpected` accepts. */
async function untilAllGet(request: string, isExpected: (reply: string) => boolean): Promise<void> {
  await until(async () => {
    const replies = await Promise.all(clients.map((client) => client.ask([request])));
    return replies.every(([reply]) => isExpected(reply!));
  }, { what: `every client gets what is expected for ${request.trim()}` });
}

Deno.test("a server that hangs leaves the ring, and nobody else's requests notice", async () => {
  const hanging = pool.servers[1]!;
  const [key] = keysOf[1]!;
  const live = [...keysOf[0]!, ...keysOf[2]!];
  await hanging.pause();
  using other = await MemcacheText.connect(pool.aster.port);
  let rounds = 0;
  await until(async () => {
    const replies = await withDeadline(
      other.ask(live.map((key) => `get ${key}\r\n`), "END\r\n"),
      "live servers answer",
      LIVE_DEADLINE_MS,
    );
    assertEquals(replies, live.map((key) => `VALUE ${key} 0 3\r\nold\r\n`));
    rounds += 1;
    return await readMetric(pool.aster, "aster_ejections_total") === 1;
  }, { what: "the server is ejected" });
  assert(rounds > 1);
  // The servers that have its keys now do not know them.
  await untilAllGet(`touch ${key} 0\r\n`, (reply) => reply === "NOT_FOUND");
  hanging.resume();
  await untilAllGet(`touch ${key} 0\r\n`, (reply) => reply === "TOUCHED");
  await pool.aster.logged(/Backend returns to the ring: it answers pings again/);
});

Deno.test("a killed server's requests fail with its address until it has left", async () => {
  const killed = pool.servers[1]!;
  const [key] = keysOf[1]!;
  await killed.kill();
  const seen = new Set<string>();
  await untilAllGet(`touch ${key} 0\r\n`, (reply) => {
    seen.add(reply);
    return reply === "NOT_FOUND";
  });
  seen.delete("NOT_FOUND");
  assert(seen.size > 0);
  // What waits for a connection while the server leaves fails by that.
  const text = new RegExp(
    `^SERVER_ERROR backend ${killed.address}: ` +
      "(connection (lost|closed|refused)|connecting failed|ejected after failed pings)$",
  );
  for (const error of seen) assertMatch(error, text);
  await killed.start();
  await until(async () => {
    await clients[0]!.ask([`set ${key} 0 0 3\r\nnew\r\n`]);
    return (await killed.ask(`get ${key}\r\n`, "END\r\n")).includes("new");
  }, { what: "the server takes its keys again" });
});

Deno.test("with no server left requests fail at once, and version is still answered", async () => {
  await Promise.all(pool.servers.map((server) => server.kill()));
  const none = "SERVER_ERROR no backend is available";
  await untilAllGet(`touch ${KEYS[0]} 0\r\n`, (reply) => reply === none);
  const replies = await withDeadline(
    clients[0]!.ask([
      `get ${KEYS[0]}\r\n`,
      "version\r\n",
      `get ${KEYS.join(" ")}\r\n`,
      `set ${KEYS[1]} 0 0 1\r\nx\r\n`,
    ]),
    "all is answered",
    LIVE_DEADLINE_MS,
  );
  assertEquals(replies, [none, "VERSION 1.6.18", none, none]);
  await Promise.all(pool.servers.map((server) => server.start()));
  for (const [index, server] of pool.servers.entries()) {
    const [key] = keysOf[index]!;
    await until(async () => {
      await clients[0]!.ask([`set ${key} 0 0 5\r\nagain\r\n`]);
      return (await server.ask(`get ${key}\r\n`, "END\r\n")).includes("again");
    }, { what: `server ${index} takes its keys again` });
  }
});
