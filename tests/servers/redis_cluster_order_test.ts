/**
 * One client's order on a key is kept while the key's slot moves to and fro and other clients meet the
 * redirections first.
 *
 * Goal and method: writers pipeline APPENDs of rising numbers to one key each; readers ask for the same keys
 * all the time, so that theirs are the requests that correct the slot; the slots move back and forth, each
 * move lasting until the replies to what was in flight are in. The value must be what one writer alone would
 * have made of it: numbers in order, none lost, none twice.
 *
 * @module
 */
import { startAster } from "../support/servers/aster.ts";
import { redisClusterConfig } from "../support/rigs/cluster_config.ts";
import { startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { type RedisCluster, startRedisCluster } from "../support/servers/redis_cluster.ts";
import { encodeCommand, RespClient, RespError } from "../support/clients/resp_client.ts";
import { assert, assertEquals } from "../deps.ts";
import { clientsOfBothWorkers } from "./both_workers.ts";

/** Moves of each key's slot. */
const MOVES = 8;
/** APPENDs in flight of one writer. */
const DEPTH = 64;

/** Appends 0, 1, 2 … to one key until it is told to stop. */
class Writer implements Disposable {
  readonly key: string;
  sent = 0;
  answered = 0;
  /** Sum of the lengths of all that was appended and answered. */
  #length = 0;
  #isStopped = false;
  readonly #client: RespClient;

  constructor(key: string, client: RespClient) {
    this.key = key;
    this.#client = client;
  }

  /** Writes as fast as replies come, {@link DEPTH} at most ahead of them. */
  async run(): Promise<void> {
    while (!this.#isStopped || this.answered < this.sent) {
      if (!this.#isStopped && this.sent - this.answered <= DEPTH / 2) await this.#sendMore();
      const reply = await this.#client.read();
      this.#length += this.#text(this.answered).length;
      assertEquals(reply, this.#length, `reply ${this.answered} of ${this.key}`);
      this.answered += 1;
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** What the key must hold. */
  expected(): string {
    return Array.from({ length: this.sent }, (_, number) => this.#text(number)).join("");
  }

  async #sendMore(): Promise<void> {
    const requests: number[] = [];
    while (this.sent - this.answered < DEPTH) {
      requests.push(...encodeCommand(["APPEND", this.key, this.#text(this.sent)]));
      this.sent += 1;
    }
    await this.#client.send(Uint8Array.from(requests));
  }

  #text(number: number): string {
    return `${number};`;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** Reads keys without pause; every answer must be a value. */
async function read(port: number, keys: readonly string[], isOver: () => boolean): Promise<void> {
  using client = await RespClient.connect({ port });
  while (!isOver()) {
    const replies = await client.pipeline(keys.map((key) => ["STRLEN", key]));
    assertEquals(replies.filter((reply) => reply instanceof RespError), []);
  }
}

/** Moves the slots of all writers' keys from master to master. */
async function moveSlots(cluster: RedisCluster, writers: readonly Writer[]): Promise<void> {
  for (let move = 0; move < MOVES; move++) {
    for (const { key } of writers) {
      const slot = await cluster.slotOf(key);
      const owner = await cluster.ownerOf(slot);
      // Mostly to and fro between two masters: what comes back fast is what could overtake.
      const others = cluster.masters.filter((master) => master !== owner);
      await cluster.migrateSlot(slot, others[move % 5 === 4 ? 1 : 0]!);
    }
    const sent = writers.map((writer) => writer.sent);
    await until(() => writers.every(({ answered }, index) => answered >= sent[index]!), {
      what: "the replies that were in flight are in",
    });
  }
}

async function keepOrder(cluster: RedisCluster, port: number, prefix: string): Promise<void> {
  const keys = [1, 2, 3, 4].map((number) => `${prefix}:${number}`);
  const writers: Writer[] = [];
  for (const key of keys) writers.push(new Writer(key, await RespClient.connect({ port })));
  let isOver = false;
  const runs = [
    ...writers.map((writer) => writer.run()),
    ...[1, 2, 3].map(() => read(port, keys, () => isOver)),
  ];
  const all = Promise.all(runs);
  all.catch(() => {});
  try {
    await Promise.race([moveSlots(cluster, writers), all]);
    for (const writer of writers) writer.stop();
    await Promise.all(runs.slice(0, writers.length));
    isOver = true;
    await all;
    using client = await RespClient.connect({ port });
    for (const writer of writers) {
      assert(writer.sent > MOVES, `${writer.key}: ${writer.sent} appended`);
      assertEquals(await client.call("GET", writer.key), writer.expected());
      await client.call("DEL", writer.key);
    }
  } finally {
    isOver = true;
    for (const writer of writers) writer[Symbol.dispose]();
    await Promise.allSettled(runs);
  }
}

Deno.test("order on a key while its slot moves to and fro", async (test) => {
  await using cluster = await startRedisCluster();
  const servers = cluster.addresses;
  await test.step("one worker, one connection to each node", async () => {
    using proxy = startLocalProxy({ cache_type: "redis_cluster", servers });
    await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
    await keepOrder(cluster, proxy.port, "one");
    assert(proxy.metrics().redirects > MOVES, `${proxy.metrics().redirects} redirections`);
  });
  await test.step("two workers, two connections to each node", async () => {
    await using aster = await startAster((port) =>
      redisClusterConfig(servers, port, "thread = 2\nnode_connections = 2")
    );
    const opened: RespClient[] = [];
    const clients = await clientsOfBothWorkers(aster.port, opened);
    assertEquals(clients.length, 2);
    for (const client of clients) {
      await until(async () => (await client.pipeline([["GET", "two"]]))[0] === null, {
        what: "both workers know the map",
      });
    }
    for (const client of opened) client.close();
    await keepOrder(cluster, aster.port, "two");
  });
});
