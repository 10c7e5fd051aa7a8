import { assert, assertEquals, assertMatch } from "../deps.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { RespClient, RespError, type RespValue } from "../support/clients/resp_client.ts";
import { readMetric } from "./metrics.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

/** Keys on the first, the second and the third server of the pool. */
const [FIRST, SECOND, THIRD] = ["alpha", "delta", "beta"] as const;
/** So many that the kernel gives some to either worker. */
const CLIENTS = 16;
const READ_TIMEOUT_MS = 1_000;
const LIVE_DEADLINE_MS = 2_000;

let pool: RedisPool;
let clients: RespClient[];

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({
    metrics: true,
    // An ejection takes longer than a timeout, by enough to ask before it, also on a busy machine.
    keys: `thread = 2
ping_fail_limit = 15
ping_succ_interval = 100
ping_interval = 50
read_timeout = ${READ_TIMEOUT_MS}`,
  });
  clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => RespClient.connect({ port: pool.aster.port })),
  );
});

Deno.test.afterAll(async () => {
  for (const client of clients) client.close();
  await pool[Symbol.asyncDispose]();
});

/** What each client gets for the same command. */
async function askAll(...words: string[]): Promise<RespValue[]> {
  const replies = await Promise.all(clients.map((client) => client.pipeline([words])));
  return replies.map(([reply]) => reply!);
}

/** Waits until all clients, whatever their worker, get `expected` for `words`. */
async function untilAllGet(expected: RespValue, ...words: string[]): Promise<void> {
  await until(
    async () => (await askAll(...words)).every((reply) => reply === expected),
    { what: `every client gets ${expected} for ${words}` },
  );
}

/** Waits for the next log record with `text`, which `act` brings about. */
async function untilLogged(text: string, act: () => unknown): Promise<void> {
  const count = () => pool.aster.logs().split(text).length;
  const before = count();
  await act();
  await until(() => count() > before, { what: `the log says once more: ${text}` });
}

const EJECTED = "Backend ejected from the ring";
const RETURNED = "Backend returns to the ring";

/** Asks for keys until it is stopped; what was not as expected is kept. */
class Load {
  readonly errors: string[] = [];
  requests = 0;
  #isOver = false;
  /** Rounds that each client has begun. */
  readonly #rounds = [0, 0, 0, 0];
  readonly #ended: Promise<unknown>;

  constructor(one: (client: RespClient, round: number) => Promise<RespValue[]>) {
    this.#ended = Promise.all(this.#rounds.map((_, index) => this.#run(index, one)));
  }

  async #run(
    index: number,
    one: (client: RespClient, round: number) => Promise<RespValue[]>,
  ): Promise<void> {
    using client = await RespClient.connect({ port: pool.aster.port });
    for (let round = 1; !this.#isOver; round++) {
      this.#rounds[index] = round;
      for (const reply of await one(client, round)) {
        this.requests += 1;
        if (reply instanceof RespError) this.errors.push(reply.message);
      }
    }
  }

  /** Waits until whatever is asked now was not asked before. */
  async settle(): Promise<void> {
    const before = [...this.#rounds];
    await until(() => this.#rounds.every((round, index) => round > before[index]!), {
      what: "each client begins another round",
    });
  }

  /** Ends all of it. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }
}

Deno.test("a server that hangs leaves the ring, and nobody else's requests notice", async () => {
  await clients[0]!.pipeline([["SET", FIRST, "1"], ["SET", SECOND, "2"], ["SET", THIRD, "3"]]);
  const hanging = pool.servers[1]!;
  assertEquals(await hanging.call("GET", SECOND), "2");
  const load = new Load(async (client) => {
    const replies = await withDeadline(
      client.pipeline([["GET", FIRST], ["GET", THIRD], ["PING"]]),
      "a live server answers",
      LIVE_DEADLINE_MS,
    );
    assertEquals(replies, ["1", "3", "PONG"]);
    return replies;
  });
  await untilLogged(EJECTED, () => hanging.pause());
  // Another server has its keys now, and does not know this one.
  await untilAllGet(null, "GET", SECOND);
  assertEquals(await readMetric(pool.aster, "aster_ejections_total"), 1);
  assertEquals(await readMetric(pool.aster, "aster_backend_up", hanging.address), 0);
  await untilLogged(RETURNED, () => hanging.resume());
  await untilAllGet("2", "GET", SECOND);
  assertEquals(await readMetric(pool.aster, "aster_backend_up", hanging.address), 1);
  await until(() => load.requests > 100, { what: "a hundred requests to others" });
  await load.stop();
  assertEquals(load.errors, []);
});

Deno.test("a hanging server's requests fail in time, with its address", async () => {
  const hanging = pool.servers[1]!;
  await hanging.pause();
  const startedMs = performance.now();
  const replies = await askAll("GET", SECOND);
  const elapsedMs = performance.now() - startedMs;
  const timeout = new RespError(`ERR backend ${hanging.address}: no reply in time`);
  assertEquals(replies, replies.map(() => timeout));
  assert(elapsedMs >= READ_TIMEOUT_MS - 10 && elapsedMs < 3 * READ_TIMEOUT_MS, `${elapsedMs} ms`);
  await untilAllGet(null, "GET", SECOND);
  await untilLogged(RETURNED, () => hanging.resume());
  await untilAllGet("2", "GET", SECOND);
});

Deno.test("a killed server's requests fail with its address until it has left, no others", async () => {
  const killed = pool.servers[1]!;
  const load = new Load(async (client, round) => {
    const value = String(round);
    const replies = await withDeadline(
      client.pipeline([["SET", FIRST, value], ["GET", SECOND], ["GET", FIRST], ["ECHO", value]]),
      "all is answered",
      LIVE_DEADLINE_MS,
    );
    // Others set this key too, so only what it cannot be is told.
    assertMatch(String(replies[2]), /^\d+$/);
    assertEquals([replies[0], replies[3]], ["OK", value]);
    return replies;
  });
  await untilLogged(EJECTED, () => killed.kill());
  await untilAllGet(null, "GET", SECOND);
  await load.settle();
  const errorCount = load.errors.length;
  assert(errorCount > 0);
  // What waits for a connection while the server leaves fails by that.
  const text = new RegExp(
    `^ERR backend ${killed.address}: ` +
      "(connection (lost|closed|refused)|connecting failed|ejected after failed pings)$",
  );
  for (const error of load.errors) assertMatch(error, text);
  // Back at once, though requests have just been refused: none has to wait for a back-off.
  await untilLogged(RETURNED, () => killed.start());
  await killed.call("SET", SECOND, "back");
  await untilAllGet("back", "GET", SECOND);
  await load.stop();
  assertEquals(load.errors.slice(errorCount), []);
});

Deno.test("with no server left requests fail at once, and what is answered here still is", async () => {
  await Promise.all(pool.servers.map((server) => server.kill()));
  const none = new RespError("ERR no backend is available");
  await until(
    async () => (await askAll("GET", FIRST)).every((reply) => String(reply) === String(none)),
    { what: "no backend is left" },
  );
  const replies = await withDeadline(
    clients[0]!.pipeline([
      ["GET", SECOND],
      ["PING"],
      ["MGET", FIRST, SECOND],
      ["EVAL", "return 1", "0"],
      ["ECHO", "here"],
      ["SET", FIRST, "1"],
    ]),
    "all is answered",
    LIVE_DEADLINE_MS,
  );
  assertEquals(replies, [none, "PONG", none, none, "here", none]);
  await Promise.all(pool.servers.map((server) => server.start()));
  for (const [index, key] of [FIRST, SECOND, THIRD].entries()) {
    await until(async () => {
      await askAll("SET", key, "here again");
      return await pool.servers[index]!.call("GET", key) === "here again";
    }, { what: `server ${index} takes its keys again` });
  }
});

Deno.test("the log has a few lines for each of these, none for each request", async () => {
  // Clients are served by what returned before the last lines are written.
  await until(() => pool.aster.logs().split(RETURNED).length > 6, { what: "six returns logged" });
  const records = pool.aster.logs().trim().split("\n").map((line) => JSON.parse(line));
  const counts: Record<string, number> = {};
  for (const { message, level } of records) {
    const key = `${level} ${message}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  // Six ejections, seen by one worker; each worker sees for itself what it cannot reach.
  const logs = pool.aster.logs();
  assertEquals(counts["WARN Backend ejected from the ring: pings failed"], 6, logs);
  assertEquals(counts["INFO Backend returns to the ring: it answers pings again"], 6, logs);
  assert(records.length < 60, logs);
});
