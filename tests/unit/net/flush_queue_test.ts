import { ChunkPool } from "../../../src/bytes/chunk_pool.ts";
import { SendLog } from "../../../src/bytes/send_log.ts";
import type { ByteReceiver } from "../../../src/net/byte_receiver.ts";
import { FlushQueue } from "../../../src/net/flush_queue.ts";
import { Socket } from "../../../src/net/socket.ts";
import { FakeTcpConn, turn } from "../../support/fake_tcp_conn.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { assertEquals } from "../../deps.ts";

const deaf: ByteReceiver = {
  reserve: () => null,
  commit: () => {},
  wrote: () => {},
  ended: () => {},
  closed: () => {},
};

function createSocket(receiver: ByteReceiver = deaf) {
  const conn = new FakeTcpConn();
  conn.takesWrites = false;
  const log = new SendLog(new ChunkPool());
  const socket = new Socket(conn.asTcpConn, receiver, log, new ManualClock());
  const append = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    log.append(bytes, 0, bytes.length);
  };
  return { conn, socket, append };
}

Deno.test("everything that one turn appends goes out in one write, after the turn", async () => {
  const queue = new FlushQueue();
  const { conn, socket, append } = createSocket();
  append("one ");
  queue.add(socket);
  append("two");
  queue.add(socket);
  assertEquals(conn.writing, null);
  await turn();
  assertEquals(conn.writing, "one two");
  assertEquals(socket.isDirty, false);
});

Deno.test("each socket is written once a turn, and again in the next", async () => {
  const queue = new FlushQueue();
  const sockets = [createSocket(), createSocket(), createSocket()];
  for (const round of ["a", "b"]) {
    for (const { socket, append } of sockets) {
      append(round);
      queue.add(socket);
    }
    await turn();
    assertEquals(sockets.map(({ conn }) => conn.writing), [round, round, round]);
    for (const { conn } of sockets) await conn.takes();
  }
});

Deno.test("a socket added while others are written has its turn", async () => {
  const queue = new FlushQueue();
  const late = createSocket();
  late.append("late");
  const first = createSocket({ ...deaf, closed: () => queue.add(late.socket) });
  queue.add(first.socket);
  first.socket.closeWhenWritten();
  await turn();
  assertEquals(late.conn.writing, "late");
});

Deno.test("a socket closed meanwhile is passed over", async () => {
  const queue = new FlushQueue();
  const { conn, socket, append } = createSocket();
  append("never");
  queue.add(socket);
  socket.close(null);
  await turn();
  assertEquals([conn.writing, conn.breaches, socket.isDirty], [null, [], false]);
});
