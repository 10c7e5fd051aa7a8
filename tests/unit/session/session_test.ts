/**
 * One client: its requests are answered in order and once, whatever becomes of the backends.
 *
 * @module
 */
import { READ_SMALL_BYTES } from "../../../src/bytes/receive_buffer.ts";
import { failures } from "../../../src/failure.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { turn } from "../../support/fakes/fake_tcp_conn.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("replies of several backends leave in the order of the requests", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("get a0\nget a1\necho x\nget b0\n");
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  assertEquals([first.takeWritten(), second.takeWritten()], ["get a0\nget b0\n", "get a1\n"]);
  await second.receives("A1\n");
  assertEquals(conn.written, "");
  await first.receives("A0\n");
  assertEquals(conn.takeWritten(), "A0\nA1\nx\n");
  await first.receives("B0\n");
  assertEquals(conn.takeWritten(), "B0\n");
  await conn.ends();
  await rig.ends();
});

Deno.test("requests may be cut anywhere", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  for (const byte of "get a0\nput b0 value\n") await conn.receives(byte);
  const backend = await rig.accept(0);
  assertEquals(backend.takeWritten(), "get a0\nput b0 value\n");
  await backend.receives("A\nok\n");
  assertEquals(conn.takeWritten(), "A\nok\n");
  await conn.ends();
  await rig.ends();
});

Deno.test("a keyless request, a rewritten one and one with several keys go to one backend", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("any\nrewrite a1\nboth a1 b1\nboth a0 b1\nboth a9\n");
  const backend = await rig.accept(1);
  assertEquals(backend.takeWritten(), "any\nrewritten a1\nboth a1 b1\n");
  await backend.receives("1\n2\n3\n");
  assertEquals(conn.takeWritten(), "1\n2\n3\n-keys_apart\n-no_backend\n");
  await conn.ends();
  await rig.ends();
});

Deno.test("a split request with all keys in one place goes out as it came", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("mget a0  b0\nmget a0\n");
  const backend = await rig.accept(0);
  assertEquals(backend.takeWritten(), "mget a0  b0\nmget a0\n");
  await backend.receives("A,B\nA\n");
  assertEquals(conn.takeWritten(), "A,B\nA\n");
  await conn.ends();
  await rig.ends();
});

Deno.test("a split request's backends may fail: at once, late, or without a place for a key", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("mget a0 a1 b0\ndel a0 a1\nmget a0 a9\n");
  await rig.refuse(1);
  const backend = await rig.accept(0);
  await backend.receives("A,B\n1\n");
  const failed = "-connect_refused 10.0.0.1:7001";
  assertEquals(conn.takeWritten(), `A,${failed},B\n${failed}\n-no_backend\n`);
  await conn.receives("mget a1 a0 b1\n");
  await backend.receives("A\n");
  assertEquals(conn.takeWritten(), `${failed},A,${failed}\n`);
  await backend.ends();
  await conn.receives("mget a1 a0\n");
  await rig.refuse(0);
  assertEquals(conn.takeWritten(), `${failed},-connect_refused 10.0.0.1:7000\n`);
  await conn.receives("mget a1 a0\n");
  assertEquals(conn.takeWritten(), `${failed},-connect_refused 10.0.0.1:7000\n`);
  await conn.ends();
  await rig.ends();
});

Deno.test("a request that no backend can take is counted under its reason", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("get a9\nboth a0 b1\nmget a8 b9\n");
  assertEquals(conn.takeWritten(), "-no_backend\n-keys_apart\n-no_backend\n");
  const { failures: counts } = rig.metrics;
  assertEquals([counts[failures.noBackend.id], counts[failures.keysApart.id]], [2, 1]);
  await conn.ends();
  await rig.ends();
});

Deno.test("a quiet request is answered by nothing, also when it fails", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("put a0 x quiet\nput a1 x quiet\nget b0\n");
  await rig.refuse(1);
  const backend = await rig.accept(0);
  await backend.receives("stored\nB\n");
  assertEquals(conn.takeWritten(), "B\n");
  await conn.ends();
  await rig.ends();
});

Deno.test("an answer without bytes takes no chunk", async () => {
  using rig = new CoreRig();
  const { session, conn } = rig.client();
  session.reply(new Uint8Array(0), 0, 0);
  await turn();
  assertEquals([rig.chunks.chunksOut, conn.written], [0, ""]);
  await conn.ends();
  await rig.ends();
});

Deno.test("an unknown command is answered in its turn, and the connection lives", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("get a0\nnonsense\nget b0\n");
  const backend = await rig.accept(0);
  await backend.receives("A\nB\n");
  assertEquals(conn.takeWritten(), "A\n-unknown\nB\n");
  await conn.ends();
  await rig.ends();
});

Deno.test("malformed input is answered behind what is due; then the connection closes", async () => {
  using rig = new CoreRig();
  const { conn, session } = rig.client();
  await conn.receives("get a0\n!get b0\n");
  const backend = await rig.accept(0);
  assertEquals(backend.takeWritten(), "get a0\n");
  await conn.receives("get c0\n");
  assertEquals([conn.isClosed, conn.isReading, backend.takeWritten()], [false, true, ""]);
  await backend.receives("A\n");
  assertEquals([conn.takeWritten(), conn.isClosed], ["A\n-malformed\n", true]);
  assertEquals(rig.ended, [session]);
  assertEquals(rig.metrics.failures[failures.clientMalformed.id], 1);
  await rig.ends();
});

Deno.test("QUIT is answered behind what is due; nothing after it is looked at", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("get a0\nquit\nget b0\n");
  const backend = await rig.accept(0);
  assertEquals(backend.takeWritten(), "get a0\n");
  await backend.receives("A\n");
  assertEquals([conn.takeWritten(), conn.isClosed], ["A\nbye\n", true]);
  await rig.ends();
});

Deno.test("a barrier waits for all replies, and what follows it waits for its answer", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("get a0\nget a1\nwait\nget b0\n");
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  await second.receives("A1\n");
  assertEquals([first.takeWritten(), conn.written], ["get a0\n", ""]);
  await first.receives("A0\n");
  assertEquals([first.takeWritten(), conn.takeWritten()], ["get b0\n", "A0\nA1\nwaited\n"]);
  await first.receives("B0\n");
  assertEquals(conn.takeWritten(), "B0\n");
  await conn.ends();
  await rig.ends();
});

Deno.test("after the end of its requests a client still gets all that is due", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("get a0\nmget a0 a1\nget half-a-request");
  await conn.ends();
  assertEquals(conn.isClosed, false);
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  await first.receives("A0\nM0\n");
  assertEquals([conn.takeWritten(), conn.isClosed], ["A0\n", false]);
  conn.takesWrites = false;
  await second.receives("M1\n");
  assertEquals([conn.writing, conn.isClosed], ["M0,M1\n", false]);
  await conn.takes();
  assertEquals(conn.isClosed, true);
  await rig.ends();
});

Deno.test("the end of requests is seen while the client is held back, and all is answered", async () => {
  using rig = new CoreRig({ sessionLimits: { pipelineMax: 1 } });
  const { conn } = rig.client();
  await conn.receives("get a0\nget b0\nget c0\n");
  await conn.ends();
  const backend = await rig.accept(0);
  for (const [request, reply] of [["get a0\n", "A\n"], ["get b0\n", "B\n"], ["get c0\n", "C\n"]]) {
    assertEquals([backend.takeWritten(), conn.isClosed], [request, false]);
    await backend.receives(reply!);
    assertEquals(conn.takeWritten(), reply);
  }
  assertEquals(conn.isClosed, true);
  await rig.ends();
});

Deno.test("a client that is gone has its replies dropped; the others get theirs", async () => {
  using rig = new CoreRig();
  const [gone, stays] = [rig.client(), rig.client()];
  await gone.conn.receives("get a0\nmget a0 a1\nget c0\n");
  await stays.conn.receives("get b0\n");
  const [first, second] = [await rig.accept(0), await rig.accept(1)];
  await gone.conn.failsRead();
  assertEquals([gone.conn.isClosed, rig.ended], [true, [gone.session]]);
  assertEquals([gone.session.isClosed, stays.session.isClosed], [true, false]);
  assertEquals(rig.metrics.failures[failures.clientReset.id], 1);
  await second.receives("M1\n");
  await first.receives("A0\nM0\nC0\nB0\n");
  assertEquals([stays.conn.takeWritten(), gone.conn.written], ["B0\n", ""]);
  await stays.conn.ends();
  await rig.ends();
});

Deno.test("a client that closes on a write error is gone as well", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  conn.takesWrites = false;
  await conn.receives("get a0\nget b0\n");
  const backend = await rig.accept(0);
  await backend.receives("A\n");
  await conn.failsWrite();
  assertEquals(conn.isClosed, true);
  await backend.receives("B\n");
  assertEquals(backend.isClosed, false);
  await rig.ends();
});

Deno.test("close() ends a session at once, counts why, and swallows what is in flight", async () => {
  using rig = new CoreRig();
  const { conn, session } = rig.client();
  await conn.receives("get a0\n");
  const backend = await rig.accept(0);
  session.close(failures.shuttingDown);
  session.close(failures.clientReset);
  assertEquals([conn.closeCount, rig.ended.length], [1, 1]);
  assertEquals(rig.metrics.failures[failures.shuttingDown.id], 1);
  assertEquals(rig.metrics.clientsConnected, 0);
  await backend.receives("A\n");
  assertEquals(conn.written, "");
  await rig.ends();
});

Deno.test("a large request and a large reply are handed over whole", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  const value = "v".repeat(200_000);
  await conn.receives(`put a0 ${value}\nget b0\n`);
  const backend = await rig.accept(0);
  assertEquals(backend.takeWritten(), `put a0 ${value}\nget b0\n`);
  await backend.receives(`ok\n$200000\n${value}`);
  assertEquals(conn.takeWritten(), `ok\n$200000\n${value}`);
  await conn.ends();
  await rig.ends();
});

Deno.test("a large local reply that waits for its turn is nobody else's afterwards", async () => {
  using rig = new CoreRig();
  const [slow, other] = [rig.client(), rig.client()];
  const text = "e".repeat(100_000);
  await slow.conn.receives(`get a0\necho ${text}\n`);
  const backend = await rig.accept(0);
  slow.conn.takesWrites = false;
  await backend.receives("A\n");
  await slow.conn.takes();
  assertEquals(slow.conn.writing, `${text}\n`);
  const otherText = "o".repeat(100_000);
  await other.conn.receives(`get a0\necho ${otherText}\n`);
  await backend.receives("A\n");
  assertEquals(slow.conn.writing, `${text}\n`);
  await slow.conn.takesAll();
  assertEquals(slow.conn.written, `A\n${text}\n`);
  assertEquals(other.conn.written, `A\n${otherText}\n`);
  await slow.conn.ends();
  await other.conn.ends();
  await rig.ends();
});

Deno.test("a client that is lost while it is asked for its address is shown by what was told first", async () => {
  using rig = new CoreRig();
  const { conn, session } = rig.client();
  let asked = 0;
  Object.defineProperties(conn, {
    localAddr: { value: { hostname: "127.0.0.1", port: 1 } },
    remoteAddr: { get: () => asked++ === 0 ? { hostname: "127.0.0.2", port: 2 } : { path: null } },
  });
  assertEquals(session.holderFields, { client: session.id, address: "127.0.0.2:2" });
  assertEquals(session.holderFields, { client: session.id, address: "" });
  await conn.ends();
  await rig.ends();
});

Deno.test("ten thousand pipelined requests are answered in order", async () => {
  using rig = new CoreRig({ sessionLimits: { pipelineMax: 10_000 } });
  const { conn } = rig.client();
  let requests = "";
  for (let index = 0; index < 10_000; index++) requests += `get k${index}-${index % 2}\n`;
  await conn.receives(requests);
  const backends = [await rig.accept(0), await rig.accept(1)];
  for (let isOver = false; !isOver;) {
    isOver = true;
    for (const backend of [backends[1]!, backends[0]!]) {
      const written = backend.takeWritten();
      if (written === "") continue;
      isOver = false;
      await backend.receives(written.replaceAll("get ", "="));
    }
  }
  assertEquals(conn.takeWritten(), requests.replaceAll("get ", "="));
  await conn.ends();
  await turn();
  await rig.ends();
});

Deno.test("what its socket and its stage keep is among what a client has", async () => {
  using rig = new CoreRig();
  const { conn, session } = rig.client();
  await conn.receives("get a0\n");
  const before = session.heldBytes;
  session.stage = { onRequest: () => 0, onInputEnd: () => false, onClose() {}, heldBytes: 1_000 };
  assertEquals(session.heldBytes - before, 1_000);
  session.stage = null;
  await conn.ends();
  await rig.ends();
});

Deno.test("the array that a client's reads went to is another client's when its input has ended", async () => {
  using rig = new CoreRig();
  const { conn } = rig.client();
  await conn.receives("echo x\n");
  assertEquals(rig.context.arrays.freeBytes, 0);
  await conn.ends();
  assertEquals(rig.context.arrays.freeBytes, READ_SMALL_BYTES);
  rig.client();
  assertEquals(rig.context.arrays.freeBytes, 0);
  await rig.ends();
});
