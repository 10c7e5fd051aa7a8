/**
 * What redirections do: the slot, the request, the client behind it.
 *
 * @module
 */
import { REQUEST_OBJECTS_BYTES } from "../../../src/backend/outbox.ts";
import { failures } from "../../../src/failure.ts";
import { NOBODY } from "../../../src/request/exchange.ts";
import { SlotMap } from "../../../src/router/slot_map.ts";
import { turn } from "../../support/fakes/fake_tcp_conn.ts";
import { until } from "../../support/tools/poll.ts";
import { HALVES, SlotScene } from "../../support/rigs/slot_scene.ts";
import { assertEquals } from "../../deps.ts";

/** All slots at the first node. */
const ALL_AT_FIRST = [{ first: 0, last: 16_383, master: "h:7000", replicas: [] }];

Deno.test("MOVED corrects the slot, raises the epoch, asks for a refresh and follows", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("put foo x\n");
  const first = await scene.accept(7001);
  const { epoch } = scene.router;
  await first.receives("-moved 12182 h:7000\n");
  assertEquals([scene.router.epoch, scene.at(12182)], [epoch + 1, "h:7000"]);
  assertEquals(scene.refreshes, ["h:7000"]);
  assertEquals(scene.at(12183), "h:7001");
  const second = await scene.accept(7000);
  assertEquals(second.takeWritten(), "put foo x\n");
  await second.receives("ok\n");
  assertEquals(client.conn.takeWritten(), "ok\n");
  assertEquals(scene.rig.metrics.redirects, 1);
  await scene.ends(client);
});

Deno.test("MOVED to a node that no map has named connects to it", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const first = await scene.accept(7001);
  await first.receives("-moved 12182 new:7009\n");
  assertEquals(scene.rig.network.attempts.at(-1)!.hostname, "new");
  const second = await scene.accept(7009);
  await second.receives("F\n");
  assertEquals(client.conn.takeWritten(), "F\n");
  await scene.ends(client);
});

Deno.test("MOVED to the owner that is known already changes nothing but is followed", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("get foo\nget bar\n");
  const [second, first] = [await scene.accept(7000), await scene.accept(7001)];
  const { epoch } = scene.router;
  await second.receives("-moved 5061 h:7000\n");
  assertEquals(scene.router.epoch, epoch);
  assertEquals(second.takeWritten(), "get bar\nget bar\n");
  await second.receives("B\n");
  await first.receives("F\n");
  assertEquals(client.conn.takeWritten(), "F\nB\n");
  await scene.ends(client);
});

Deno.test("ASK sends ASKING and the request elsewhere, and leaves the map alone", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("put foo x\n");
  const first = await scene.accept(7001);
  const { epoch } = scene.router;
  await first.receives("-ask 12182 h:7000\n");
  assertEquals([scene.router.epoch, scene.refreshes, scene.at(12182)], [epoch, [], "h:7001"]);
  const second = await scene.accept(7000);
  assertEquals(second.takeWritten(), "asking\nput foo x\n");
  await second.receives("ok\nstored\n");
  assertEquals(client.conn.takeWritten(), "stored\n");
  await scene.ends(client);
});

Deno.test("five redirections are followed, the sixth fails the request", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("get foo\n");
  let conn = await scene.accept(7001);
  for (let port = 7002; port <= 7006; port++) {
    await conn.receives(`-moved 12182 h:${port}\n`);
    conn = await scene.accept(port);
  }
  await conn.receives("-ask 12182 h:7007\n");
  assertEquals(client.conn.takeWritten(), "-too_many_redirects\n");
  assertEquals(scene.rig.metrics.redirects, 5);
  assertEquals(scene.rig.network.countTo(7007), 0);
  await scene.ends(client);
});

Deno.test("a script's redirection moves no slot, names no node, and is followed once at the most", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("run foo\n");
  const epoch = scene.router.epoch;
  const first = await scene.accept(7001);
  await first.receives("-moved 12182 h:7000\n");
  assertEquals([scene.router.epoch, scene.at(12182)], [epoch, "h:7001"]);
  assertEquals(scene.refreshes, ["?"]);
  const second = await scene.accept(7000);
  assertEquals(second.takeWritten(), "run foo\n");
  await second.receives("-moved 12182 h:7001\n");
  assertEquals(client.conn.takeWritten(), "-script_redirected h:7000\n");
  assertEquals(first.takeWritten(), "run foo\n");
  await scene.ends(client);
});

Deno.test("what has to go ahead of a script goes first, then ASKING, then the call, in one write", async () => {
  for (const isAsk of [true, false]) {
    using scene = new SlotScene();
    scene.router.resendListener = {
      beforeResend: (connection, call, byteCount) => {
        const ahead = scene.rig.requests.takeExchange();
        ahead.begin(call.receiver!, 0, 0, false, NOBODY);
        ahead.swallow();
        const text = new TextDecoder().decode(call.chunk!.bytes.subarray(call.start, call.end));
        const bytes = new TextEncoder().encode(`load ${byteCount} ${text}`);
        connection.send(ahead, bytes, 0, bytes.length);
      },
    };
    const client = scene.client();
    await client.conn.receives("run foo\n");
    const first = await scene.accept(7001);
    await first.receives(`-${isAsk ? "ask" : "moved"} 12182 h:7000\n`);
    const second = await scene.accept(7000);
    const written = isAsk ? "load 15 run foo\nasking\nrun foo\n" : "load 8 run foo\nrun foo\n";
    assertEquals(second.takeWritten(), written);
    await second.receives(isAsk ? "sha\nok\n1\n" : "sha\n1\n");
    assertEquals(client.conn.takeWritten(), "1\n");
    await scene.ends(client);
  }
});

Deno.test("a script's redirection to itself or to an unknown node is not followed", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("run foo\nrun foo\n");
  const backend = await scene.accept(7001);
  await backend.receives("-moved 12182 h:7001\n-ask 12182 new:7009\n");
  assertEquals(client.conn.takeWritten(), "-script_redirected h:7001\n".repeat(2));
  assertEquals(scene.rig.network.attempts.length, 1);
  await scene.ends(client);
});

Deno.test("a redirection without a usable address fails the request", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const first = await scene.accept(7001);
  await first.receives("-moved 12182 nowhere\n");
  assertEquals([client.conn.takeWritten(), scene.refreshes], ["-redirect_invalid\n", ["?"]]);
  assertEquals(scene.at(12182), "h:7001");
  await scene.ends(client);
});

Deno.test("a redirection for another slot than the request's is not believed", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const first = await scene.accept(7001);
  await first.receives("-moved 5061 h:7001\n");
  assertEquals(client.conn.takeWritten(), "-redirect_invalid\n");
  assertEquals(scene.at(5061), "h:7000");
  await scene.ends(client);
});

Deno.test("a redirection without a host means the host that replied", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const first = await scene.accept(7001);
  await first.receives("-moved 12182 :7005\n");
  assertEquals(scene.rig.network.attempt(7005).hostname, "h");
  const second = await scene.accept(7005);
  await second.receives("F\n");
  assertEquals([client.conn.takeWritten(), scene.at(12182)], ["F\n", "h:7005"]);
  await scene.ends(client);
});

Deno.test("other errors are delivered; behind one that says the cluster is down a fresh map is waited for", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("get foo\nget foo\n");
  const first = await scene.accept(7001);
  await first.receives("-wrong type\n");
  assertEquals([client.conn.takeWritten(), scene.refreshes], ["-wrong type\n", []]);
  await first.receives("-down\n");
  assertEquals([client.conn.takeWritten(), scene.refreshes], ["", ["?"]]);
  // Meanwhile it counts among what its client's buffers take.
  const waiting: [number, number][] = [];
  scene.router.visitWaiting(({ number }, byteCount) => waiting.push([number, byteCount]));
  assertEquals(waiting, [[client.session.number, "get foo\n".length + REQUEST_OBJECTS_BYTES]]);
  first.takeWritten();
  scene.router.confirmMap();
  await turn();
  assertEquals(first.takeWritten(), "get foo\n");
  await first.receives("-down\n");
  assertEquals(client.conn.takeWritten(), "-down\n");
  await scene.ends(client);
});

Deno.test("a node that is loading may have lost its slots meanwhile: a fresh map is asked for", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("get foo\n");
  const node = await scene.accept(7001);
  await node.receives("-unready\n");
  assertEquals([client.conn.takeWritten(), scene.refreshes], ["-unready\n", ["?"]]);
  await scene.ends(client);
});

Deno.test("what a node has refused that has lost the slot goes to its owner, in its order", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("put foo 1\nput foo 2\n");
  const former = await scene.accept(7001);
  await former.receives("-down\n-down\n");
  scene.router.setMap(SlotMap.fromRanges(ALL_AT_FIRST));
  const owner = await scene.accept(7000);
  assertEquals(owner.takeWritten(), "put foo 1\nput foo 2\n");
  former.takeWritten();
  await owner.receives("1\n2\n");
  assertEquals(client.conn.takeWritten(), "1\n2\n");
  // Where the map knows another owner already none is waited for.
  await client.conn.receives("put bar 1\n");
  assertEquals(owner.takeWritten(), "put bar 1\n");
  scene.router.setMap(SlotMap.fromRanges([{ ...ALL_AT_FIRST[0]!, master: "h:7001" }]));
  await owner.receives("-down\n");
  assertEquals(former.takeWritten(), "put bar 1\n");
  await former.receives("ok\n");
  assertEquals(client.conn.takeWritten(), "ok\n");
  await scene.ends(client);
});

Deno.test("what could not be sent to a node that has lost the slot goes to its owner, in its order", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("put foo 1\nput foo 2\nrun foo\n");
  scene.router.setMap(SlotMap.fromRanges(ALL_AT_FIRST));
  await scene.rig.refuse(1);
  const owner = await scene.accept(7000);
  assertEquals(owner.takeWritten(), "put foo 1\nput foo 2\nrun foo\n");
  await owner.receives("1\n2\n3\n");
  assertEquals(client.conn.takeWritten(), "1\n2\n3\n");
  await scene.ends(client);
});

Deno.test("what could not be sent to the owner waits for one map, and fails", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("put foo 1\nput foo 2\n");
  await scene.rig.refuse(1);
  assertEquals([client.conn.takeWritten(), scene.rig.unreachable], ["", ["h:7001"]]);
  scene.router.fetchFailed();
  await turn();
  assertEquals(client.conn.takeWritten(), "-connect_refused h:7001\n-connect_refused h:7001\n");
  await scene.ends(client);
});

Deno.test("what was sent is sent to nobody else", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("put foo 1\n");
  const former = await scene.accept(7001);
  scene.router.setMap(SlotMap.fromRanges(ALL_AT_FIRST));
  await former.ends();
  assertEquals(client.conn.takeWritten(), "-backend_closed h:7001\n");
  await scene.ends(client);
});

Deno.test("what is for every shard is never sent to another one", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("count\n");
  const [second, first] = [await scene.accept(7000), await scene.accept(7001)];
  await first.receives("-down\n");
  await second.receives("-again\n");
  assertEquals(client.conn.takeWritten(), "-again\n");
  await scene.ends(client);
});

Deno.test("a request that shall try again does so until it succeeds, or for read_timeout", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("put foo 1\n");
  const node = await scene.accept(7001);
  for (let round = 0; round < 4; round++) {
    node.takeWritten();
    await node.receives("-again\n");
    assertEquals(client.conn.takeWritten(), "");
    await until(() => node.written === "put foo 1\n", { what: `try ${round}` });
  }
  await node.receives("ok\n");
  assertEquals(client.conn.takeWritten(), "ok\n");
  await client.conn.receives("put foo 2\n");
  await node.receives("-again\n");
  node.takeWritten();
  await until(() => node.written === "put foo 2\n", { what: "it is tried again" });
  scene.rig.clock.advance(600);
  node.takeWritten();
  await node.receives("-again\n");
  await until(() => node.written === "put foo 2\n", { what: "it is tried again" });
  scene.rig.clock.advance(600);
  await node.receives("-again\n");
  assertEquals(client.conn.takeWritten(), "-again\n");
  await scene.ends(client);
});

Deno.test("a script is not tried again: it may have said so itself", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("run foo\nrun foo\n");
  const node = await scene.accept(7001);
  await node.receives("-again\n-down\n");
  assertEquals(client.conn.takeWritten(), "-again\n-down\n");
  await scene.ends(client);
});

Deno.test("a client that leaves while its request is held leaves nothing behind", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("put foo 1\n");
  const node = await scene.accept(7001);
  node.takeWritten();
  await node.receives("-down\n");
  client.session.close(failures.clientReset);
  scene.router.confirmMap();
  const other = scene.client();
  node.takeWritten();
  await other.conn.receives("get foo\n");
  await node.receives("F\n");
  assertEquals([node.takeWritten(), other.conn.takeWritten()], ["get foo\n", "F\n"]);
  await scene.ends(other);
});

Deno.test("the fragments of a split request are redirected each for itself", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("mget foo bar foo\n");
  const [first, second] = [await scene.accept(7000), await scene.accept(7001)];
  assertEquals([first.takeWritten(), second.takeWritten()], ["mget bar\n", "mget foo foo\n"]);
  await second.receives("-moved 12182 h:7000\n");
  assertEquals(first.takeWritten(), "mget foo foo\n");
  await first.receives("B\nF,G\n");
  assertEquals(client.conn.takeWritten(), "F,B,G\n");
  await scene.ends(client);
});

Deno.test("several keys of a slot on its way go one by one, and make one reply", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("mget foo foo\nget foo\n");
  const source = await scene.accept(7001);
  source.takeWritten();
  await source.receives("-again\nF\n");
  assertEquals(source.takeWritten(), "mget foo\nmget foo\n");
  await source.receives("A\n-ask 12182 h:7000\n");
  const target = await scene.accept(7000);
  assertEquals(target.takeWritten(), "asking\nmget foo\n");
  assertEquals(client.conn.takeWritten(), "");
  await target.receives("ok\nB\n");
  assertEquals(client.conn.takeWritten(), "A,B\nF\n");
  await scene.ends(client);
});

Deno.test("a part of them that fails is an element that fails", async () => {
  using scene = new SlotScene();
  const client = scene.client();
  await client.conn.receives("del foo foo\n");
  const source = await scene.accept(7001);
  await source.receives("-again\n");
  source.takeWritten();
  await source.receives("1\n-wrong type\n");
  assertEquals(client.conn.takeWritten(), "-wrong type\n");
  await scene.ends(client);
});

Deno.test("what must stay whole is not sent key by key", async () => {
  using scene = new SlotScene();
  scene.mayDivide = false;
  const client = scene.client();
  await client.conn.receives("mget foo foo\n");
  const source = await scene.accept(7001);
  source.takeWritten();
  await source.receives("-again\n");
  await until(() => source.written !== "", { what: "it is tried again" });
  assertEquals(source.takeWritten(), "mget foo foo\n");
  await source.receives("A,B\n");
  assertEquals(client.conn.takeWritten(), "A,B\n");
  await scene.ends(client);
});

Deno.test("one client's order on a key is kept while other clients move the slot", async () => {
  using scene = new SlotScene();
  const [writer, other] = [scene.client(), scene.client()];
  await writer.conn.receives("put foo 1\nput foo 2\n");
  const old = await scene.accept(7001);
  assertEquals(old.takeWritten(), "put foo 1\nput foo 2\n");
  await other.conn.receives("get foo\n");
  await writer.conn.receives("put foo 3\n");
  assertEquals(old.takeWritten(), "get foo\nput foo 3\n");
  await old.receives("ok\nok\n-moved 12182 h:7000\n");
  await writer.conn.receives("put foo 4\n");
  const owner = await scene.accept(7000);
  assertEquals([owner.takeWritten(), old.takeWritten()], ["get foo\n", ""]);
  await old.receives("-moved 12182 h:7000\n");
  assertEquals(owner.takeWritten(), "put foo 3\n");
  await owner.receives("2\nok\n");
  assertEquals(owner.takeWritten(), "put foo 4\n");
  await owner.receives("ok\n");
  assertEquals([writer.conn.takeWritten(), other.conn.takeWritten()], ["ok\nok\nok\nok\n", "2\n"]);
  await scene.ends(writer, other);
});

Deno.test("with failover_wait what nobody serves, or a lost master had, waits for the map that has its heir", async () => {
  using scene = new SlotScene([HALVES[0]!]);
  scene.rig.context.limits.failoverWaitMs = 10_000;
  const client = scene.client();
  const other = scene.client();
  await client.conn.receives("put foo 1\nget foo\n");
  await other.conn.receives("put bar 1\n");
  await scene.rig.refuse(0);
  assertEquals([client.conn.takeWritten(), other.conn.takeWritten()], ["", ""]);
  assertEquals(scene.router.waitingClients, 2);
  scene.rig.clock.advance(50);
  assertEquals(scene.refreshes.length > 2, true);
  const heir = "h:7002";
  scene.router.setMap(SlotMap.fromRanges([{ first: 0, last: 16383, master: heir, replicas: [] }]));
  scene.rig.clock.advance(50);
  const conn = await scene.accept(7002);
  scene.rig.clock.advance(50);
  await turn();
  assertEquals(conn.written, "put foo 1\nput bar 1\n");
  await conn.receives("ok\nok\n");
  await conn.receives("1\n");
  assertEquals([client.conn.takeWritten(), other.conn.takeWritten()], ["ok\n1\n", "ok\n"]);
  await scene.ends(client, other);
});

Deno.test("with failover_wait what a node of a cluster that is down refuses waits until one runs it", async () => {
  using scene = new SlotScene();
  scene.rig.context.limits.failoverWaitMs = 1_000;
  const client = scene.client();
  await client.conn.receives("put foo 1\n");
  const conn = await scene.accept(7001);
  await conn.receives("-down\n");
  scene.rig.clock.advance(50);
  await turn();
  assertEquals(conn.written, "put foo 1\nput foo 1\n");
  await conn.receives("-down\n");
  const heir = "h:7000";
  scene.router.setMap(SlotMap.fromRanges([{ first: 0, last: 16383, master: heir, replicas: [] }]));
  scene.rig.clock.advance(50);
  const next = await scene.accept(7000);
  scene.rig.clock.advance(50);
  await turn();
  await next.receives("-down\n");
  assertEquals(client.conn.takeWritten(), "");
  let reply = "";
  for (let passed = 0; reply === "" && passed < 3_000; passed += 50) {
    const { written } = next;
    scene.rig.clock.advance(50);
    await turn();
    if (next.written !== written) await next.receives("-down\n");
    reply = client.conn.takeWritten();
  }
  assertEquals(reply, "-down\n");
  await scene.ends(client);
});

Deno.test("with failover_wait a slot that nobody comes to serve fails as uncovered when its time is over", async () => {
  using scene = new SlotScene([HALVES[0]!]);
  scene.rig.context.limits.failoverWaitMs = 1_000;
  const client = scene.client();
  await client.conn.receives("put foo 1\n");
  scene.rig.clock.advance(999);
  await turn();
  assertEquals(client.conn.takeWritten(), "");
  scene.rig.clock.advance(1);
  await turn();
  assertEquals(client.conn.takeWritten(), "-slot_uncovered\n");
  await scene.ends(client);
});

Deno.test("with failover_wait what a later request has overtaken gets its error, whoever has the slot by then", async () => {
  using scene = new SlotScene();
  scene.rig.context.limits.failoverWaitMs = 1_000;
  const client = scene.client();
  await client.conn.receives("put foo 1\nput foo 2\n");
  const conn = await scene.accept(7001);
  await conn.receives("-down\nok\n");
  const heir = "h:7000";
  scene.router.setMap(SlotMap.fromRanges([{ first: 0, last: 16383, master: heir, replicas: [] }]));
  scene.rig.clock.advance(50);
  await turn();
  assertEquals(client.conn.takeWritten(), "-down\nok\n");
  await scene.ends(client);
});
