/**
 * How the proxy learns who serves which slot: from which nodes, how often, and from what answers.
 *
 * @module
 */
import { findFreePort } from "../support/tools/free_port.ts";
import { type ClusterKeys, type LocalProxy, startLocalProxy } from "../support/rigs/local_proxy.ts";
import { delay, until } from "../support/tools/poll.ts";
import { RespError } from "../support/clients/resp_client.ts";
import { ScriptedNode, type ScriptedReply, slotsReply } from "../support/fakes/scripted_node.ts";
import { assert, assertEquals, assertMatch } from "../deps.ts";

const PASSED_OVER = "Node has no slot map: others are asked";
const UNKNOWN = new RespError("ERR no node has answered CLUSTER SLOTS yet");

function start(seeds: readonly string[], keys: ClusterKeys = {}): LocalProxy {
  return startLocalProxy({ cache_type: "redis_cluster", servers: seeds, ...keys });
}

async function mapKnown(proxy: LocalProxy): Promise<void> {
  await until(() => proxy.metrics().topologyRefreshes > 0, { what: "the map is known" });
}

Deno.test("with all seeds down requests fail after dial_timeout and clearly; the cluster serves when one comes up", async () => {
  const port = findFreePort();
  using proxy = startLocalProxy({
    cache_type: "redis_cluster",
    servers: [`127.0.0.1:${port}`, `127.0.0.1:${findFreePort()}`],
    dial_timeout: 300,
  });
  using client = await proxy.connect();
  const startedAtMs = performance.now();
  const replies = await client.pipeline([
    ["GET", "foo"],
    ["MSET", "foo", "1", "bar", "2"],
    ["MGET", "foo", "bar"],
    ["PING"],
  ]);
  assert(performance.now() - startedAtMs < 2_000);
  assertEquals(replies, [UNKNOWN, UNKNOWN, [UNKNOWN, UNKNOWN], "PONG"]);
  await until(() => proxy.messages().length > 0, { what: "the failure is logged" });

  await using node = new ScriptedNode(port);
  node.serves([0, 16_383, node.address]);
  await until(async () => (await client.pipeline([["GET", "foo"]]))[0] === "OK", {
    what: "requests are served",
  });
  assertEquals(proxy.messages(), [
    "No node of the cluster answers CLUSTER SLOTS",
    "Nodes of the cluster answer CLUSTER SLOTS again",
    "Slot map changed",
  ]);
  assertMatch(String(proxy.records[0]!.fields.reasons), /127\.0\.0\.1:\d+: connection refused/);
});

Deno.test("nobody has to ask for the first map: it is fetched again and again until a seed answers", async () => {
  const port = findFreePort();
  using proxy = start([`127.0.0.1:${port}`]);
  await until(() => proxy.messages().length > 0, { what: "the first fetch failed" });
  await using node = new ScriptedNode(port);
  node.serves([0, 16_383, node.address]);
  await mapKnown(proxy);
});

Deno.test("seeds that hang, refuse, are no cluster nodes or answer nonsense do not keep a good one from being found", async () => {
  const bad: ScriptedReply[] = [
    null,
    null,
    "-ERR This instance has cluster support disabled\r\n",
    "*0\r\n",
    "+OK\r\n",
    "*1\r\n*3\r\n:0\r\n:99999\r\n*2\r\n$1\r\nh\r\n:1\r\n",
    "*2\r\n*3\r\n:5\r\n:1\r\n*2\r\n$1\r\nh\r\n:1\r\n:7\r\n",
    "HTTP/1.1 400 Bad Request\r\n\r\n",
    "*1000000000\r\n",
    `$${32 * 1024 * 1024}\r\nxxxx`,
    slotsReply([[0, 16_383, "127.0.0.1:1"], [5, 6, "127.0.0.1:2"]]),
  ];
  await using stack = new AsyncDisposableStack();
  const nodes = bad.map((slots) => {
    const node = stack.use(new ScriptedNode());
    node.slots = slots;
    return node;
  });
  const good = stack.use(new ScriptedNode());
  good.serves([0, 16_383, good.address]);
  const refusing = `127.0.0.1:${findFreePort()}`;
  const seeds = [...nodes.map(({ address }) => address), refusing, good.address];
  for (let round = 0; round < 3; round++) {
    const startedAtMs = performance.now();
    using proxy = start(seeds);
    await mapKnown(proxy);
    assert(performance.now() - startedAtMs < 3_000, "found within three seconds");
    const messages = proxy.messages().filter((message) => message !== PASSED_OVER);
    assertEquals(messages, ["Slot map changed"]);
    assertEquals(proxy.backends(), [good.address]);
  }
});

Deno.test("a seed that is no node of a cluster is said, once", async () => {
  await using stranger = new ScriptedNode();
  await using node = new ScriptedNode();
  node.serves([0, 16_383, stranger.address]);
  using proxy = start([stranger.address, node.address], { fetch_interval: 100 });
  const passedOver = () => proxy.records.filter(({ message }) => message === PASSED_OVER);
  await until(() => proxy.metrics().topologyRefreshes > 3, { what: "it was asked several times" });
  assertEquals(passedOver().map(({ level, fields }) => [level, fields.node, fields.answer]), [
    ["warning", stranger.address, '"-ERR This instance has cluster support disabled"'],
  ]);
});

Deno.test("a map with gaps is taken only if no other node knows more", async () => {
  await using partial = new ScriptedNode();
  await using whole = new ScriptedNode();
  partial.serves([0, 99, partial.address]);
  whole.serves([0, 16_383, whole.address]);
  for (let round = 0; round < 4; round++) {
    using proxy = start([partial.address, whole.address]);
    await mapKnown(proxy);
    assertEquals(proxy.backends(), [whole.address]);
  }
  whole.slots = "*0\r\n";
  using proxy = start([partial.address, whole.address]);
  await mapKnown(proxy);
  using client = await proxy.connect();
  // `{06S}` has slot 0, `foo` slot 12182.
  assertEquals(await client.pipeline([["GET", "{06S}"], ["GET", "foo"]]), [
    "OK",
    new RespError("CLUSTERDOWN Hash slot not served"),
  ]);
  assertEquals(proxy.messages(), ["Slot map has gaps"]);
});

Deno.test("a node without a host in the map is at the host that was asked", async () => {
  await using node = new ScriptedNode();
  for (const host of ["", "?"]) {
    node.serves([0, 16_383, `${host}:${node.port}`]);
    using proxy = start([node.address]);
    await mapKnown(proxy);
    assertEquals(proxy.backends(), [node.address]);
    using client = await proxy.connect();
    assertEquals(await client.call("GET", "foo"), "OK");
  }
});

Deno.test("a map of more nodes than may be known serves what it can and fails the rest", async () => {
  await using node = new ScriptedNode();
  node.slots = slotsReply(Array.from({ length: 16_384 }, (_, slot) => {
    return [slot, slot, slot === 0 ? node.address : `127.0.${slot >> 8}.${slot & 255}:1`];
  }));
  using proxy = start([node.address]);
  await mapKnown(proxy);
  assertEquals(proxy.backends().length, 4_096);
  using client = await proxy.connect();
  assertEquals(await client.pipeline([["GET", "{06S}"], ["GET", "foo"]]), [
    "OK",
    new RespError("CLUSTERDOWN Hash slot not served"),
  ]);
  node.serves([0, 16_383, node.address]);
  proxy.cluster.refresh();
  await until(() => proxy.backends().length === 1, { what: "the others are let go" });
  assertEquals(await client.call("GET", "foo"), "OK");
});

Deno.test("many redirections in a row ask for few refreshes, and one follows the last of them", async () => {
  await using node = new ScriptedNode();
  await using other = new ScriptedNode();
  node.serves([0, 16_383, node.address]);
  using proxy = start([node.address]);
  await mapKnown(proxy);
  node.serves([0, 16_383, other.address]);
  other.slots = node.slots;
  node.answer = ({ words }) => `-MOVED ${words[1]!.slice(1)} ${other.address}\r\n`;
  const keys = await keysOfSlots(200);
  node.answer = ({ words }) => `-MOVED ${keys.get(words[1]!)} ${other.address}\r\n`;
  using client = await proxy.connect();
  const asked = () => node.slotsAsked + other.slotsAsked;
  const before = asked();
  const startedAtMs = performance.now();
  const replies = await client.pipeline([...keys.keys()].map((key) => ["GET", key]));
  assertEquals(new Set(replies), new Set(["OK"]));
  await until(() => proxy.backends().length === 1, { what: "the refreshed map is in use" });
  const elapsedMs = performance.now() - startedAtMs;
  assert(asked() - before >= 1);
  assert(asked() - before <= 2 + elapsedMs / 250, `${asked() - before} in ${elapsedMs} ms`);
});

Deno.test("what MOVED says while the map is being fetched is newer than that map", async () => {
  await using node = new ScriptedNode();
  await using other = new ScriptedNode();
  node.serves([0, 16_383, node.address]);
  using proxy = start([node.address]);
  await mapKnown(proxy);
  const answer = Promise.withResolvers<ScriptedReply>();
  node.slots = answer.promise;
  proxy.cluster.refresh();
  await until(() => node.slotsAsked === 2, { what: "the map is asked for" });
  node.answer = ({ words }) => words[1] === "foo" ? `-MOVED 12182 ${other.address}\r\n` : "+OK\r\n";
  using client = await proxy.connect();
  assertEquals(await client.call("GET", "foo"), "OK");
  node.serves([0, 12_181, node.address], [12_182, 16_383, other.address]);
  other.slots = node.slots;
  answer.resolve(slotsReply([[0, 16_383, node.address]]));
  await until(() => proxy.metrics().topologyRefreshes >= 2, { what: "the older map is there" });
  assertEquals(await client.call("GET", "foo"), "OK");
  assertEquals([node.lines, other.lines], [["GET foo"], ["GET foo", "GET foo"]]);
});

/** `count` keys of different slots. */
async function keysOfSlots(count: number): Promise<Map<string, number>> {
  const { slotOf } = await import("../../src/hash/slot.ts");
  const keys = new Map<string, number>();
  const slots = new Set<number>();
  for (let number = 0; keys.size < count; number++) {
    const bytes = new TextEncoder().encode(`k${number}`);
    const slot = slotOf(bytes, 0, bytes.length);
    if (slots.has(slot)) continue;
    slots.add(slot);
    keys.set(`k${number}`, slot);
  }
  return keys;
}

Deno.test("behind fetch_since_latest_cmd without requests the first one waits for a fresh map", async () => {
  await using former = new ScriptedNode();
  await using heir = new ScriptedNode();
  former.serves([0, 16_383, former.address]);
  heir.answer = () => "+HEIR\r\n";
  using proxy = start([former.address], { fetch_since_latest_cmd: 200 });
  await mapKnown(proxy);
  using client = await proxy.connect();
  assertEquals(await client.call("GET", "foo"), "OK");
  former.serves([0, 16_383, heir.address]);
  const asked = former.slotsAsked;
  await delay(500);
  assertEquals(former.slotsAsked, asked, "nobody has asked for anything");
  // What the proxy answers itself does not wait, nor does it change anything.
  assertEquals(await client.call("PING"), "PONG");
  await delay(500);
  assertEquals(await client.pipeline([["GET", "foo"], ["GET", "bar"]]), ["HEIR", "HEIR"]);
  assertEquals(former.lines.filter((line) => line.startsWith("GET")), ["GET foo"]);
  assertEquals(former.slotsAsked, asked + 1);
});

Deno.test("a fresh map that takes longer than fetch_since_latest_cmd is waited for once", async () => {
  await using former = new ScriptedNode();
  await using heir = new ScriptedNode();
  former.serves([0, 16_383, former.address]);
  heir.answer = () => "+HEIR\r\n";
  using proxy = start([former.address], { fetch_since_latest_cmd: 50 });
  await mapKnown(proxy);
  using client = await proxy.connect();
  former.serves([0, 16_383, heir.address]);
  const { slots } = former;
  const late = Promise.withResolvers<void>();
  former.slots = late.promise.then(() => slots);
  const asked = former.slotsAsked;
  await delay(200);
  const replies = client.pipeline([["GET", "foo"], ["GET", "bar"]]);
  await until(() => former.slotsAsked > asked, { what: "a fresh map is asked for" });
  await delay(300);
  late.resolve();
  assertEquals(await replies, ["HEIR", "HEIR"]);
  assertEquals(former.slotsAsked, asked + 1);
});

Deno.test("every node may be replaced while the proxy runs, its seeds included", async () => {
  const first = new ScriptedNode();
  first.serves([0, 16_383, first.address]);
  using proxy = start([first.address], { fetch_interval: 100 });
  await mapKnown(proxy);
  using client = await proxy.connect();
  let former = first;
  for (let round = 0; round < 3; round++) {
    const heir = new ScriptedNode();
    heir.answer = () => `+${round}\r\n`;
    former.serves([0, 16_383, heir.address]);
    heir.serves([0, 16_383, heir.address]);
    await until(async () => (await client.pipeline([["GET", "foo"]]))[0] === String(round), {
      what: "the heir is known",
    });
    await former[Symbol.asyncDispose]();
    former = heir;
  }
  const asked = former.slotsAsked;
  await until(() => former.slotsAsked > asked, { what: "the last one is asked" });
  assertEquals(await client.call("GET", "foo"), "2");
  await former[Symbol.asyncDispose]();
});

Deno.test("the map is fetched every fetch_interval", async () => {
  await using node = new ScriptedNode();
  await using other = new ScriptedNode();
  node.serves([0, 16_383, node.address]);
  // Before the first fetch: whoever looks late at what it brought may find the second one made.
  const startedAtMs = performance.now();
  using proxy = start([node.address], { fetch_interval: 100 });
  await mapKnown(proxy);
  await until(() => node.slotsAsked >= 5, { what: "four more fetches" });
  assert(performance.now() - startedAtMs > 350, "no sooner than every 100 ms");
  node.serves([0, 16_383, other.address]);
  other.slots = node.slots;
  await until(() => proxy.backends().join() === other.address, { what: "the new map is in use" });
});

Deno.test("a new map is looked at again soon, and seldomer and seldomer while it stays", async () => {
  await using node = new ScriptedNode();
  node.serves([0, 16_383, node.address]);
  using proxy = start([node.address]);
  await mapKnown(proxy);
  const startedAtMs = performance.now();
  await until(() => node.slotsAsked === 2, { what: "a second look" });
  assert(performance.now() - startedAtMs > 1_500);
});

Deno.test("a worker that does not lead fetches nothing, asks its leader, and follows what it publishes", async () => {
  await using node = new ScriptedNode();
  await using other = new ScriptedNode();
  node.serves([0, 16_383, node.address]);
  using leader = start([node.address]);
  using follower = startLocalProxy(
    { cache_type: "redis_cluster", servers: [node.address], dial_timeout: 300 },
    { leads: false },
  );
  using client = await follower.connect();
  assertEquals(await client.pipeline([["GET", "foo"]]), [UNKNOWN]);
  assertEquals(follower.refreshRequests, 1);
  await mapKnown(leader);
  follower.cluster.follow(leader.published[0]!);
  assertEquals(await client.call("GET", "foo"), "OK");

  node.answer = () => `-MOVED 12182 ${other.address}\r\n`;
  await delay(250);
  assertEquals(await client.call("GET", "foo"), "OK");
  assertEquals(follower.refreshRequests, 2);
  node.serves([0, 16_383, other.address]);
  other.slots = node.slots;
  const before = leader.published.length;
  leader.cluster.refresh();
  await until(() => leader.published.length > before, { what: "the leader publishes" });
  follower.cluster.follow(leader.published.at(-1)!);
  assertEquals(follower.backends().includes(other.address), true);
  assertEquals(await client.pipeline([["GET", "bar"]]), ["OK"]);
  assertEquals(other.lines, ["GET foo", "GET bar"]);
});
