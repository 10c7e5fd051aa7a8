/**
 * `read_from_slave`: which replica gets which read, what goes first on its connections, and who answers when
 * it cannot. Against scripted nodes.
 *
 * @module
 */
import { type ClusterKeys, type LocalProxy, startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { type RespClient, RespError } from "../support/clients/resp_client.ts";
import { ScriptedNode } from "../support/fakes/scripted_node.ts";
import { assert, assertEquals } from "../deps.ts";

/** A master of all slots, two replicas, and a proxy that reads from them. */
class Scene implements AsyncDisposable {
  readonly master = new ScriptedNode();
  readonly replicas: readonly ScriptedNode[] = [new ScriptedNode(), new ScriptedNode()];
  readonly proxy: LocalProxy;

  constructor(keys: ClusterKeys) {
    const addresses = this.nodes.map(({ address }) => address);
    for (const node of this.nodes) {
      node.serves([0, 16_383, ...addresses]);
      node.answer = () => node === this.master ? "+MASTER\r\n" : "+REPLICA\r\n";
    }
    this.proxy = startLocalProxy({
      cache_type: "redis_cluster",
      servers: addresses,
      read_from_slave: true,
      ...keys,
    });
  }

  get nodes(): ScriptedNode[] {
    return [this.master, ...this.replicas];
  }

  static async open(keys: ClusterKeys = {}): Promise<Scene> {
    const scene = new Scene(keys);
    await until(() => scene.proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
    return scene;
  }

  /** Reads until both replicas are connected to, then forgets all requests but those of connecting. */
  async warmUp(client: RespClient): Promise<void> {
    await until(async () => {
      await client.call("GET", "warm");
      return this.replicas.every(({ lines }) => lines.includes("GET warm"));
    }, { what: "both replicas serve" });
    for (const node of this.nodes) {
      const kept = node.requests.filter(({ words }) => words[1] !== "warm");
      node.requests.splice(0, Infinity, ...kept);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.proxy[Symbol.dispose]();
    for (const node of this.nodes) await node[Symbol.asyncDispose]();
  }
}

Deno.test("reads go to the replicas in turn behind READONLY, writes to the master", async () => {
  await using scene = await Scene.open();
  using client = await scene.proxy.connect();
  await scene.warmUp(client);
  const reads = Array.from({ length: 6 }, () => ["GET", "foo"]);
  assertEquals(await client.pipeline(reads), reads.map(() => "REPLICA"));
  const writes = [["SET", "foo", "1"], ["APPEND", "foo", "2"], ["EVAL", "return 1", "1", "foo"]];
  writes.push(["GETDEL", "foo"], ["GETEX", "foo", "EX", "5"], ["SORT", "foo", "STORE", "foo"]);
  assertEquals(await client.pipeline(writes), writes.map(() => "MASTER"));
  for (const replica of scene.replicas) {
    assertEquals(replica.lines, ["READONLY", "GET foo", "GET foo", "GET foo"]);
  }
  assertEquals(scene.master.lines, writes.map((words) => words.join(" ")));
});

Deno.test("a client of RESP3 reads over connections of its own: HELLO 3, then READONLY", async () => {
  await using scene = await Scene.open();
  using client = await scene.proxy.connect();
  await client.send("HELLO 3\r\nPING\r\n");
  // The answer to HELLO is a map, which this client cannot read: it is passed over line by line.
  await until(async () => await client.read().then((reply) => reply === "PONG", () => false), {
    what: "the answer behind HELLO",
  });
  await scene.warmUp(client);
  assertEquals(await client.pipeline([["GET", "foo"], ["GET", "foo"]]), ["REPLICA", "REPLICA"]);
  for (const replica of scene.replicas) {
    assertEquals(replica.lines, ["HELLO 3", "READONLY", "GET foo"]);
  }
  assertEquals(scene.master.lines, ["INFO server", "HELLO 3"]);
});

Deno.test("no read waits for a replica's connection, and none fails by it", async () => {
  await using scene = await Scene.open();
  const [hanging, refusing] = scene.replicas;
  hanging!.handshake = null;
  refusing!.handshake = "-NOPERM this user has no permissions\r\n";
  using client = await scene.proxy.connect();
  const startedAtMs = performance.now();
  while (performance.now() - startedAtMs < 1_000) {
    const sentAtMs = performance.now();
    assertEquals(await client.call("GET", "foo"), "MASTER");
    assert(performance.now() - sentAtMs < 5_000);
  }
  assert(hanging!.lines.length > 0 && refusing!.lines.length > 0, "both were tried");
  assert(hanging!.lines.length + refusing!.lines.length < 20, "and left alone for a while");
});

Deno.test("a replica that is loading, or without its master, has its reads answered by the master", async () => {
  await using scene = await Scene.open();
  using client = await scene.proxy.connect();
  await scene.warmUp(client);
  const errors = [
    "LOADING Redis is loading the dataset in memory",
    "CLUSTERDOWN The cluster is down",
  ];
  errors.push("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.");
  for (const error of errors) {
    scene.replicas.forEach((node) => node.answer = () => `-${error}\r\n`);
    assertEquals(await client.pipeline([["GET", "foo"], ["MGET", "foo"]]), ["MASTER", "MASTER"]);
  }
  scene.master.answer = () => `-${errors[0]}\r\n`;
  assertEquals(await client.pipeline([["GET", "foo"]]), [new RespError(errors[0]!)]);
});

Deno.test("a replica that redirects is followed to the master, not read-only", async () => {
  await using scene = await Scene.open();
  using client = await scene.proxy.connect();
  await scene.warmUp(client);
  scene.replicas[0]!.answer = () => `-MOVED 12182 ${scene.master.address}\r\n`;
  const replies = await client.pipeline([["GET", "foo"], ["GET", "foo"]]);
  assertEquals(replies.toSorted(), ["MASTER", "REPLICA"]);
  assertEquals(scene.master.lines, ["GET foo"]);
});

Deno.test("a replica that hangs costs the reads of one read timeout, then the master serves", async () => {
  await using scene = await Scene.open({ read_timeout: 1_000 });
  using client = await scene.proxy.connect();
  await scene.warmUp(client);
  for (const node of scene.replicas) {
    node.answer = () => null;
    // Nor does it take a new connection for one that is closed as silent.
    node.handshake = null;
  }
  const late = await client.pipeline([["GET", "foo"], ["GET", "foo"]]);
  assertEquals(
    late.map(String).toSorted(),
    scene.replicas.map(({ address }) => `RespError: ERR backend ${address}: no reply in time`)
      .toSorted(),
  );
  for (let count = 0; count < 50; count++) assertEquals(await client.call("GET", "foo"), "MASTER");
});
