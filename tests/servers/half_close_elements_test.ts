/**
 * Consumers that end their input, or close, at any moment while a producer pushes: where each element is afterwards.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { connectFakeClient } from "../support/fakes/fake_client.ts";
import { type LocalProxy, startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { startRedisCluster } from "../support/servers/redis_cluster.ts";
import { type RedisServer, startRedisServer } from "../support/servers/redis_server.ts";
import { encodeCommand, RespClient } from "../support/clients/resp_client.ts";
import { type Random, seededRandom } from "../support/tools/seed.ts";

const ELEMENTS = 600;
const CONSUMERS = 8;
/** Clients that close while they wait. */
const RACES = 60;
const QUEUE = "{h}queue";
/** Longest pause of a consumer before its end, and of the producer between two elements, in milliseconds. */
const PAUSE_MAX_MS = 4;

/** Where the elements are. */
interface Count {
  readonly pushed: number;
  readonly delivered: number;
  readonly left: number;
  readonly clients: number;
}

/** Counts elements that clients were given, each of which must be given once. */
class Taken {
  readonly elements = new Set<string>();

  note(replies: string): void {
    for (const [, element] of replies.matchAll(/\$\d+\r\n(e\d+)\r\n/g)) {
      assert(!this.elements.has(element!), `${element} was given twice`);
      this.elements.add(element!);
    }
  }
}

/** A client that asks for elements and leaves; resolves to what it got. */
async function consume(port: number, random: Random): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const decoder = new TextDecoder();
  let replies = "";
  let isOver = false;
  const read = async () => {
    const buffer = new Uint8Array(4096);
    for (let count: number | null = 0; count !== null; count = await connection.read(buffer)) {
      replies += decoder.decode(buffer.subarray(0, count));
    }
    isOver = true;
  };
  const reading = read();
  const asked = random.between(1, 3);
  for (let count = 0; count < asked; count++) {
    await connection.write(encodeCommand(["BLPOP", QUEUE, random.pick(["0", "5"])]));
  }
  if (random.chance(0.7)) await pause(random);
  if (!isOver) await connection.closeWrite();
  await withDeadline(reading, "the connection ends");
  connection.close();
  return replies;
}

function pause(random: Random): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, random.below(PAUSE_MAX_MS)));
}

async function countElements(
  port: number,
  random: Random,
): Promise<Count> {
  using producer = await RespClient.connect({ port });
  await producer.call("DEL", QUEUE);
  const taken = new Taken();
  const progress = { isProducing: true, clients: 0 };
  const consuming = Array.from({ length: CONSUMERS }, async () => {
    while (progress.isProducing) {
      progress.clients += 1;
      taken.note(await consume(port, random));
    }
  });
  for (let element = 0; element < ELEMENTS; element++) {
    await producer.call("RPUSH", QUEUE, `e${element}`);
    if (random.chance(0.5)) await pause(random);
  }
  progress.isProducing = false;
  await Promise.all(consuming);
  const left = Number(await producer.call("LLEN", QUEUE));
  return { pushed: ELEMENTS, delivered: taken.elements.size, left, clients: progress.clients };
}

function show(where: string, { pushed, delivered, left, clients }: Count): void {
  const lost = pushed - delivered - left;
  console.log(
    `${where}, ${clients} clients that half-close: ` +
      `pushed ${pushed} = delivered ${delivered} + left ${left} + lost ${lost}`,
  );
}

/** How clients leave: by the end of the stream, or by a reset. */
type Leaving = "close" | "reset";

/**
 * Clients that wait and leave for good right before an element is pushed: how many were popped for them. Even a server
 * may hear of the element first.
 */
async function countRaces(
  port: number,
  manner: Leaving,
  isBlocked: () => Promise<boolean>,
): Promise<number> {
  using producer = await RespClient.connect({ port });
  // Who finds what others have left does not wait.
  await producer.call("DEL", QUEUE);
  let lost = 0;
  for (let round = 0; round < RACES; round++) {
    await using leaving = await connectFakeClient(port);
    await leaving.sends(`BLPOP ${QUEUE} 0\r\n`);
    await until(isBlocked, { what: "it waits", intervalMs: 1 });
    if (manner === "close") leaving.closes();
    else leaving.resets();
    await producer.call("RPUSH", QUEUE, `e${round}`);
    await until(async () => !await isBlocked(), { what: "it waits no more", intervalMs: 1 });
    if (await producer.call("LPOP", QUEUE) === null) lost += 1;
  }
  return lost;
}

function blockedAt(servers: readonly { call: RedisServer["call"] }[]): () => Promise<boolean> {
  return async () => {
    const infos = await Promise.all(servers.map((server) => server.call("INFO", "clients")));
    return infos.some((info) => /blocked_clients:[1-9]/.test(String(info)));
  };
}

async function check(
  proxy: LocalProxy,
  servers: readonly { call: RedisServer["call"] }[],
  where: string,
): Promise<void> {
  const counted = await countElements(proxy.port, seededRandom(where));
  show(where, counted);
  assertEquals(counted.delivered + counted.left, counted.pushed, "elements were lost");
  await using direct = await startRedisServer();
  for (const manner of ["close", "reset"] as const) {
    const byServer = await countRaces(direct.port, manner, blockedAt([direct]));
    const byProxy = await countRaces(proxy.port, manner, blockedAt(servers));
    console.log(
      `${where}, of ${RACES} elements pushed behind a ${manner}: ` +
        `lost ${byProxy}, by a server ${byServer}`,
    );
    assert(byProxy <= byServer + RACES / 4, `elements popped for clients that ${manner}`);
  }
  await until(() => proxy.metrics().clientsConnected === 0, { what: "all clients are gone" });
  assertEquals([proxy.metrics().blockedClients, proxy.metrics().dedicatedTaken], [0, 0]);
}

Deno.test("in front of a pool no element is lost when clients half-close at any moment", async () => {
  await using one = await startRedisServer();
  await using two = await startRedisServer();
  using proxy = startLocalProxy({
    cache_type: "redis",
    servers: [`${one.address}:1`, `${two.address}:1`],
  });
  await check(proxy, [one, two], "a pool");
});

Deno.test("in front of a Redis Cluster no element is lost when clients half-close at any moment", async () => {
  await using cluster = await startRedisCluster();
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: [cluster.nodes[0]!.address],
  });
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
  await check(proxy, cluster.masters, "a Redis Cluster");
});
