/**
 * One server that is stopped slows nobody who asks others, and after `circuit_timeouts` its own clients hear at once:
 * in a ring of either protocol, and in a Redis Cluster.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { delay, until, withDeadline } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { startMemcachePool } from "./memcache_pool.ts";
import { readMetric } from "./metrics.ts";
import { startRedisPool } from "./redis_pool.ts";

const READ_TIMEOUT_MS = 1_000;
const TIMEOUTS = 6;
/** Clients of servers that go on, and of the one that is stopped. */
const CLIENTS = 8;
/** How long each of the two times is measured, milliseconds. */
const MEASURED_MS = 1_500;
const SETTINGS = `thread = 2
read_timeout = ${READ_TIMEOUT_MS}
circuit_timeouts = ${TIMEOUTS}`;

/** A server that a test stops. */
interface Stoppable {
  readonly address: string;
  pause(): Promise<void>;
  resume(): void;
}

/** What a request is and how its reply ends, in one of the two protocols. */
interface Wording {
  get(key: string): string;
  /** Whether the text ends with a whole reply. */
  isWhole(text: string): boolean;
}

const resp: Wording = {
  get: (key) => `GET ${key}\r\n`,
  isWhole: (text) => text.endsWith("\r\n"),
};
const memcache: Wording = {
  get: (key) => `get ${key}\r\n`,
  isWhole: (text) => /(END|ERROR[^\n]*)\r\n$/.test(text),
};

/** Asks one key again and again, and keeps how long each reply took. */
class Asking {
  times: number[] = [];
  errors = 0;
  isOver = false;
  readonly ended: Promise<void>;

  constructor(port: number, request: string, isWhole: (text: string) => boolean) {
    this.ended = this.#run(port, new TextEncoder().encode(request), isWhole);
  }

  async #run(port: number, request: Uint8Array, isWhole: (text: string) => boolean) {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const room = new Uint8Array(4096);
    while (!this.isOver) {
      const startMs = performance.now();
      await connection.write(request as Uint8Array<ArrayBuffer>);
      let text = "";
      while (!isWhole(text)) {
        const count = await connection.read(room);
        if (count === null) throw new Error("closed");
        text += new TextDecoder().decode(room.subarray(0, count));
      }
      this.times.push(performance.now() - startMs);
      if (/^-|ERROR/.test(text)) this.errors += 1;
      await delay(1);
    }
  }
}

function p99(askings: readonly Asking[]): number {
  const times = askings.flatMap((one) => one.times).sort((one, other) => one - other);
  return times[Math.floor(times.length * 0.99)]!;
}

/** Stops `server`, and compares how long clients of other keys wait before and meanwhile. */
async function compare(
  name: string,
  aster: Aster,
  wording: Wording,
  server: Stoppable,
  keys: { stopped: string; others: string[] },
): Promise<void> {
  const ask = (key: string) => new Asking(aster.port, wording.get(key), wording.isWhole);
  const others = Array.from(
    { length: CLIENTS },
    (_, index) => ask(keys.others[index % keys.others.length]!),
  );
  await until(() => others.every(({ times }) => times.length > 10), { what: "all are served" });
  for (const one of others) one.times = [];
  await delay(MEASURED_MS);
  const before = p99(others);
  for (const one of others) one.times = [];
  await server.pause();
  const own = Array.from({ length: CLIENTS }, () => ask(keys.stopped));
  await delay(MEASURED_MS);
  const opened = () => readMetric(aster, "aster_circuits_opened_total");
  // Either worker that has clients of it finds out for itself.
  await until(async () => await opened() >= 1, { what: "its requests fail at once" });
  const meanwhile = p99(others);
  const longest = Math.max(...others.flatMap(({ times }) => times));
  await until(() => own.every(({ times }) => times.some((time) => time < READ_TIMEOUT_MS / 4)), {
    what: "each of its clients has heard at once that it does not answer",
  });
  assertEquals(await readMetric(aster, "aster_backend_up", server.address), 0);
  server.resume();
  await until(() => {
    const errors = own.map((one) => one.errors);
    return delay(200).then(() => own.every((one, index) => one.errors === errors[index]));
  }, { what: "it is asked again" });
  for (const one of [...others, ...own]) one.isOver = true;
  await withDeadline(Promise.all([...others, ...own].map(({ ended }) => ended)), "the end");
  console.log(
    `${name}: p99 of clients of other servers ${before.toFixed(1)} ms before, ` +
      `${meanwhile.toFixed(1)} ms while one is stopped (longest ${longest.toFixed(0)} ms); ` +
      `circuits opened ${await opened()}`,
  );
  assertEquals(others.map(({ errors }) => errors), others.map(() => 0));
  // Who waited for the stopped one would have waited for its timeout.
  assert(longest < READ_TIMEOUT_MS / 2, `${longest} ms`);
}

Deno.test("a pool of Redis servers", async () => {
  await using pool = await startRedisPool({ metrics: true, keys: SETTINGS });
  const keys = { stopped: "delta", others: ["alpha", "beta"] };
  await compare("redis", pool.aster, resp, pool.servers[1]!, keys);
});

Deno.test("a pool of memcached servers", async () => {
  await using pool = await startMemcachePool({ metrics: true, keys: SETTINGS });
  const [stopped] = pool.servers;
  const others: string[] = [];
  let own = "";
  for (let index = 0; others.length < 4 || own === ""; index++) {
    const key = `key${index}`;
    using client = await Deno.connect({ hostname: "127.0.0.1", port: pool.aster.port });
    await client.write(new TextEncoder().encode(`set ${key} 0 0 1\r\n1\r\n`));
    await client.read(new Uint8Array(64));
    if ((await stopped!.ask(`get ${key}\r\n`, "END\r\n")).includes("VALUE")) own = key;
    else others.push(key);
  }
  await compare("memcache", pool.aster, memcache, stopped!, { stopped: own, others });
});

Deno.test("a Redis Cluster", async () => {
  // With one of three nodes failed, a second one that gets no processor for a while leaves the third in a minority, which
  // serves nobody.
  await using cluster = await startRedisCluster({ replicaCount: 0, nodeTimeoutMs: 60_000 });
  await using aster = await startAster((port) =>
    `[[clusters]]
name = "slots"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis_cluster"
servers = [${cluster.addresses.map((address) => `"${address}"`).join(", ")}]
${SETTINGS}
`, { metrics: true });
  const [stopped] = cluster.masters;
  const others: string[] = [];
  let own = "";
  for (let index = 0; others.length < 4 || own === ""; index++) {
    const key = `key${index}`;
    const owner = await cluster.ownerOf(await cluster.slotOf(key));
    if (owner === stopped) own = key;
    else others.push(key);
  }
  await compare("redis_cluster", aster, resp, stopped!, { stopped: own, others });
});
