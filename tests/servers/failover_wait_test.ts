/**
 * `failover_wait`: requests that no server has run wait for one that can. Servers are killed, stopped, restarted with
 * data to load and failed over; what had been sent to them fails, by rule, and nothing else.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import { delay, until, withDeadline } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { startRedisServer } from "../support/servers/redis_server.ts";
import { RespClient, RespError, type RespValue } from "../support/clients/resp_client.ts";
import { startMemcachePool } from "./memcache_pool.ts";
import { readMetric } from "./metrics.ts";
import { redisPoolConfig, startRedisPool } from "./redis_pool.ts";

/** Keys on the first and the second server of a pool of three. */
const [FIRST, SECOND] = ["alpha", "delta"] as const;
const CLIENTS = 12;
const SETTINGS = 'thread = 2\nhash_tag = "{}"\nfailover_wait = 20_000';

function isError(value: RespValue): boolean {
  return value instanceof RespError || (Array.isArray(value) && value.some(isError));
}

/** A client's writes and reads of one key, in one piece, and what they are to be answered with. */
function sequence(key: string): { commands: string[][]; expected: RespValue[] } {
  const commands: string[][] = [];
  const expected: RespValue[] = [];
  for (let round = 0; round < 20; round++) {
    commands.push(["SET", key, String(round)], ["GET", key], ["APPEND", key, "x"], ["GET", key]);
    expected.push("OK", String(round), String(round).length + 1, `${round}x`);
  }
  return { commands, expected };
}

/** Clients that count up a key each, one request after the other, and keep what each was told. */
class Counting {
  readonly confirmed: number[];
  readonly errors: string[] = [];
  /** Requests of each client that may or may not have run. */
  readonly unknown: number[];
  readonly wrong: string[] = [];
  isOver = false;
  readonly ended: Promise<unknown>;

  constructor(port: number, readonly keys: readonly string[]) {
    this.confirmed = keys.map(() => 0);
    this.unknown = keys.map(() => 0);
    this.ended = Promise.all(keys.map((_, index) => this.#run(port, index)));
  }

  async #run(port: number, index: number): Promise<void> {
    using client = await RespClient.connect({ port });
    let least = 0;
    while (!this.isOver) {
      const [reply] = await client.pipeline([["INCR", this.keys[index]!]]);
      if (reply instanceof RespError) {
        this.errors.push(reply.message);
        this.unknown[index]! += 1;
        continue;
      }
      // Each that ran counted once: those confirmed, and any of those that failed.
      const most = this.confirmed[index]! + this.unknown[index]! + 1;
      const value = Number(reply);
      if (value <= least || value > most) this.wrong.push(`${this.keys[index]}: ${value}, ${most}`);
      least = value;
      this.confirmed[index]! += 1;
    }
  }

  async goesOn(rounds = 10): Promise<void> {
    const before = [...this.confirmed];
    await until(() => this.confirmed.every((count, index) => count >= before[index]! + rounds), {
      what: "every client goes on",
      deadlineMs: 30_000,
    });
  }

  async end(): Promise<void> {
    this.isOver = true;
    await withDeadline(this.ended, "the load ends", 20_000);
  }
}

Deno.test("what comes while a server is away is answered when it is back, each client's in its order", async () => {
  await using pool = await startRedisPool({ metrics: true, keys: SETTINGS });
  const away = pool.servers[1]!;
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => RespClient.connect({ port: pool.aster.port })),
  );
  try {
    await away.kill();
    const answers = clients.map((client, index) => {
      const { commands, expected } = sequence(`{${SECOND}}:${index}`);
      return client.pipeline([
        ...commands,
        ["MGET", `{${FIRST}}:${index}`, `{${SECOND}}:${index}`],
        ["SET", `{${FIRST}}:${index}`, "first"],
      ]).then((replies) => assertEquals(replies, [...expected, [null, "19x"], "OK"]));
    });
    await until(
      async () => await readMetric(pool.aster, "aster_waiting_requests") >= CLIENTS,
      { what: "all wait" },
    );
    // Others are served meanwhile: the server stays away until then.
    using other = await RespClient.connect({ port: pool.aster.port });
    assertEquals(await withDeadline(other.call("SET", FIRST, "1"), "others are served"), "OK");
    await away.start();
    await withDeadline(Promise.all(answers), "all are answered");
    assertEquals(await readMetric(pool.aster, "aster_waiting_requests"), 0);
    assert(await readMetric(pool.aster, "aster_waited_requests_total") >= CLIENTS);
  } finally {
    for (const client of clients) client.close();
  }
});

Deno.test("a server that is killed and started anew under load fails only what it had been sent", async () => {
  await using pool = await startRedisPool({ metrics: true, keys: SETTINGS });
  const names = Array.from({ length: CLIENTS }, (_, index) => `{${SECOND}}:count:${index}`);
  const counting = new Counting(pool.aster.port, names);
  const killed = pool.servers[1]!;
  for (let round = 0; round < 3; round++) {
    await counting.goesOn();
    const errorCount = counting.errors.length;
    await killed.call("SAVE");
    // Every client has a request there, which may have run or not.
    const sleeping = killed.call("DEBUG", "SLEEP", "5").catch(() => {});
    const sent = () => readMetric(pool.aster, "aster_backend_in_flight", killed.address);
    await until(async () => await sent() === CLIENTS, { what: "all have sent" });
    await killed.kill();
    await sleeping;
    await delay(300);
    await killed.start();
    await counting.goesOn();
    const errors = counting.errors.slice(errorCount);
    assertEquals(errors.length, CLIENTS);
    for (const error of errors) assertMatch(error, /connection (lost|closed)$/);
    // The file is older than what was confirmed since: the count begins where the server does.
    for (const [index, key] of names.entries()) {
      counting.confirmed[index] = Number(await killed.call("GET", key));
      counting.unknown[index]! += 1;
    }
  }
  await counting.end();
  console.log(`errors of requests that were sent: ${counting.errors.length} in 3 kills`);
});

Deno.test("a server that loads its data is waited for, and nobody hears of it", async () => {
  await using server = await startRedisServer({
    arguments: ["--key-load-delay", "300", "--loading-process-events-interval-bytes", "1024"],
  });
  await using aster = await startAster(
    (port) => redisPoolConfig([server], port, SETTINGS),
    { metrics: true },
  );
  await server.call("DEBUG", "POPULATE", 5_000, "filler", 10);
  await server.call("SAVE");
  const asking = Array.from({ length: CLIENTS }, async (_, index) => {
    using client = await RespClient.connect({ port: aster.port });
    const { commands, expected } = sequence(`key:${index}`);
    await client.call("GET", "filler:1");
    await down.promise;
    assertEquals(await client.pipeline(commands), expected);
  });
  const down = Promise.withResolvers<void>();
  await server.kill();
  down.resolve();
  await server.start();
  using direct = await server.connect();
  assertMatch(String((await direct.pipeline([["GET", "a"]]))[0]), /LOADING/);
  await withDeadline(Promise.all(asking), "all are answered", 20_000);
});

Deno.test("transactions, blocking commands and requests to all servers wait, too, and others are served", async () => {
  await using pool = await startRedisPool({ metrics: true, keys: SETTINGS });
  const away = pool.servers[1]!;
  const { port } = pool.aster;
  using idle = await RespClient.connect({ port });
  // Its connection of its own is lost with the server.
  await idle.pipeline([["MULTI"], ["GET", SECOND], ["EXEC"]]);
  // In a database of its own it takes nothing away from the others.
  using flushing = await RespClient.connect({ port });
  assertEquals(await flushing.pipeline([["SELECT", "1"], ["SET", FIRST, "1"]]), ["OK", "OK"]);
  await away.kill();
  const asked: [commands: string[][], replies: RespValue[]][] = [
    [
      [["MULTI"], ["PING"], ["SET", SECOND, "1"], ["INCR", SECOND], ["EXEC"]],
      ["OK", "QUEUED", "QUEUED", "QUEUED", ["PONG", "OK", 2]],
    ],
    [
      [["WATCH", `{${SECOND}}:w`], ["MULTI"], ["SET", `{${SECOND}}:w`, "w"], ["EXEC"]],
      ["OK", "OK", "QUEUED", ["OK"]],
    ],
    [[["LPUSH", `{${SECOND}}:l`, "x"], ["BLPOP", `{${SECOND}}:l`, "0"]], [1, [
      `{${SECOND}}:l`,
      "x",
    ]]],
    [[["BLPOP", `{${SECOND}}:none`, "0.1"]], [null]],
  ];
  const answers = asked.map(async ([commands]) => {
    using client = await RespClient.connect({ port });
    return await client.pipeline(commands);
  });
  const flushed = flushing.pipeline([["DBSIZE"], ["FLUSHDB"], ["DBSIZE"]]);
  await until(async () => await readMetric(pool.aster, "aster_waiting_requests") >= 5, {
    what: "all wait",
  });
  using other = await RespClient.connect({ port });
  assertEquals(await other.pipeline([["MULTI"], ["SET", FIRST, "1"], ["EXEC"]]), [
    ...["OK", "QUEUED", ["OK"]],
  ]);
  await other.call("DEL", FIRST);
  await away.start();
  const replies = await withDeadline(Promise.all(answers), "all are answered");
  assertEquals(replies, asked.map(([, expected]) => expected));
  assertEquals(await flushed, [1, "OK", 0]);
  assertEquals(
    await idle.pipeline([["MULTI"], ["GET", "{delta}:w"], ["EXEC"]]).then((all) =>
      all.map(isError)
    ),
    [false, false, false],
  );
  assertEquals(await readMetric(pool.aster, "aster_waiting_requests"), 0);
});

Deno.test("of a client whose connection is closed nothing waits any more", async () => {
  await using pool = await startRedisPool({ metrics: true, keys: SETTINGS });
  await pool.servers[1]!.kill();
  const waiting = () => readMetric(pool.aster, "aster_waiting_requests");
  const requests = [["GET", SECOND], ["BLPOP", SECOND, "0"], ["WATCH", SECOND], ["DBSIZE"]];
  const clients = await Promise.all(
    requests.map(() => RespClient.connect({ port: pool.aster.port })),
  );
  const answers = clients.map((client, index) => client.call(...requests[index]!).catch(() => {}));
  await until(async () => await waiting() === clients.length, { what: "all wait" });
  using other = await RespClient.connect({ port: pool.aster.port });
  assertEquals(await other.call("CLIENT", "KILL", "TYPE", "normal"), clients.length);
  await until(async () => await waiting() === 0, { what: "nobody waits" });
  await Promise.all(answers);
  for (const client of clients) client.close();
});

Deno.test("a transaction that waits fails as it would have failed at first, when its time is over", async () => {
  await using pool = await startRedisPool({ keys: "failover_wait = 700" });
  await pool.servers[1]!.kill();
  using client = await RespClient.connect({ port: pool.aster.port });
  const startMs = performance.now();
  const replies = await client.pipeline([["MULTI"], ["GET", SECOND], ["EXEC"]]);
  const tookMs = performance.now() - startMs;
  assertEquals(replies.map(isError), [false, true, true]);
  assert(tookMs > 600 && tookMs < 10_000, `${tookMs} ms`);
  // It goes on with the client's next request, and with others'.
  assertEquals(await client.call("SET", FIRST, "1"), "OK");
});

Deno.test("what waits for nothing fails for the reason why it was not sent, when its time is over", async () => {
  await using pool = await startRedisPool({ keys: "failover_wait = 700" });
  await pool.servers[1]!.kill();
  using client = await RespClient.connect({ port: pool.aster.port });
  const startMs = performance.now();
  const replies = await client.pipeline([["GET", SECOND], ["GET", FIRST], ["GET", SECOND]]);
  const tookMs = performance.now() - startMs;
  assertEquals(replies.map(isError), [true, false, true]);
  assertMatch(String(replies[0]), new RegExp(`${pool.servers[1]!.address}: connection refused$`));
  assert(tookMs > 600 && tookMs < 10_000, `${tookMs} ms`);
});

Deno.test("with eject = fail, and where requests time out in a row, they wait for the server to answer pings", async () => {
  const keys = `thread = 1
failover_wait = 20_000
read_timeout = 500
circuit_timeouts = 2
eject = "fail"
ping_fail_limit = 2
ping_succ_interval = 200
ping_interval = 200`;
  await using pool = await startRedisPool({ metrics: true, keys });
  const stopped = pool.servers[1]!;
  using client = await RespClient.connect({ port: pool.aster.port });
  await client.call("SET", SECOND, "2");
  await stopped.pause();
  const lost = await Promise.all([1, 2, 3].map(async () => {
    using one = await RespClient.connect({ port: pool.aster.port });
    return (await one.pipeline([["GET", SECOND]]))[0]!;
  }));
  assert(lost.some(isError), String(lost));
  await until(() => pool.aster.logs().includes("Backend ejected"), { what: "it is ejected" });
  const waiting = client.pipeline([["APPEND", SECOND, "x"], ["GET", SECOND]]);
  await until(async () => await readMetric(pool.aster, "aster_waiting_requests") > 0, {
    what: "requests wait",
  });
  stopped.resume();
  assertEquals(await withDeadline(waiting, "they are answered"), [2, "2x"]);
});

Deno.test("memcached: requests of all its protocols wait", async () => {
  await using pool = await startMemcachePool({ keys: SETTINGS });
  for (const server of pool.servers) await server.kill();
  const ask = async (request: string | Uint8Array, reply: string) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: pool.aster.port });
    const bytes = typeof request === "string" ? new TextEncoder().encode(request) : request;
    await connection.write(bytes as Uint8Array<ArrayBuffer>);
    let text = "";
    const room = new Uint8Array(4096);
    while (!text.includes(reply)) {
      const count = await connection.read(room);
      if (count === null) throw new Error(`closed behind ${text}`);
      text += new TextDecoder("latin1").decode(room.subarray(0, count));
      assert(!/ERROR/.test(text), text);
    }
  };
  const packet = new Uint8Array(24 + 3);
  packet.set([0x80, 0x00, 0, 3]);
  packet[11] = 3;
  packet.set(new TextEncoder().encode("abc"), 24);
  const answers = [
    ask("set a 0 0 1\r\n1\r\nget a\r\n", "STORED\r\nVALUE a 0 1\r\n1\r\nEND\r\n"),
    ask("set b 0 0 1 noreply\r\n2\r\nget b\r\n", "VALUE b 0 1\r\n2\r\nEND\r\n"),
    ask("get c d e f g h i\r\n", "END\r\n"),
    ask("ms k 1\r\n3\r\nmg k v\r\n", "HD\r\nVA 1\r\n3\r\n"),
    ask(packet, "Not found"),
  ];
  await delay(300);
  await Promise.all(pool.servers.map((server) => server.start()));
  await withDeadline(Promise.all(answers), "all are answered");
});

Deno.test("a Redis Cluster fails over: only what the lost master had been sent fails", async () => {
  await using cluster = await startRedisCluster({ replicaCount: 3 });
  await using aster = await startAster((port) =>
    `[[clusters]]
name = "slots"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis_cluster"
thread = 2
read_timeout = 10_000
failover_wait = 30_000
servers = [${cluster.addresses.map((address) => `"${address}"`).join(", ")}]
`, { metrics: true });
  const keys = Array.from({ length: CLIENTS }, (_, index) => `key:${index}`);
  const victim = await cluster.ownerOf(await cluster.slotOf(keys[0]!));
  const isHit: boolean[] = [];
  for (const key of keys) {
    isHit.push(await cluster.ownerOf(await cluster.slotOf(key)) === victim);
  }
  const counting = new Counting(aster.port, keys);
  await counting.goesOn();
  await cluster.replicated(victim);
  await victim.kill();
  // What is begun from now on is begun at the heir.
  using beginner = await RespClient.connect({ port: aster.port, deadlineMs: 60_000 });
  const begun = beginner.pipeline([["MULTI"], ["SET", `{${keys[0]}}:tx`, "1"], ["EXEC"], [
    "BLPOP",
    `{${keys[0]}}:none`,
    "0.1",
  ]]);
  const startMs = performance.now();
  const hit = counting.confirmed.filter((_, index) => isHit[index]).length;
  await counting.goesOn();
  const tookMs = performance.now() - startMs;
  assertEquals(await begun, ["OK", "QUEUED", ["OK"], null]);
  await counting.end();
  console.log(
    `failover: all go on after ${tookMs.toFixed(0)} ms; errors of requests that were sent: ` +
      `${counting.errors.length}; waited: ${await readMetric(
        aster,
        "aster_waited_requests_total",
      )}`,
  );
  assert(counting.errors.length <= hit, counting.errors.join("\n"));
  for (const error of counting.errors) assertMatch(error, /connection (lost|closed)$/);
  assertEquals(counting.wrong, []);
});
