/**
 * One read and one write in flight, closed once, and no byte changed that an operation still has.
 *
 * @module
 */
import { ChunkPool } from "../../../../src/bytes/chunk_pool.ts";
import { SendLog } from "../../../../src/bytes/send_log.ts";
import type { ByteReceiver, Space } from "../../../../src/net/byte_receiver.ts";
import { DenoSocket } from "../../../../src/net/deno/deno_socket.ts";
import { WriteDelay } from "../../../../src/net/deno/write_delay.ts";
import { FakeTcpConn, turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { ManualClock } from "../../../support/fakes/manual_clock.ts";
import { assertEquals } from "../../../deps.ts";

const decoder = new TextDecoder();

/** Writes down what a socket tells it. */
class Receiver implements ByteReceiver {
  readonly heard: string[] = [];
  readonly bytes = new Uint8Array(16);
  /** Whether there is room. */
  hasRoom = true;
  onCommit: () => void = () => {};
  onClosed: () => void = () => {};
  #received = 0;

  reserve(): Space | null {
    if (!this.hasRoom) return null;
    this.#received = 0;
    return { bytes: this.bytes, start: 4, end: 12 };
  }

  commit(byteCount: number): void {
    this.heard.push(`commit ${decoder.decode(this.bytes.subarray(4, 4 + byteCount))}`);
    this.onCommit();
  }

  rested(): void {
    this.heard.push("rested");
  }

  wrote(): void {
    this.heard.push("wrote");
  }

  ended(): void {
    this.heard.push("ended");
  }

  closed(error: unknown): void {
    this.heard.push(error === null ? "closed" : `closed: ${(error as Error).message}`);
    this.onClosed();
  }

  take(): string[] {
    return this.heard.splice(0);
  }
}

class Scene {
  readonly conn = new FakeTcpConn();
  readonly receiver = new Receiver();
  readonly pool = new ChunkPool();
  readonly log = new SendLog(this.pool);
  readonly clock = new ManualClock();
  readonly delay = new WriteDelay();
  readonly socket = new DenoSocket(
    this.conn.asTcpConn,
    this.receiver,
    this.log,
    this.clock,
    this.delay,
  );

  append(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.log.append(bytes, 0, bytes.length);
  }
}

Deno.test("reads go on as long as the receiver has room, one at a time", async () => {
  const { conn, receiver, socket } = new Scene();
  socket.resume();
  socket.resume();
  assertEquals(conn.roomBytes, 8);
  await conn.receives("hello world");
  assertEquals(receiver.take(), ["commit hello wo", "commit rld"]);
  receiver.hasRoom = false;
  await conn.receives("again");
  assertEquals([receiver.take(), conn.isReading], [["commit again"], false]);
  receiver.hasRoom = true;
  socket.resume();
  assertEquals(conn.isReading, true);
  assertEquals(conn.breaches, []);
});

Deno.test("the end of the stream ends reading only", async () => {
  const { conn, receiver, socket, append } = bound(new Scene());
  socket.resume();
  await conn.ends();
  assertEquals([receiver.take(), conn.isReading, conn.isClosed], [["ended"], false, false]);
  socket.resume();
  assertEquals(conn.isReading, false);
  append("still");
  socket.flush();
  await turn();
  assertEquals(conn.written, "still");
});

Deno.test("one write is in flight; what comes meanwhile goes out with the next", async () => {
  const { conn, receiver, socket, append } = bound(new Scene());
  conn.takesWrites = false;
  append("first ");
  socket.flush();
  append("second ");
  socket.flush();
  append("third");
  socket.flush();
  assertEquals(conn.writing, "first ");
  await conn.takes();
  assertEquals([conn.writing, receiver.take()], ["second third", ["wrote"]]);
  await conn.takes();
  assertEquals([conn.written, conn.writing], ["first second third", null]);
  assertEquals(conn.breaches, []);
});

Deno.test("a write that is taken in part goes on with the rest", async () => {
  const { conn, receiver, socket, append, log } = bound(new Scene());
  conn.takesWrites = false;
  append("abcdef");
  socket.flush();
  await conn.takes(2);
  append("ghi");
  assertEquals([conn.writing, log.unwrittenBytes], ["cdef", 7]);
  await conn.takes(3);
  assertEquals(conn.writing, "f");
  await conn.takes(1);
  assertEquals([conn.writing, log.unwrittenBytes], ["ghi", 3]);
  await conn.takes();
  assertEquals([conn.written, receiver.take().length], ["abcdefghi", 4]);
  assertEquals(conn.breaches, []);
});

Deno.test("writingSinceMs starts with the write and anew with each progress", async () => {
  const { conn, socket, append, clock } = bound(new Scene());
  conn.takesWrites = false;
  assertEquals(socket.writingSinceMs, 0);
  append("abcdef");
  socket.flush();
  assertEquals(socket.writingSinceMs, 1_000_000);
  clock.nowMs = 1_000_500;
  await conn.takes(1);
  assertEquals(socket.writingSinceMs, 1_000_500);
  await conn.takes();
  assertEquals(socket.writingSinceMs, 0);
});

Deno.test("what goes first is written ahead of the log, which waits for the gate", async () => {
  const { conn, socket, append } = bound(new Scene());
  append("log");
  socket.writeFirst(new TextEncoder().encode("hello"));
  socket.flush();
  await turn();
  assertEquals(conn.written, "hello");
  socket.isGated = false;
  socket.flush();
  await turn();
  assertEquals(conn.written, "hellolog");
});

Deno.test("closeWhenWritten() closes behind the last byte, once", async () => {
  const { conn, receiver, socket, append } = bound(new Scene());
  conn.takesWrites = false;
  append("bye");
  socket.closeWhenWritten();
  append(" now");
  socket.closeWhenWritten();
  await conn.takes(1);
  await conn.takes();
  assertEquals(conn.isClosed, false);
  await conn.takes();
  assertEquals([conn.written, conn.closeCount], ["bye now", 1]);
  assertEquals(receiver.take().filter((word) => word !== "wrote"), ["closed"]);
});

Deno.test("closeWhenWritten() with nothing to write closes at once", () => {
  const { conn, receiver, socket } = new Scene();
  socket.closeWhenWritten();
  assertEquals([receiver.take(), conn.closeCount], [["closed"], 1]);
});

Deno.test("the receiver hears of the close once, whatever happens afterwards", async () => {
  const { conn, receiver, socket, append } = bound(new Scene());
  conn.takesWrites = false;
  socket.resume();
  append("abc");
  socket.flush();
  socket.close(new Error("first"));
  socket.close(new Error("second"));
  await conn.failsRead();
  await conn.failsWrite();
  socket.resume();
  socket.flush();
  assertEquals([receiver.take(), conn.closeCount, conn.breaches], [["closed: first"], 1, []]);
});

for (const operation of ["failsRead", "failsWrite"] as const) {
  Deno.test(`an operation that fails (${operation}) closes with its error`, async () => {
    const { conn, receiver, socket, append } = bound(new Scene());
    conn.takesWrites = false;
    socket.resume();
    append("abc");
    socket.flush();
    await conn[operation](new Error("reset"));
    assertEquals([receiver.take(), conn.closeCount], [["closed: reset"], 1]);
  });
}

Deno.test("a read that ends after the close is not committed", async () => {
  const { conn, receiver, socket } = new Scene();
  socket.resume();
  socket.close(null);
  await conn.receives("late");
  assertEquals([receiver.take(), conn.isReading], [["closed"], false]);
});

Deno.test("a receiver that closes while it parses is not read on for", async () => {
  const { conn, receiver, socket } = new Scene();
  receiver.onCommit = () => socket.close(null);
  socket.resume();
  await conn.receives("x");
  assertEquals([receiver.take(), conn.isReading, conn.breaches], [
    ["commit x", "closed", "rested"],
    false,
    [],
  ]);
});

Deno.test("a connection whose close throws is closed all the same", () => {
  const { conn, receiver, socket } = new Scene();
  conn.close = () => {
    throw new Deno.errors.BadResource("gone");
  };
  socket.close(null);
  assertEquals([receiver.take(), socket.isClosed], [["closed"], true]);
});

Deno.test("bytes being written at the close are nobody else's until the write has ended", async () => {
  for (const settle of ["takes", "failsWrite"] as const) {
    const { conn, receiver, socket, append, log, pool } = bound(new Scene());
    conn.takesWrites = false;
    append("precious");
    socket.flush();
    receiver.onClosed = () => log.clear();
    socket.close(null);
    const chunk = pool.take(10);
    chunk.bytes.fill(0x21);
    assertEquals(conn.writing, "precious");
    await conn[settle]();
    assertEquals(conn.breaches, []);
    const next = pool.take(10);
    assertEquals(new TextDecoder().decode(next.bytes.subarray(0, 8)), "precious");
  }
});

Deno.test("the bytes of a write that a close cut short are let go when only part was taken", async () => {
  const { conn, receiver, socket, append, log, pool } = bound(new Scene());
  conn.takesWrites = false;
  append("precious");
  socket.flush();
  await conn.takes(3);
  receiver.onClosed = () => log.dropHanded();
  socket.close(null);
  assertEquals([log.unwrittenBytes, conn.writing], [0, "cious"]);
  const other = pool.take(10);
  assertEquals(other.bytes[0], 0);
  await conn.failsWrite();
  const again = pool.take(10);
  assertEquals(new TextDecoder().decode(again.bytes.subarray(0, 8)), "precious");
});

/** The same scene with its method bound, to be taken apart. */
function bound(scene: Scene) {
  return {
    conn: scene.conn,
    receiver: scene.receiver,
    pool: scene.pool,
    log: scene.log,
    clock: scene.clock,
    delay: scene.delay,
    socket: scene.socket,
    append: (text: string) => scene.append(text),
  };
}

Deno.test("how long a write took counts as the engine's delay, that of one in flight does not", async () => {
  const { conn, append, socket, clock, delay } = bound(new Scene());
  conn.takesWrites = false;
  append("first");
  socket.flush();
  clock.nowMs += 300;
  assertEquals(delay.longestMs(clock.nowMs), 0);
  await conn.takes();
  assertEquals(delay.longestMs(clock.nowMs), 300);
});
