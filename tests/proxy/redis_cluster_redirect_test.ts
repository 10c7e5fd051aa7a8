/**
 * Redirections as clients and nodes see them: what is sent where, byte order included, against scripted nodes.
 *
 * @module
 */
import { connectFakeClient } from "../support/fakes/fake_client.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { type ClusterKeys, type LocalProxy, startLocalProxy } from "../support/rigs/local_proxy.ts";
import { until } from "../support/tools/poll.ts";
import { RespError, type RespValue } from "../support/clients/resp_client.ts";
import {
  ScriptedNode,
  type ScriptedRange,
  type ScriptedRequest,
} from "../support/fakes/scripted_node.ts";
import { assert, assertEquals } from "../deps.ts";

/** Slots of the keys the tests use. */
const SLOT = { foo: 12_182, bar: 5_061, baz: 4_813 } as const;

/** Three scripted nodes and a proxy in front of them; the first serves every slot. */
class Scene implements AsyncDisposable {
  readonly nodes: readonly ScriptedNode[] = [
    new ScriptedNode(),
    new ScriptedNode(),
    new ScriptedNode(),
  ];
  proxy!: LocalProxy;

  static async open(keys: ClusterKeys = {}): Promise<Scene> {
    const scene = new Scene();
    scene.serve([0, 16_383, scene.nodes[0]!.address]);
    scene.proxy = startLocalProxy({
      cache_type: "redis_cluster",
      servers: scene.nodes.map(({ address }) => address),
      ...keys,
    });
    await until(() => scene.proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
    return scene;
  }

  /** All nodes agree on these ranges. */
  serve(...ranges: ScriptedRange[]): void {
    for (const node of this.nodes) node.serves(...ranges);
  }

  /** The proxy takes over what the nodes say now. */
  async refresh(): Promise<void> {
    const before = this.proxy.metrics().topologyRefreshes;
    this.proxy.cluster.refresh();
    await until(() => this.proxy.metrics().topologyRefreshes > before, { what: "a refresh" });
  }

  /** The words of every request that a node got, without what belongs to connecting. */
  lines(node: number): string[] {
    return this.nodes[node]!.lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.proxy[Symbol.dispose]();
    for (const node of this.nodes) await node[Symbol.asyncDispose]();
  }
}

/** Answers with a redirection to `target` as long as `isAway` says so. */
function redirects(kind: "MOVED" | "ASK", target: string, otherwise = "+OK\r\n") {
  return ({ words }: ScriptedRequest) => {
    const slot = SLOT[words[1] as keyof typeof SLOT];
    return slot === undefined ? otherwise : `-${kind} ${slot} ${target}\r\n`;
  };
}

function errors(...texts: string[]): RespError[] {
  return texts.map((text) => new RespError(text));
}

Deno.test("MOVED is followed, corrects its slot at once and never reaches the client", async () => {
  await using scene = await Scene.open();
  const [old, owner] = scene.nodes;
  old!.answer = redirects("MOVED", owner!.address);
  // The map that MOVED asks for must not take the correction back.
  scene.serve(
    [0, SLOT.foo - 1, old!.address],
    [SLOT.foo, SLOT.foo, owner!.address],
    [SLOT.foo + 1, 16_383, old!.address],
  );
  using client = await scene.proxy.connect();
  assertEquals(await client.call("SET", "foo", "1"), "OK");
  assertEquals(await client.call("SET", "foo", "2"), "OK");
  assertEquals(await client.call("SET", "{foo}x", "3"), "OK");
  assertEquals(await client.call("SET", "other", "4"), "OK");
  assertEquals(scene.lines(0), ["SET foo 1", "SET other 4"]);
  assertEquals(scene.lines(1), ["SET foo 1", "SET foo 2", "SET {foo}x 3"]);
  assertEquals(scene.proxy.metrics().redirects, 1);
});

Deno.test("ASK sends ASKING and its request back to back among other clients' requests, and moves nothing", async () => {
  await using scene = await Scene.open();
  const [source, target] = scene.nodes;
  scene.serve([0, 8_191, target!.address], [8_192, 16_383, source!.address]);
  await scene.refresh();
  source!.answer = redirects("ASK", target!.address);
  const clients = await Promise.all(Array.from({ length: 8 }, () => scene.proxy.connect()));
  const before = target!.requests.length;
  await Promise.all(clients.map(async (client, number) => {
    for (let round = 0; round < 10; round++) {
      const replies = await client.pipeline([
        ["SET", "bar", `${number}`],
        ["APPEND", "foo", `${number}`],
        ["SET", "bar", `${number}`],
        ["APPEND", "foo", `${number}`],
      ]);
      assertEquals(replies, ["OK", "OK", "OK", "OK"]);
    }
  }));
  for (const client of clients) client.close();
  const seen = target!.requests.slice(before).map(({ words }) => words);
  assertEquals(seen.filter(([name]) => name === "ASKING").length, 160);
  assertEquals(seen.filter(([name]) => name === "APPEND").length, 160);
  assertEquals(new Set(target!.requests.map(({ connection }) => connection)).size, 1);
  for (const [index, words] of seen.entries()) {
    assertEquals(words[0] === "APPEND", seen[index - 1]?.[0] === "ASKING");
  }
  assertEquals(source!.lines.filter((line) => line.startsWith("APPEND")).length, 160);
});

Deno.test("a client of RESP3 is redirected over connections of RESP3: HELLO 3, then ASKING and the request", async () => {
  await using scene = await Scene.open();
  const [source, target] = scene.nodes;
  source!.answer = redirects("ASK", target!.address);
  target!.answer = () => "_\r\n";
  await using client = await connectFakeClient(scene.proxy.port);
  await client.sends("HELLO 3\r\n");
  await client.receivesUpTo("modules\r\n*0\r\n");
  await client.sends("*2\r\n$3\r\nGET\r\n$3\r\nfoo\r\n*2\r\n$3\r\nGET\r\n$3\r\nfoo\r\n");
  await client.receives("_\r\n_\r\n");
  // The version that HELLO tells is that of the servers.
  assertEquals(scene.lines(0), ["INFO server", "HELLO 3", "GET foo", "GET foo"]);
  assertEquals(scene.lines(1), ["HELLO 3", "ASKING", "GET foo", "ASKING", "GET foo"]);
});

Deno.test("five redirections are followed; then one error, and the client's other replies stay in order", async () => {
  await using scene = await Scene.open();
  const [first, second, third] = scene.nodes;
  first!.answer = redirects("MOVED", second!.address, "+FIRST\r\n");
  second!.answer = redirects("ASK", first!.address);
  using client = await scene.proxy.connect();
  assertEquals(
    await client.pipeline([["GET", "other"], ["GET", "foo"], ["GET", "other"]]),
    ["FIRST", ...errors("ERR too many redirections"), "FIRST"],
  );
  const hops = [...first!.lines, ...second!.lines].filter((line) => line === "GET foo");
  assertEquals([hops.length, scene.proxy.metrics().redirects], [6, 5]);
  assertEquals(third!.lines, []);
});

Deno.test("a redirection to the node that sent it ends like any other loop", async () => {
  await using scene = await Scene.open();
  const node = scene.nodes[0]!;
  node.answer = redirects("MOVED", node.address);
  using client = await scene.proxy.connect();
  const replies = await client.pipeline([["GET", "foo"], ["GET", "foo"], ["PING"]]);
  const looped = new RespError("ERR too many redirections");
  assertEquals(replies, [looped, looped, "PONG"]);
  assertEquals(node.lines.length, 12);
});

Deno.test("a redirection without a host means the host that replied", async () => {
  await using scene = await Scene.open();
  const [old, owner] = scene.nodes;
  old!.answer = redirects("MOVED", `:${owner!.port}`);
  using client = await scene.proxy.connect();
  assertEquals(await client.call("SET", "foo", "1"), "OK");
  assertEquals(scene.lines(1), ["SET foo 1"]);
});

Deno.test("a redirection to an address that refuses fails at once with that address, until the map is right again", async () => {
  await using scene = await Scene.open();
  const gone = `127.0.0.1:${findFreePort()}`;
  const node = scene.nodes[0]!;
  node.answer = redirects("MOVED", gone);
  using client = await scene.proxy.connect();
  const [reply] = await client.pipeline([["SET", "foo", "1"]]);
  assertEquals([reply], errors(`ERR backend ${gone}: connection refused`));
  node.answer = () => "+OK\r\n";
  await until(async () => (await client.pipeline([["SET", "foo", "2"]]))[0] === "OK", {
    what: "the refreshed map replaces the redirection",
  });
  await until(() => !scene.proxy.backends().includes(gone), { what: "the address is let go" });
});

Deno.test("a redirection for another slot than the request's is an error and misleads nobody", async () => {
  await using scene = await Scene.open();
  const [node, other] = scene.nodes;
  node!.answer = ({ words }) =>
    words[1] === "foo" ? `-MOVED ${SLOT.bar} ${other!.address}\r\n` : "+OK\r\n";
  using client = await scene.proxy.connect();
  assertEquals(
    await client.pipeline([["SET", "foo", "1"], ["SET", "bar", "1"]]),
    [...errors("ERR redirection without a usable address"), "OK"],
  );
  assertEquals(other!.lines, []);
});

Deno.test("fragments of MGET, MSET, DEL and EXISTS are redirected each for itself", async () => {
  await using scene = await Scene.open();
  const [old, owner] = scene.nodes;
  const data = ({ words }: ScriptedRequest): string => {
    if (words[0] === "MGET") {
      const values = words.slice(1).map((key) => `$${key.length}\r\n${key}\r\n`);
      return `*${values.length}\r\n${values.join("")}`;
    }
    return words[0] === "MSET" ? "+OK\r\n" : `:${words.length - 1}\r\n`;
  };
  old!.answer = (request) => {
    const kind = request.words[0] === "MGET" ? "ASK" : "MOVED";
    return request.words[1] === "foo"
      ? `-${kind} ${SLOT.foo} ${owner!.address}\r\n`
      : data(request);
  };
  owner!.answer = data;
  using client = await scene.proxy.connect();
  assertEquals(await client.call("MGET", "bar", "foo", "baz", "foo"), ["bar", "foo", "baz", "foo"]);
  assertEquals(scene.lines(1), ["ASKING", "MGET foo foo"]);
  assertEquals(await client.call("MSET", "bar", "1", "foo", "2"), "OK");
  assertEquals(scene.lines(1).at(-1), "MSET foo 2");
  scene.serve([0, 16_383, old!.address]);
  assertEquals(await client.call("DEL", "bar", "foo", "baz"), 3);
  assertEquals(await client.call("EXISTS", "bar", "foo", "foo"), 3);
});

Deno.test("large values follow a redirection whole: copied ones, handed-over ones, fragments and inline ones", async () => {
  await using scene = await Scene.open();
  const [old, owner] = scene.nodes;
  for (const kind of ["MOVED", "ASK"] as const) {
    for (const length of [60_000, 70_000, 300_000, 2_000_000]) {
      scene.serve([0, 16_383, old!.address]);
      using client = await scene.proxy.connect();
      const value = `${length}:`.padEnd(length, "0123456789abcdef");
      old!.answer = ({ words }) =>
        words.includes("foo") ? `-${kind} ${SLOT.foo} ${owner!.address}\r\n` : "+OK\r\n";
      owner!.answer = ({ words }) => words.at(-1) === value ? "+OK\r\n" : "-ERR another value\r\n";
      const sent = [
        ["SET", "foo", value],
        ["SETEX", "foo", 10, value],
        ["MSET", "bar", "1", "foo", value],
      ];
      assertEquals(await client.pipeline(sent), ["OK", "OK", "OK"], `${kind} ${length}`);
    }
  }
  using client = await scene.proxy.connect();
  owner!.answer = ({ words }) => `+${words.join(" ")}\r\n`;
  await client.send("SET foo inline\r\n");
  assertEquals(await client.read(), "SET foo inline");
});

Deno.test("a redirection that comes after its client left is dropped, and the next client is served", async () => {
  await using scene = await Scene.open();
  const [old, owner] = scene.nodes;
  const gate = Promise.withResolvers<void>();
  old!.answer = async ({ words }) => {
    if (words[1] !== "foo") return "+OK\r\n";
    await gate.promise;
    return `-MOVED ${SLOT.foo} ${owner!.address}\r\n`;
  };
  await using leaver = await connectFakeClient(scene.proxy.port);
  await leaver.sends("*3\r\n$3\r\nSET\r\n$3\r\nfoo\r\n$1\r\n1\r\n");
  await until(() => old!.lines.includes("SET foo 1"), { what: "the request is at the node" });
  leaver.resets();
  await until(() => scene.proxy.metrics().clientsConnected === 0, { what: "the client is gone" });
  using client = await scene.proxy.connect();
  const reply = client.call("SET", "bar", "2");
  gate.resolve();
  assertEquals(await reply, "OK");
  assertEquals(owner!.lines, []);
});

Deno.test("errors of other kinds pass through", async () => {
  await using scene = await Scene.open();
  const replies = ["-MOVEDX 1 h:1", "-LOADING Redis is loading", "-ASKING 1", "-TRYAGAINX 1"];
  let next = 0;
  scene.nodes[0]!.answer = () => `${replies[next++]}\r\n`;
  using client = await scene.proxy.connect();
  const got: RespValue[] = await client.pipeline(replies.map(() => ["SET", "foo", "1"]));
  assertEquals(got, errors(...replies.map((reply) => reply.slice(1))));
});

Deno.test("TRYAGAIN and CLUSTERDOWN pass through where they do not end", async () => {
  await using scene = await Scene.open({ read_timeout: 200 });
  const node = scene.nodes[0]!;
  using client = await scene.proxy.connect();
  const texts = [
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "CLUSTERDOWN The cluster is down",
  ];
  for (const text of texts) {
    node.answer = () => `-${text}\r\n`;
    assertEquals((await client.pipeline([["SET", "foo", "1"]]))[0], new RespError(text));
  }
  assert(node.lines.length > 4, node.lines.join());
});

Deno.test("what CLUSTERDOWN has refused is not run behind a later request for its key that was run", async () => {
  await using scene = await Scene.open();
  const node = scene.nodes[0]!;
  const text = "CLUSTERDOWN The cluster is down";
  using client = await scene.proxy.connect();
  let asked = 0;
  // The node is back between the two.
  node.answer = () => asked++ === 0 ? `-${text}\r\n` : "+OK\r\n";
  const replies = await client.pipeline([["SET", "foo", "1"], ["SET", "foo", "2"]]);
  assertEquals(replies, [new RespError(text), "OK"]);
  assertEquals(node.lines, ["SET foo 1", "SET foo 2"]);
  // One for another key has overtaken nothing.
  asked = 0;
  node.requests.length = 0;
  assertEquals(await client.pipeline([["SET", "foo", "3"], ["SET", "bar", "4"]]), ["OK", "OK"]);
  assertEquals(node.lines, ["SET foo 3", "SET bar 4", "SET foo 3"]);
});

Deno.test("all that CLUSTERDOWN has refused is sent again in its order", async () => {
  await using scene = await Scene.open();
  const node = scene.nodes[0]!;
  using client = await scene.proxy.connect();
  const requests = ["1", "2", "3"].map((value) => ["SET", "foo", value]);
  let asked = 0;
  node.answer = () => asked++ < 3 ? "-CLUSTERDOWN The cluster is down\r\n" : "+OK\r\n";
  assertEquals(await client.pipeline(requests), ["OK", "OK", "OK"]);
  const lines = requests.map((words) => words.join(" "));
  assertEquals(node.lines, [...lines, ...lines]);
});

Deno.test("redirections to ever new addresses leave no backend behind", async () => {
  await using scene = await Scene.open();
  const node = scene.nodes[0]!;
  let port = 1;
  node.answer = ({ words }) =>
    words[1] === "foo" ? `-ASK ${SLOT.foo} 127.0.0.1:${port++}\r\n` : "+OK\r\n";
  using client = await scene.proxy.connect();
  let most = 0;
  const watch = setInterval(() => most = Math.max(most, scene.proxy.backends().length), 5);
  const replies = await client.pipeline(Array.from({ length: 300 }, () => ["GET", "foo"]));
  clearInterval(watch);
  assertEquals(replies.filter((reply) => reply instanceof RespError).length, 300);
  assert(most > 200, `${most} backends`);
  await until(() => scene.proxy.backends().length === 1, { what: "unused backends are let go" });
  assertEquals(scene.proxy.backends(), [node.address]);
  assertEquals(await client.call("GET", "bar"), "OK");
});
