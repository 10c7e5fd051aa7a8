/**
 * Requests that take long are told of, with what was asked, however it was sent, and nothing is kept of the others.
 *
 * @module
 */
import { KEPT_BYTES_MAX } from "../../../src/backend/request_watch.ts";
import type { SlowEntry } from "../../../src/observe/slow_log.ts";
import { CoreRig, type RigOptions } from "../../support/rigs/core_rig.ts";
import { assertEquals } from "../../deps.ts";

const decoder = new TextDecoder();
/** Requests of one client in flight, where many are to be: fewer than a client may have before its first reply. */
const REQUESTS_EACH = 50;

function createRig(options: RigOptions = {}): CoreRig {
  const rig = new CoreRig(options);
  rig.context.watch.slowMs = 10;
  rig.context.watch.isOn = true;
  rig.context.watch.identify = ({ number }) => ({
    id: number,
    address: "10.0.0.9:5",
    name: "app",
    user: "ann",
  });
  return rig;
}

function requestOf({ words }: SlowEntry): string {
  return words.map((word) => decoder.decode(word)).join(" ");
}

Deno.test("a request that took long is told of with its times; a quick one is not", async () => {
  using rig = createRig();
  const { conn } = rig.client();
  await conn.receives("get a0\n");
  rig.clock.advance(4);
  const backend = await rig.accept(0);
  rig.clock.advance(20);
  await backend.receives("A\n");
  await conn.receives("get b0\n");
  rig.clock.advance(9);
  await backend.receives("B\n");
  const [entry, ...others] = rig.slowLog.entries();
  assertEquals(others, []);
  const { startedAtMs: _, words: __, ...fields } = entry!;
  assertEquals(fields, {
    id: 1,
    totalUs: 24_000,
    queueUs: 4_000,
    serverUs: 20_000,
    client: 1,
    address: "10.0.0.9:5",
    name: "app",
    user: "ann",
    backend: "10.0.0.1:7000",
    command: "get",
    failure: "",
  });
  assertEquals(requestOf(entry!), "get a0");
  await conn.ends();
  await rig.ends();
});

Deno.test("it is told of whether bytes are retained anyway or not", async () => {
  for (const retainsRequests of [false, true]) {
    using rig = createRig({ retainsRequests });
    const { conn } = rig.client();
    await conn.receives("put a0 v\nget b0\n");
    const backend = await rig.accept(0);
    rig.clock.advance(15);
    await backend.receives("1\n2\n");
    assertEquals(rig.slowLog.entries().map(requestOf), ["put a0 v", "get b0"]);
    await conn.ends();
    await rig.ends();
  }
});

Deno.test("of a split request each part that took long is told of by itself", async () => {
  using rig = createRig();
  const { conn } = rig.client();
  await conn.receives("mget a0 a1 b0\n");
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  await second.receives("A1\n");
  rig.clock.advance(15);
  await first.receives("A0\n");
  const entries = rig.slowLog.entries();
  assertEquals(entries.map(({ command, backend }) => [command, backend]), [
    ["mget", "10.0.0.1:7000"],
  ]);
  assertEquals(requestOf(entries[0]!), "mget a0 b0");
  await conn.ends();
  await rig.ends();
});

Deno.test("one that failed late is told of once, with the reason; its late reply is nobody's", async () => {
  using rig = createRig({ limits: { readTimeoutMs: 100 } });
  const { conn } = rig.client();
  await conn.receives("get a0\n");
  const backend = await rig.accept(0);
  rig.clock.advance(60);
  rig.clock.advance(60);
  await backend.receives("A\n");
  assertEquals(rig.slowLog.entries().map(({ failure }) => failure), ["backend_timeout"]);
  await conn.ends();
  await rig.ends();
});

Deno.test("one whose connection is never had failed in the queue", async () => {
  using rig = createRig();
  const { conn } = rig.client();
  await conn.receives("get a0\n");
  rig.clock.advance(50);
  await rig.refuse(0);
  assertEquals(
    rig.slowLog.entries().map(({ failure, queueUs, serverUs }) => [failure, queueUs, serverUs]),
    [["connect_refused", 50_000, 0]],
  );
  assertEquals(rig.slowLog.entries().map(requestOf), ["get a0"]);
  await conn.ends();
  await rig.ends();
});

Deno.test("what was written at several times, in one chunk and in others, is told of as it was", async () => {
  using rig = createRig();
  const [one, other] = [rig.client(), rig.client()];
  await one.conn.receives("get a0\nget b0\n");
  const backend = await rig.accept(0);
  await other.conn.receives("get c0\n");
  await one.conn.receives("get d0\n");
  rig.clock.advance(15);
  await backend.receives("A\n");
  // Its chunk is written to again only when all of it is answered.
  await other.conn.receives("put e0 value\n");
  await backend.receives("B\nC\n");
  rig.clock.advance(15);
  await backend.receives("D\nok\n");
  assertEquals(rig.slowLog.entries().map(requestOf), [
    ...["get a0", "get b0", "get c0", "get d0", "put e0 value"],
  ]);
  for (const { conn } of [one, other]) await conn.ends();
  await rig.ends();
});

Deno.test("a connection that is lost has all that failed with it told of", async () => {
  using rig = createRig();
  const { conn } = rig.client();
  await conn.receives("get a0\nget b0\n");
  const backend = await rig.accept(0);
  rig.clock.advance(15);
  await backend.failsRead();
  assertEquals(
    rig.slowLog.entries().map((entry) => [requestOf(entry), entry.failure]),
    [["get a0", "backend_reset"], ["get b0", "backend_reset"]],
  );
  await conn.ends();
  await rig.ends();
});

Deno.test("of a large request the beginning is kept", async () => {
  using rig = createRig();
  const { conn } = rig.client();
  await conn.receives(`put a0 ${"x".repeat(70_000)}\n`);
  const backend = await rig.accept(0);
  rig.clock.advance(15);
  await backend.receives("ok\n");
  const [entry] = rig.slowLog.entries();
  assertEquals(requestOf(entry!).slice(0, 10), "put a0 xxx");
  await conn.ends();
  await rig.ends();
});

Deno.test("no more than a bounded number of bytes is kept; then the name alone is known", async () => {
  using rig = createRig();
  const value = "x".repeat(60_000);
  const count = Math.ceil(KEPT_BYTES_MAX / value.length) + 1;
  const { conn } = rig.client();
  await conn.receives("get a0\n");
  const backend = await rig.accept(0);
  // None of them has more in flight than its first reply may show to be too many.
  const clients = [conn];
  for (let index = 0; index < count; index++) {
    if (index % REQUESTS_EACH === 0) clients.push(rig.client().conn);
    await clients.at(-1)!.receives(`put a0 ${value}\n`);
    backend.takeWritten();
  }
  rig.slowLog.lengthMax = 1_000;
  rig.clock.advance(15);
  await backend.receives("ok\n".repeat(count + 1));
  const requests = rig.slowLog.entries().map(requestOf);
  assertEquals(requests.length, count + 1);
  assertEquals(requests[0], "get a0");
  assertEquals(requests.at(-1), "put ... (arguments not kept)");
  for (const client of clients) await client.ends();
  await rig.ends();
});

Deno.test("at one time no more are described than the log keeps; all are counted", async () => {
  using rig = createRig();
  rig.slowLog.lengthMax = 3;
  const { conn } = rig.client();
  await conn.receives("get a0\n".repeat(10));
  const backend = await rig.accept(0);
  rig.clock.advance(15);
  await backend.receives("A\n".repeat(10));
  assertEquals([rig.slowLog.entries().length, rig.metrics.slowRequests], [3, 10]);
  await conn.ends();
  await rig.ends();
});

Deno.test("what is switched on while requests are in flight tells of them by name", async () => {
  using rig = createRig();
  rig.context.watch.isOn = false;
  const { conn } = rig.client();
  await conn.receives("get a0\n");
  const backend = await rig.accept(0);
  rig.context.watch.isOn = true;
  await conn.receives("get b0\n");
  rig.clock.advance(15);
  await backend.receives("A\nB\n");
  assertEquals(rig.slowLog.entries().map(requestOf), [
    "get ... (arguments not kept)",
    "get b0",
  ]);
  await conn.ends();
  await rig.ends();
});
