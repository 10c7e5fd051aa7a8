/**
 * Pause and resume by the admin server, under load: nothing fails, nothing is lost, and nobody else waits.
 */
import { assert, assertEquals } from "../deps.ts";
import { delay, until, withDeadline } from "../support/tools/poll.ts";
import { RespClient, RespError, type RespValue } from "../support/clients/resp_client.ts";
import { type RedisPool, startRedisPool } from "./redis_pool.ts";

/** Keys on the first, the second and the third server of the pool. */
const [FIRST, SECOND, THIRD] = ["alpha", "delta", "beta"] as const;
/** So many that the kernel gives some to either worker. */
const CLIENTS = 12;

interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any
  body: any;
}

let pool: RedisPool;

Deno.test.beforeAll(async () => {
  pool = await startRedisPool({
    metrics: true,
    keys: `thread = 2
ping_fail_limit = 2
ping_succ_interval = 500
ping_interval = 50`,
  });
});

/** A test that fails while a server is paused would have all that come after it wait in vain. */
Deno.test.afterEach(async () => {
  await post("/resume?cluster=pool");
});

Deno.test.afterAll(() => pool[Symbol.asyncDispose]());

async function post(path: string): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${pool.aster.metricsPort}${path}`, {
    method: "POST",
  });
  return { status: response.status, body: await response.json() };
}

function connect(): Promise<RespClient> {
  return RespClient.connect({ port: pool.aster.port });
}

/** Clients that add one to their keys on all servers, again and again, and count what was confirmed. */
class Load {
  readonly confirmed: number[];
  readonly errors: string[] = [];
  readonly #tag: string;
  readonly #port: number;
  #isOver = false;
  readonly #runs: Promise<void>[];

  constructor(tag: string, port = pool.aster.port) {
    this.#tag = tag;
    this.#port = port;
    this.confirmed = new Array(CLIENTS).fill(0);
    this.#runs = this.confirmed.map((_, index) => this.#run(index));
  }

  keysOf(index: number): string[] {
    return [FIRST, SECOND, THIRD].map((key) => `{${key}}:${this.#tag}:${index}`);
  }

  get total(): number {
    return this.confirmed.reduce((sum, count) => sum + count, 0);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await withDeadline(Promise.all(this.#runs), "the load ends", 20_000);
  }

  async #run(index: number): Promise<void> {
    using client = await RespClient.connect({ port: this.#port });
    while (!this.#isOver) {
      const commands = this.keysOf(index).flatMap((key) => [["INCR", key], ["GET", key]]);
      const replies = await client.pipeline(commands);
      const expected = this.confirmed[index]! + 1;
      replies.forEach((reply, at) => {
        const value = at % 2 === 0 ? expected : String(expected);
        if (reply !== value) this.errors.push(`${commands[at]}: ${reply}, not ${value}`);
      });
      this.confirmed[index] = expected;
    }
  }
}

async function untilMore(load: Load): Promise<void> {
  const before = load.total;
  await until(() => load.total > before + 2 * CLIENTS, { what: "the load goes on" });
}

Deno.test("pause, kill and replace the server, resume: no error, no write lost", async () => {
  const load = new Load("swap");
  for (const query of ["cluster=pool&server=r1", "cluster=pool"]) {
    await untilMore(load);
    const paused = await post(`/pause?${query}&max=60s`);
    assertEquals([paused.status, paused.body.in_flight], [200, 0]);
    const server = pool.servers[1]!;
    const value = await server.call("GET", load.keysOf(0)[1]!);
    await server.call("SAVE");
    await server.kill();
    // Time for pings to eject it, were it not paused: two in a row, every 50 ms.
    await delay(400);
    await server.start();
    assertEquals(await server.call("GET", load.keysOf(0)[1]!), value);
    const resumed = await post(`/resume?${query}`);
    assertEquals(resumed, { status: 200, body: { paused: false } });
  }
  await untilMore(load);
  await load.end();
  assertEquals(load.errors, []);
  using client = await connect();
  for (let index = 0; index < CLIENTS; index++) {
    for (const key of load.keysOf(index)) {
      assertEquals(await client.call("GET", key), String(load.confirmed[index]), key);
    }
  }
  assert(!pool.aster.logs().includes("Backend ejected"));
});

/** One round of a client; it says what was wrong. */
type Round = (client: RespClient, index: number, count: number) => Promise<string | null>;

/** Rounds of clients that do more than plain requests. */
const rounds: Round[] = [
  async (client, index, count) => {
    const key = `{${SECOND}}:tx:${index}`;
    const replies = await client.pipeline([["MULTI"], ["INCR", key], ["GET", key], ["EXEC"]]);
    const expected = ["OK", "QUEUED", "QUEUED", [count + 1, String(count + 1)]];
    return JSON.stringify(replies) === JSON.stringify(expected) ? null : JSON.stringify(replies);
  },
  async (client, index) => {
    const key = `{${SECOND}}:watched:${index}`;
    if (await client.call("WATCH", key) !== "OK") return "WATCH";
    const [multi, queued, done] = await client.pipeline([["MULTI"], ["INCR", key], ["EXEC"]]);
    // What was watched may have changed while the server was away.
    const isRight = multi === "OK" && queued === "QUEUED" && (done === null || Array.isArray(done));
    return isRight ? null : JSON.stringify([multi, queued, done]);
  },
  async (client, index, count) => {
    const keys = [FIRST, SECOND, THIRD].map((key) => `{${key}}:split:${index}`);
    const replies = await client.pipeline([
      ["MSET", ...keys.flatMap((key) => [key, String(count)])],
      ["MGET", ...keys],
    ]);
    const expected = ["OK", keys.map(() => String(count))];
    return JSON.stringify(replies) === JSON.stringify(expected) ? null : JSON.stringify(replies);
  },
  async (client, index, count) => {
    const key = `{${SECOND}}:script:${index}`;
    const body = "return redis.call('INCR', KEYS[1])";
    const sha = await client.call("SCRIPT", "LOAD", body) as string;
    const reply = await client.call("EVALSHA", sha, "1", key);
    return reply === count + 1 ? null : String(reply);
  },
  async (client, _index) => {
    const replies = await client.pipeline([["DBSIZE"], ["SCAN", "0"], ["PUBLISH", "news", "x"]]);
    return replies.some((reply) => reply instanceof RespError) ? JSON.stringify(replies) : null;
  },
];

Deno.test("transactions, scripts, split requests and those to all servers live through a pause, too", async () => {
  const wrong: string[] = [];
  const counts = rounds.flatMap(() => [0, 0, 0]);
  let isOver = false;
  const running = counts.map(async (_, number) => {
    using client = await connect();
    const round = rounds[number % rounds.length]!;
    while (!isOver) {
      const fault = await round(client, number, counts[number]!).catch(String);
      if (fault !== null) wrong.push(`${number % rounds.length}: ${fault}`);
      counts[number]! += 1;
    }
  });
  const goesOn = async () => {
    const before = [...counts];
    await until(() => counts.every((count, index) => count > before[index]! + 3), {
      what: "all go on",
    });
  };
  for (const query of ["cluster=pool&server=r1", "cluster=pool"]) {
    await goesOn();
    const paused = await post(`/pause?${query}&max=60s`);
    assertEquals([paused.status, paused.body.in_flight], [200, 0]);
    await untilNoConnectionAt(1);
    await pool.servers[1]!.call("SAVE");
    await pool.servers[1]!.kill();
    await delay(200);
    await pool.servers[1]!.start();
    assertEquals((await post(`/resume?${query}`)).status, 200);
    await goesOn();
  }
  isOver = true;
  await withDeadline(Promise.all(running), "all end");
  assertEquals(wrong, []);
});

async function fetchText(path: string): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${pool.aster.metricsPort}${path}`)).text();
}

Deno.test("a paused server's keys wait, all others are served, in each client's order", async () => {
  using client = await connect();
  using other = await connect();
  await client.call("SET", FIRST, "1");
  await client.call("SET", SECOND, "2");
  assertEquals((await post("/pause?cluster=pool&server=r0&max=60s")).status, 200);
  let isAnswered = false;
  const waiting = client.pipeline([["GET", SECOND], ["GET", FIRST], ["GET", SECOND]])
    .then((replies) => {
      isAnswered = true;
      return replies;
    });
  for (let round = 0; round < 20; round++) assertEquals(await other.call("GET", SECOND), "2");
  for (const words of [["MGET", SECOND, FIRST], ["DBSIZE"], ["BLPOP", FIRST, "1"]]) {
    using asking = await connect();
    const reply = asking.pipeline([words]).catch(() => null);
    assertEquals(await other.call("PING"), "PONG");
    assertEquals((await post("/pause?cluster=pool&server=r0&max=60s")).body.in_flight, 0, words[0]);
    void reply;
  }
  assertEquals(isAnswered, false);
  await post("/resume?cluster=pool&server=r0");
  assertEquals(await waiting, ["2", "1", "2"]);
});

Deno.test("mode=write lets reads go on", async () => {
  using client = await connect();
  using writer = await connect();
  await client.call("SET", FIRST, "before");
  assertEquals((await post("/pause?cluster=pool&mode=write&max=60s")).status, 200);
  const written = writer.call("SET", FIRST, "after");
  for (let round = 0; round < 20; round++) assertEquals(await client.call("GET", FIRST), "before");
  await post("/resume?cluster=pool");
  assertEquals(await written, "OK");
  assertEquals(await client.call("GET", FIRST), "after");
});

Deno.test("a pause ends by itself when its time is over", async () => {
  using client = await connect();
  assertEquals((await post("/pause?cluster=pool&max=300ms")).status, 200);
  assertEquals(await withDeadline(client.call("SET", FIRST, "x"), "the pause ends"), "OK");
  await until(async () => !(await fetchText("/status")).includes('"endsInMs"'), {
    what: "no pause",
  });
});

Deno.test("a transaction that has begun finishes first; blocked and subscribed clients are only counted", async () => {
  using inside = await connect();
  using before = await connect();
  using blocked = await connect();
  using subscribed = await connect();
  await inside.call("MULTI");
  await inside.call("SET", FIRST, "tx");
  await before.call("MULTI");
  const popped = blocked.call("BLPOP", `{${SECOND}}:list`, "0");
  await subscribed.call("SUBSCRIBE", "news");
  await until(
    async () =>
      /"blockedClients"|aster_blocked_clients\{[^}]*\} 1/.test(await fetchText("/metrics")),
    { what: "blocked" },
  );
  const first = await post("/pause?cluster=pool&max=1s");
  assertEquals([first.status, first.body.paused], [409, true]);
  assertEquals(first.body, {
    paused: true,
    in_flight: 1,
    transactions: 1,
    blocked: 1,
    subscribed: 1,
    silent_workers: 0,
    former_process: false,
  });
  const again = post("/pause?cluster=pool&max=60s");
  const late = before.pipeline([["SET", THIRD, "late"], ["EXEC"]]);
  assertEquals(await inside.call("EXEC"), ["OK"]);
  assertEquals((await again).status, 200);
  await post("/resume?cluster=pool");
  assertEquals(await late, ["QUEUED", ["OK"]]);
  using pusher = await connect();
  await pusher.call("RPUSH", `{${SECOND}}:list`, "x");
  assertEquals(await popped, [`{${SECOND}}:list`, "x"]);
});

/** Connections that a server has besides the one that asks: of the proxy, on its own port. */
async function connectionsAt(server: number): Promise<number> {
  const list = await pool.servers[server]!.call("CLIENT", "LIST") as string;
  return list.trim().split("\n").filter((line) => !line.includes("cmd=client|list")).length;
}

/** Waits until a paused server has heard, in its own time, that all connections to it are closed. */
async function untilNoConnectionAt(server: number): Promise<void> {
  await until(async () => await connectionsAt(server) === 0, { what: "no connection is left" });
}

Deno.test("a server that is paused has no connection left, of transactions neither", async () => {
  using done = await connect();
  using watching = await connect();
  await done.pipeline([["MULTI"], ["SET", FIRST, "1"], ["EXEC"]]);
  assertEquals(await watching.call("WATCH", FIRST), "OK");
  assert(await connectionsAt(0) > 2);
  assertEquals((await post("/pause?cluster=pool&server=r0&max=60s")).status, 200);
  await untilNoConnectionAt(0);
  const replies = watching.pipeline([["MULTI"], ["SET", FIRST, "2"], ["EXEC"]]);
  await post("/resume?cluster=pool&server=r0");
  // Nobody has watched on meanwhile.
  assertEquals(await replies, ["OK", "QUEUED", null]);
  assertEquals(await done.pipeline([["MULTI"], ["GET", FIRST], ["EXEC"]]), ["OK", "QUEUED", ["1"]]);
});

Deno.test("pauses and resumes that race leave nobody waiting", async () => {
  const load = new Load("race");
  for (let round = 0; round < 10; round++) {
    const server = round % 2 === 0 ? "" : "&server=r2";
    await Promise.all([
      post(`/pause?cluster=pool${server}&max=60s`),
      post(`/resume?cluster=pool${server}`),
      post(`/pause?cluster=pool&mode=write&max=60s`),
      post(`/resume?cluster=pool`),
    ]);
    await post("/resume?cluster=pool");
  }
  await untilMore(load);
  await load.end();
  assertEquals(load.errors, []);
});

Deno.test("who waits in a pause is not read beyond client_read_ahead", async () => {
  using client = await connect();
  await post("/pause?cluster=pool&max=60s");
  const value = "v".repeat(100_000);
  const commands = Array.from({ length: 100 }, (_, index) => ["SET", `k${index}`, value]);
  const replies: Promise<RespValue[]> = client.pipeline(commands);
  using other = await connect();
  assertEquals(await other.call("PING"), "PONG");
  await post("/resume?cluster=pool");
  assert((await replies).every((reply) => !(reply instanceof RespError)));
});

Deno.test("what is asked wrongly is refused, and says what is wrong", async () => {
  const cases: [string, number][] = [
    ["/pause?cluster=none", 404],
    ["/pause?cluster=pool&server=none", 404],
    ["/pause?cluster=pool&mode=some", 400],
    ["/pause?cluster=pool&max=10", 400],
    ["/pause?cluster=pool&max=301s", 400],
    ["/pause?cluster=pool&cluster=pool", 400],
    ["/pause?cluster=pool&servre=r0", 400],
    ["/resume?cluster=", 400],
  ];
  for (const [path, status] of cases) {
    const answer = await post(path);
    assertEquals([answer.status, typeof answer.body.error], [status, "string"], path);
  }
});

Deno.test("a proxy that is asked to end while paused waits with its clients, and serves them when resumed", async () => {
  await using own = await startRedisPool({ metrics: true, serverCount: 1, keys: "thread = 2" });
  using client = await RespClient.connect({ port: own.aster.port });
  assertEquals(await client.call("SET", FIRST, "1"), "OK");
  const url = `http://127.0.0.1:${own.aster.metricsPort}`;
  const order = (path: string) => fetch(url + path, { method: "POST" }).then((one) => one.json());
  assertEquals((await order("/pause?max=60s")).in_flight, 0);
  const waiting = client.call("INCR", FIRST);
  const ended = own.aster.stop();
  await until(
    async () => (await fetch(`${url}/ready`).then((one) => one.text())).includes("false"),
    {
      what: "it is draining",
    },
  );
  assertEquals(await order("/resume"), { paused: false });
  assertEquals(await waiting, 2);
  assertEquals((await ended).code, 0);
});

Deno.test("resume waits for the ping that lets a server in which was ejected and keeps its keys", async () => {
  const keys = "thread = 2\nping_fail_limit = 2\nping_succ_interval = 500\nping_interval = 50\n" +
    'eject = "fail"';
  await using own = await startRedisPool({ metrics: true, serverCount: 1, keys });
  const order = async (path: string) => {
    const url = `http://127.0.0.1:${own.aster.metricsPort}${path}`;
    return await fetch(url, { method: "POST" }).then((one) => one.json());
  };
  const server = own.servers[0]!;
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => RespClient.connect({ port: own.aster.port })),
  );
  for (const client of clients) assertEquals(await client.call("SET", FIRST, "1"), "OK");
  await server.call("SAVE");
  await server.kill();
  await own.aster.logged(/Backend ejected from the ring/);
  assertEquals((await order("/pause?max=60s")).in_flight, 0);
  const replies = clients.map((client) => client.call("GET", FIRST).catch(String));
  await server.start();
  assertEquals(await order("/resume"), { paused: false });
  assertEquals(await Promise.all(replies), clients.map(() => "1"));
  for (const client of clients) client.close();
});

Deno.test("a reload may give a paused server another address: no error, and its keys follow the alias", async () => {
  // Workers on Deno's sockets could not reach an address that was not there when they started.
  const keys = 'thread = 2\n[runtime]\nnetwork = "process"';
  await using own = await startRedisPool({ metrics: true, serverCount: 2, keys });
  const order = async (path: string) => {
    const url = `http://127.0.0.1:${own.aster.metricsPort}${path}`;
    return (await fetch(url, { method: "POST" })).status;
  };
  const load = new Load("move", own.aster.port);
  await untilMore(load);
  assertEquals(await order("/pause?server=r1&max=60s"), 200);
  const former = own.servers[1]!;
  for (const key of await former.call("KEYS", "*") as string[]) {
    await own.direct.call("SET", key, await former.call("GET", key) as string);
  }
  const file = await Deno.readTextFile(own.aster.configFile);
  await Deno.writeTextFile(
    own.aster.configFile,
    file.replace(former.address, own.direct.address),
  );
  assertEquals(await order("/reload"), 200);
  await former.kill();
  assertEquals(await order("/resume?server=r1"), 200);
  await untilMore(load);
  await load.end();
  assertEquals(load.errors, []);
});

Deno.test("a reload that goes wrong, or only asks, changes nothing and says so", async () => {
  const file = await Deno.readTextFile(pool.aster.configFile);
  await Deno.writeTextFile(pool.aster.configFile, file + "\nno_such_key = 1\nthread = \n");
  const bad = await post("/reload");
  assertEquals([bad.status, bad.body.applied, bad.body.problems.length > 0], [409, false, true]);
  assert((await fetchText("/metrics")).includes("aster_config_reload_success 0"));
  await Deno.writeTextFile(
    pool.aster.configFile,
    file.replace("thread = 2", "thread = 2\nmax_pipeline = 4321"),
  );
  const dry = await post("/reload?dry_run=1");
  assertEquals([dry.status, dry.body.applied, dry.body.dry_run], [200, false, true]);
  assert(JSON.stringify(dry.body.changes).includes("max_pipeline"));
  await Deno.writeTextFile(pool.aster.configFile, file);
  assertEquals((await post("/reload")).status, 200);
  assert((await fetchText("/metrics")).includes("aster_config_reload_success 1"));
});
