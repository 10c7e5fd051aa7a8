/**
 * What holds a client back, and that it goes on afterwards: changes of route, limits, congestion.
 *
 * @module
 */
import { failures } from "../../../src/failure.ts";
import { NOBODY } from "../../../src/request/exchange.ts";
import { sendAgain } from "../../../src/backend/send_written.ts";
import { UNMEASURED_REQUESTS_MAX } from "../../../src/session/reply_queue.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { FakeTcpConn, turn } from "../../support/fakes/fake_tcp_conn.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("a client with requests in flight under an older epoch waits until they are answered", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("get a0\nget a1\n");
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  rig.router.epoch += 1;
  await conn.receives("put a0 x\nget b1\n");
  await first.receives("A0\n");
  assertEquals([first.takeWritten(), second.takeWritten()], ["get a0\n", "get a1\n"]);
  await second.receives("A1\n");
  assertEquals([first.takeWritten(), second.takeWritten()], ["put a0 x\n", "get b1\n"]);
  await conn.receives("get c1\n");
  assertEquals(second.takeWritten(), "get c1\n");
  await first.receives("ok\n");
  await second.receives("B1\nC1\n");
  assertEquals(conn.takeWritten(), "A0\nA1\nok\nB1\nC1\n");
  await conn.ends();
  await rig.ends();
});

Deno.test("a client without requests in flight is not held by a new epoch", async () => {
  using rig = new CoreRig();
  const [idle, busy] = [rig.client(), rig.client()];
  await busy.conn.receives("get a0\n");
  const backend = await rig.accept(0);
  rig.router.epoch += 1;
  await idle.conn.receives("get b0\n");
  assertEquals(backend.takeWritten(), "get a0\nget b0\n");
  await backend.receives("A\nB\n");
  assertEquals([busy.conn.takeWritten(), idle.conn.takeWritten()], ["A\n", "B\n"]);
  await busy.conn.ends();
  await idle.conn.ends();
  await rig.ends();
});

Deno.test("a failure counts as an answer for a client that is held", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("get a0\n");
  const backend = await rig.accept(0);
  rig.router.epoch += 1;
  await conn.receives("get b0\n");
  rig.clock.advance(1001);
  await turn();
  assertEquals(conn.takeWritten(), "-backend_timeout 10.0.0.1:7000\n");
  assertEquals(backend.takeWritten(), "get a0\nget b0\n");
  await backend.receives("A\nB\n");
  assertEquals(conn.takeWritten(), "B\n");
  await conn.ends();
  await rig.ends();
});

Deno.test("a redirected request holds its client, and no other, until all is answered", async () => {
  using rig = new CoreRig({ retainsRequests: true });
  rig.router.onError = (exchange, reply) => {
    if (reply !== "-elsewhere\n") return false;
    const successor = rig.requests.takeExchange();
    successor.begin(exchange.receiver!, 0, exchange.place, true, NOBODY);
    exchange.receiver!.onRedirect(exchange, successor);
    const connection = rig.backends[1]!.connectionFor(0, NOBODY.profiles.master);
    sendAgain(connection, rig.requests, successor, exchange, null);
    return true;
  };
  const [redirected, other] = [rig.client(), rig.client()];
  await redirected.conn.receives("get a0\nget b0\n");
  const first = await rig.accept(0);
  await first.receives("-elsewhere\n");
  const second = await rig.accept(1);
  await redirected.conn.receives("get c0\n");
  await other.conn.receives("get d0\n");
  assertEquals(first.takeWritten(), "get a0\nget b0\nget d0\n");
  await first.receives("B\nD\n");
  assertEquals([other.conn.takeWritten(), first.takeWritten()], ["D\n", ""]);
  await second.receives("A\n");
  assertEquals([redirected.conn.takeWritten(), first.takeWritten()], ["A\nB\n", "get c0\n"]);
  await first.receives("-wrong type\n");
  assertEquals(redirected.conn.takeWritten(), "-wrong type\n");
  await redirected.conn.ends();
  await other.conn.ends();
  await rig.ends();
});

/** How many requests a backend has been sent since it was looked at last. */
function requestsIn(backend: FakeTcpConn): number {
  return backend.takeWritten().split("\n").length - 1;
}

/** Has a backend answer `due` requests, and all that come behind them; returns how many there were at a time. */
async function answerAll(backend: FakeTcpConn, due: number): Promise<number[]> {
  const counts: number[] = [];
  for (let count = due; count > 0; count = requestsIn(backend)) {
    counts.push(count);
    await backend.receives("reply\n".repeat(count));
  }
  return counts;
}

const FEW = UNMEASURED_REQUESTS_MAX;

Deno.test("few requests are in flight before replies have shown how long they are; each that has lets one more be", async () => {
  using rig = new CoreRig({ sessionLimits: { pipelineMax: 1_000 } });
  const { conn } = rig.client();
  await conn.receives("get a0\n".repeat(1_000));
  const backend = await rig.accept(0);
  assertEquals(requestsIn(backend), FEW);
  // Its place is free again, and there is another one.
  await backend.receives("reply\n");
  assertEquals(requestsIn(backend), 2);
  const counts = await answerAll(backend, FEW + 1);
  assertEquals(counts.slice(0, 3), [FEW + 1, 2 * (FEW + 1), 4 * (FEW + 1)]);
  assertEquals(conn.takeWritten(), "reply\n".repeat(1_000));
  // What has been shown is remembered.
  await conn.receives("get a0\n".repeat(500));
  assertEquals(requestsIn(backend), 500);
  await answerAll(backend, 500);
  await conn.ends();
  await rig.ends();
});

Deno.test("short replies to single requests do not let more be in flight", async () => {
  using rig = new CoreRig({ sessionLimits: { pipelineMax: 1_000 } });
  const { conn } = rig.client();
  await conn.receives("get a0\n");
  const backend = await rig.accept(0);
  await backend.receives("reply\n");
  for (let count = 1; count < 200; count++) {
    await conn.receives("get a0\n");
    await backend.receives("reply\n");
  }
  assertEquals(requestsIn(backend), 200);
  await conn.receives("get a0\n".repeat(1_000));
  assertEquals(requestsIn(backend), FEW);
  await answerAll(backend, FEW);
  await conn.ends();
  await rig.ends();
});

Deno.test("a long reply lets no more be in flight than there is room for, until short ones have come again", async () => {
  const outputBytesMax = 2 * 1024 * 1024;
  using rig = new CoreRig({ sessionLimits: { pipelineMax: 1_000, outputBytesMax } });
  const { conn } = rig.client();
  await conn.receives("get a0\n".repeat(1_500));
  const backend = await rig.accept(0);
  await answerAll(backend, requestsIn(backend));
  await conn.receives("get a0\n".repeat(1_500));
  const due = requestsIn(backend);
  assertEquals(due > 500, true);
  await backend.receives(`${"x".repeat(60_000)}\n`);
  await backend.receives("reply\n".repeat(due - 20));
  assertEquals(requestsIn(backend), 0);
  await answerAll(backend, 19);
  await conn.ends();
  await rig.ends();
});

Deno.test("no more requests than max_pipeline are in flight; the rest waits its turn", async () => {
  using rig = new CoreRig({ sessionLimits: { pipelineMax: 2 } });
  const { conn } = rig.client();
  await conn.receives("get a0\nget b0\nget c0\nget d0\n");
  const backend = await rig.accept(0);
  assertEquals(backend.takeWritten(), "get a0\nget b0\n");
  await backend.receives("A\n");
  assertEquals(backend.takeWritten(), "get c0\n");
  await backend.receives("B\nC\nD\n".slice(0, 4));
  assertEquals(backend.takeWritten(), "get d0\n");
  await backend.receives("D\n");
  assertEquals(conn.takeWritten(), "A\nB\nC\nD\n");
  await conn.ends();
  await rig.ends();
});

Deno.test("a client held back is read on up to the read-ahead limit, no further", async () => {
  using rig = new CoreRig({ sessionLimits: { pipelineMax: 1, readAheadBytes: 2000 } });
  const { conn } = rig.client();
  await conn.receives("get a0\nget b0\n");
  assertEquals(conn.isReading, true);
  await conn.receives("put c0 ".padEnd(1000, "x"));
  assertEquals(conn.isReading, true);
  await conn.receives("y".repeat(2000));
  assertEquals(conn.isReading, false);
  const backend = await rig.accept(0);
  await backend.receives("A\nB\n".slice(0, 2));
  assertEquals(backend.takeWritten(), "get a0\nget b0\n");
  await backend.receives("B\n");
  assertEquals(conn.isReading, true);
  await conn.receives("\n");
  assertEquals(backend.takeWritten(), `${"put c0 ".padEnd(1000, "x")}${"y".repeat(2000)}\n`);
  await backend.receives("ok\n");
  assertEquals(conn.takeWritten(), "A\nB\nok\n");
  await conn.ends();
  await rig.ends();
});

Deno.test("bytes read ahead while a large request goes out are not lost or mixed up", async () => {
  using rig = new CoreRig({ sessionLimits: { pipelineMax: 1, readAheadBytes: 1_000_000 } });
  const { conn } = rig.client();
  const value = "v".repeat(70_000);
  await conn.receives(`get a0\nput b0 ${value}\nget c`);
  assertEquals(conn.isReading, true);
  const backend = await rig.accept(0);
  await backend.receives("A\n");
  assertEquals(backend.takeWritten(), `get a0\nput b0 ${value}\n`);
  await conn.receives("0\nget d0\n");
  await backend.receives("ok\n");
  assertEquals(backend.takeWritten(), "get c0\n");
  await backend.receives("C\n");
  assertEquals(backend.takeWritten(), "get d0\n");
  await backend.receives("D\n");
  assertEquals(conn.takeWritten(), "A\nok\nC\nD\n");
  await conn.ends();
  await rig.ends();
});

Deno.test("a client that does not read is parsed on while its replies keep below its limit", async () => {
  using rig = new CoreRig({ sessionLimits: { outputBytesMax: 2_000_000 } });
  const { conn } = rig.client();
  conn.takesWrites = false;
  await conn.receives("get a0\nget b0\n");
  const backend = await rig.accept(0);
  const value = "v".repeat(600_000);
  await backend.receives(`$600000\n${value}$600000\n${value}`);
  await conn.receives("get c0\nget d0\nget e0\n");
  // Above 1 MiB there is still room for one more reply as long as those, but not for two.
  assertEquals(backend.takeWritten(), "get a0\nget b0\nget c0\n");
  await backend.receives(`$600000\n${value}`);
  assertEquals(backend.takeWritten(), "");
  await conn.takes();
  assertEquals(backend.takeWritten(), "get d0\n");
  await conn.takesAll();
  await backend.receives("D\n");
  assertEquals(backend.takeWritten(), "get e0\n");
  await backend.receives("E\n");
  assertEquals(conn.written.length, 3 * (value.length + 8) + 4);
  await conn.ends();
  await rig.ends();
});

Deno.test("few requests are in flight where replies are long, so that a client is owed no more than it may be", async () => {
  using rig = new CoreRig({ sessionLimits: { outputBytesMax: 100_000 } });
  const { conn } = rig.client();
  conn.takesWrites = false;
  await conn.receives("get a0\n");
  const backend = await rig.accept(0);
  const value = `$10000\n${"v".repeat(10_000)}`;
  await backend.receives(value);
  // Half of the limit is for what the client leaves untaken.
  await conn.receives("get b0\n".repeat(1_000));
  assertEquals(backend.takeWritten(), `get a0\n${"get b0\n".repeat(4)}`);
  await conn.takesAll();
  let sent = 4;
  let replies = 0;
  for (let round = 0; round < 1_000 && replies < 1_000; round++) {
    await backend.receives(value.repeat(sent));
    replies += sent;
    sent = backend.takeWritten().length / "get b0\n".length;
    assertEquals(sent <= 8, true, `${sent} in flight`);
  }
  assertEquals([conn.written.length, conn.isClosed], [1_001 * value.length, false]);
  await conn.ends();
  await rig.ends();
});

Deno.test("clients that leave more than 1 MiB untaken are not parsed on while all hold too much", async () => {
  using rig = new CoreRig({ outputPoolBytes: 1_000_000 });
  const [first, second, small] = [rig.client(), rig.client(), rig.client()];
  const value = `$1100000\n${"v".repeat(1_100_000)}`;
  first.conn.takesWrites = false;
  second.conn.takesWrites = false;
  await first.conn.receives("get a0\n".repeat(2));
  await second.conn.receives("get b0\n");
  const backend = await rig.accept(0);
  await backend.receives(value.repeat(3));
  assertEquals(rig.sessionContext.output.isFull, true);
  await second.conn.receives("get c0\n");
  await small.conn.receives("get d0\n");
  assertEquals(backend.takeWritten(), "get a0\nget a0\nget b0\nget d0\n");
  // The second one goes on though it has taken nothing itself.
  await first.conn.takesAll();
  assertEquals(backend.takeWritten(), "get c0\n");
  await backend.receives("D\nC\n");
  await second.conn.takesAll();
  assertEquals(second.conn.written.length, value.length + 2);
  assertEquals(rig.sessionContext.output.heldBytes, 0);
  for (const { conn } of [first, second, small]) await conn.ends();
  await rig.ends();
});

Deno.test("what a client holds is given back when it is gone", async () => {
  using rig = new CoreRig();
  const { conn, session } = rig.client();
  conn.takesWrites = false;
  await conn.receives("get a0\nget b0\n");
  const backend = await rig.accept(0);
  await backend.receives(`$2000000\n${"v".repeat(2_000_000)}`);
  assertEquals(rig.sessionContext.output.heldBytes > 900_000, true);
  session.close(failures.clientKilled);
  assertEquals(rig.sessionContext.output.heldBytes, 0);
  await rig.ends();
});

Deno.test("write_timeout counts from when a client neither takes nor sends any more", async () => {
  using rig = new CoreRig({ sessionLimits: { writeTimeoutMs: 1000 } });
  const { conn } = rig.client();
  conn.takesWrites = false;
  await conn.receives("echo a\n");
  for (let second = 0; second < 5; second++) {
    rig.clock.advance(900);
    await conn.receives("echo b\n");
    assertEquals(conn.isClosed, false);
  }
  rig.clock.advance(900);
  assertEquals(conn.isClosed, false);
  rig.clock.advance(200);
  assertEquals(conn.isClosed, true);
  assertEquals(rig.metrics.failures[failures.clientWriteTimeout.id], 1);
  await rig.ends();
});

Deno.test("a client beyond its output limit is closed; what is in flight is dropped, others live", async () => {
  using rig = new CoreRig({ sessionLimits: { outputBytesMax: 100_000 } });
  const [slow, other] = [rig.client(), rig.client()];
  slow.conn.takesWrites = false;
  await slow.conn.receives("get a0\nget b0\nget c0\nget d0\n");
  await other.conn.receives("get e0\n");
  const backend = await rig.accept(0);
  const value = "v".repeat(90_000);
  await backend.receives(`$90000\n${value}`, `$90000\n${value}`);
  assertEquals(slow.conn.isClosed, false);
  await backend.receives("$90000\n");
  assertEquals([slow.conn.isClosed, rig.ended], [true, [slow.session]]);
  assertEquals(rig.metrics.failures[failures.clientOutputLimit.id], 1);
  await backend.receives(value, "D\nE\n");
  assertEquals([other.conn.takeWritten(), backend.isClosed], ["E\n", false]);
  await other.conn.ends();
  await rig.ends();
});

Deno.test("early replies beyond the output limit close the client too", async () => {
  using rig = new CoreRig({ sessionLimits: { outputBytesMax: 1000 } });
  const { conn } = rig.client();
  await conn.receives("get a0\nget a1\nget b1\nget c1\n");
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  await second.receives(`${"x".repeat(599)}\n${"y".repeat(399)}\n`);
  assertEquals(conn.isClosed, false);
  await second.receives("z\n");
  assertEquals(conn.isClosed, true);
  await first.receives("A\n");
  assertEquals(conn.written, "");
  await rig.ends();
});

Deno.test("a client that takes no byte for write_timeout is closed; one that takes some is not", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  conn.takesWrites = false;
  await conn.receives("echo abcdef\n");
  rig.clock.advance(1000);
  await conn.takes(1);
  rig.clock.advance(1000);
  assertEquals(conn.isClosed, false);
  rig.clock.advance(1);
  assertEquals(conn.isClosed, true);
  assertEquals(rig.metrics.failures[failures.clientWriteTimeout.id], 1);
  await conn.failsWrite();
  await rig.ends();
});

Deno.test("an idle client is not watched and never times out", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("echo a\n");
  rig.clock.advance(50);
  assertEquals([conn.takeWritten(), rig.clock.watchedCount], ["a\n", 0]);
  rig.clock.advance(10_000_000);
  assertEquals(conn.isClosed, false);
  await conn.ends();
  await rig.ends();
});

Deno.test("clients with requests at a congested backend wait until half of it is written", async () => {
  using rig = new CoreRig({ limits: { queueSoftBytes: 1000 } });
  const [busy, other] = [rig.client(), rig.client()];
  const large = `put a0 ${"v".repeat(1100)}\n`;
  await busy.conn.receives(`${large}get b1\n`);
  await other.conn.receives("get c1\nget d1\n");
  const second = await rig.accept(1);
  assertEquals(second.takeWritten(), "get c1\nget d1\n");
  const first = rig.track(new FakeTcpConn());
  first.takesWrites = false;
  await rig.network.attempt(7000).succeeds(first);
  await first.takes(600);
  assertEquals(second.takeWritten(), "");
  await first.takes(100);
  assertEquals(second.takeWritten(), "get b1\n");
  await first.takesAll();
  await first.receives("ok\n");
  await second.receives("C\nD\nB\n");
  assertEquals([busy.conn.takeWritten(), other.conn.takeWritten()], ["ok\nB\n", "C\nD\n"]);
  await busy.conn.ends();
  await other.conn.ends();
  await rig.ends();
});

Deno.test("a client that waited for a congested backend goes on when that fails what is queued", async () => {
  using rig = new CoreRig({ limits: { queueSoftBytes: 1000 } });
  const { conn } = rig.client();
  await conn.receives(`put a0 ${"v".repeat(1100)}\nget b1\n`);
  rig.backends[0]!.failUnsent(failures.backendEjected);
  await turn();
  const second = await rig.accept(1);
  await second.receives("B\n");
  assertEquals(conn.takeWritten(), "-backend_ejected 10.0.0.1:7000\nB\n");
  await rig.refuse(0);
  await conn.ends();
  await rig.ends();
});
