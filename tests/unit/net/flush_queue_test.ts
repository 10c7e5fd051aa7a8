import { ChunkPool } from "../../../src/bytes/chunk_pool.ts";
import { SendLog } from "../../../src/bytes/send_log.ts";
import type { ByteReceiver } from "../../../src/net/byte_receiver.ts";
import { FlushQueue, LATE_FLUSHES_PER_TURN_MAX } from "../../../src/net/flush_queue.ts";
import type { Socket } from "../../../src/net/io_engine.ts";
import { type LongTask, PIECES_PER_TURN_MAX } from "../../../src/net/turn_budget.ts";
import { DenoSocket } from "../../../src/net/deno/deno_socket.ts";
import { WriteDelay } from "../../../src/net/deno/write_delay.ts";
import { FakeTcpConn, turn } from "../../support/fakes/fake_tcp_conn.ts";
import { ManualClock } from "../../support/fakes/manual_clock.ts";
import { sanitizedTest } from "../../support/tools/sanitized.ts";
import { assert, assertEquals } from "../../deps.ts";

const deaf: ByteReceiver = {
  reserve: () => null,
  commit: () => {},
  rested: () => {},
  wrote: () => {},
  ended: () => {},
  closed: () => {},
};

function createSocket(receiver: ByteReceiver = deaf) {
  const conn = new FakeTcpConn();
  conn.takesWrites = false;
  const log = new SendLog(new ChunkPool());
  const socket = new DenoSocket(
    conn.asTcpConn,
    receiver,
    log,
    new ManualClock(),
    new WriteDelay(),
  );
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

Deno.test("a task runs behind the turn and before anything is written", async () => {
  const queue = new FlushQueue();
  const { conn, socket, append } = createSocket();
  append("early ");
  queue.add(socket);
  let runs = 0;
  queue.defer({
    runAtTurnEnd() {
      runs += 1;
      append("late");
      queue.add(socket);
    },
  });
  assertEquals([runs, conn.writing], [0, null]);
  await turn();
  assertEquals([runs, conn.writing], [1, "early late"]);
});

Deno.test("a task deferred by a task runs in the same end of the turn", async () => {
  const queue = new FlushQueue();
  const ran: string[] = [];
  const second = { runAtTurnEnd: () => ran.push("second") };
  queue.defer({
    runAtTurnEnd() {
      ran.push("first");
      queue.defer(second);
    },
  });
  await Promise.resolve();
  assertEquals(ran, ["first", "second"]);
});

Deno.test("an engine that ends its turns itself is left to do so", async () => {
  const queue = new FlushQueue();
  const { conn, socket, append } = createSocket();
  queue.isDriven = true;
  append("driven");
  queue.add(socket);
  await turn();
  assertEquals(conn.writing, null);
  queue.endTurn();
  assertEquals(conn.writing, "driven");
});

/** As many sockets that note their numbers when they are written. */
function notingSockets(count: number, written: number[]): Socket[] {
  return Array.from({ length: count }, (_, number): Socket => {
    const socket = { isDirty: false, mayBeLate: false, flush: () => written.push(number) };
    return socket as unknown as Socket;
  });
}

Deno.test("of those that can wait a driving engine's turn writes some, later turns the others, each once", () => {
  const queue = new FlushQueue();
  queue.isDriven = true;
  const written: number[] = [];
  const sockets = notingSockets(3 * LATE_FLUSHES_PER_TURN_MAX, written);
  for (const socket of sockets) queue.addLater(socket);
  let turns = 0;
  while (queue.hasMore) {
    queue.endTurn();
    turns += 1;
    // More bytes for one that waits go along with it.
    const last = sockets.at(-1)!;
    if (last.isDirty) queue.addLater(last);
    assertEquals(written.length, turns * LATE_FLUSHES_PER_TURN_MAX);
  }
  assertEquals([turns, written], [3, sockets.map((_, number) => number)]);
});

Deno.test("who is asked for something does not wait any more, and is written once", () => {
  const queue = new FlushQueue();
  queue.isDriven = true;
  const written: number[] = [];
  const sockets = notingSockets(3 * LATE_FLUSHES_PER_TURN_MAX, written);
  for (const socket of sockets) queue.addLater(socket);
  const last = sockets.length - 1;
  queue.add(sockets[last]!);
  queue.add(sockets[last]!);
  queue.endTurn();
  assertEquals([written[0], written.length], [last, LATE_FLUSHES_PER_TURN_MAX + 1]);
  // It can wait again, behind the others, although its former place is still there.
  queue.addLater(sockets[last]!);
  while (queue.hasMore) queue.endTurn();
  assertEquals(written.length, sockets.length + 1);
  assertEquals(written.filter((number) => number === last).length, 2);
});

Deno.test("steady pushing to many keeps few places of sockets that were written", () => {
  const queue = new FlushQueue();
  queue.isDriven = true;
  const sockets = notingSockets(2 * LATE_FLUSHES_PER_TURN_MAX, []);
  for (let turns = 0; turns < 1_000; turns++) {
    for (const socket of sockets) queue.addLater(socket);
    queue.endTurn();
    assert(queue.hasMore);
    assert(queue.latePlaces <= 8 * LATE_FLUSHES_PER_TURN_MAX, `${queue.latePlaces} places`);
  }
});

Deno.test("outside of a driving engine's turns all are written at once", async () => {
  const queue = new FlushQueue();
  const written: number[] = [];
  const sockets = notingSockets(2 * LATE_FLUSHES_PER_TURN_MAX, written);
  for (const socket of sockets) queue.addLater(socket);
  await turn();
  assertEquals([written.length, queue.hasMore], [sockets.length, false]);
});

/** Work without end, which counts its pieces. */
class Endless implements LongTask {
  isQueued = false;
  done = 0;

  work(pieces: number): number {
    this.done += pieces;
    return pieces;
  }
}

Deno.test("long work takes one budget of each turn of a driving engine", () => {
  const queue = new FlushQueue();
  queue.isDriven = true;
  const task = new Endless();
  queue.workOn(task);
  assertEquals([task.done, queue.hasMore], [0, true]);
  for (let turns = 1; turns <= 3; turns++) {
    queue.endTurn();
    assertEquals([task.done, queue.hasMore], [turns * PIECES_PER_TURN_MAX, true]);
  }
});

sanitizedTest(
  "outside of it ends of turns share a budget until the runtime had its turn",
  async () => {
    const queue = new FlushQueue();
    const task = new Endless();
    queue.workOn(task);
    for (let ends = 0; ends < 3; ends++) {
      queue.add(createSocket().socket);
      await Promise.resolve();
      assertEquals(task.done, PIECES_PER_TURN_MAX);
    }
    await turn();
    assert(task.done >= 2 * PIECES_PER_TURN_MAX);
    queue.stop();
    const { done } = task;
    await turn();
    await turn();
    assertEquals([task.done, queue.hasMore], [done, false]);
  },
);

sanitizedTest("what was used of the budget at once is there again in the next turn", async () => {
  const queue = new FlushQueue();
  assert(queue.budget.spend(PIECES_PER_TURN_MAX));
  queue.add(createSocket().socket);
  await Promise.resolve();
  assertEquals(queue.budget.spend(1), false);
  await turn();
  assertEquals(queue.budget.isWhole, true);
});
