/**
 * What a socket makes of each answer of the kernel. What it does on a real kernel is the
 * contract's.
 *
 * @module
 */
import { ChunkPool } from "../../../../src/bytes/chunk_pool.ts";
import { SendLog } from "../../../../src/bytes/send_log.ts";
import { EpollConnection, FLUSH_BYTES_MAX } from "../../../../src/net/epoll/epoll_socket.ts";
import {
  EAGAIN,
  ECONNRESET,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  ETIMEDOUT,
} from "../../../../src/net/epoll/libc.ts";
import { FakeEpollLoop } from "../../../support/fake_epoll_loop.ts";
import { RecordingByteReceiver } from "../../../support/recording_byte_receiver.ts";
import { sanitizedTest } from "../../../support/sanitized.ts";
import { assert, assertEquals } from "../../../deps.ts";

const DESCRIPTOR = 7;
/** What every socket is waited for, from its first resume() to its end. */
const EDGES = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
const EPIPE = 32;
const ENOSPC = 28;

class Scene {
  readonly loop = new FakeEpollLoop();
  readonly system = this.loop.system;
  readonly receiver = new RecordingByteReceiver();
  readonly log = new SendLog(new ChunkPool());
  readonly socket = new EpollConnection(this.loop.asLoop, DESCRIPTOR).open(this.receiver, this.log);

  append(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.log.append(bytes, 0, bytes.length);
  }

  /** What the socket waits for. */
  get interest(): number | undefined {
    return this.loop.interests.get(DESCRIPTOR);
  }

  /** What the loop says is ready. */
  events(events: number): void {
    this.loop.handlers.get(DESCRIPTOR)!.onEvents(events);
  }
}

sanitizedTest("nothing is waited for before resume(), and then everything, once", () => {
  const scene = new Scene();
  assertEquals([scene.interest, scene.receiver.reserveCount], [undefined, 0]);
  scene.socket.resume();
  scene.socket.resume();
  assertEquals([scene.interest, scene.receiver.reserveCount], [EDGES, 0]);
  assertEquals(scene.loop.registerCount, 1);
});

sanitizedTest(
  "a lost connection is read to its end by a receiver that is behind, not by others",
  () => {
    for (const isBehind of [false, true]) {
      const scene = new Scene();
      const { receiver } = scene;
      receiver.hasRoom = false;
      receiver.isBehind = isBehind;
      scene.socket.resume();
      scene.events(EPOLLIN);
      scene.system.receiveResults = ["last", -ECONNRESET];
      scene.events(EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP);
      assertEquals(scene.socket.isClosed, !isBehind);
      receiver.hasRoom = true;
      scene.socket.resume();
      while (scene.loop.resumables.size > 0) scene.loop.nextTurn();
      assertEquals([receiver.text, scene.socket.isClosed], [isBehind ? "last" : "", true]);
    }
  },
);

sanitizedTest("a read takes bytes once and leaves the receiver without a buffer", () => {
  const scene = new Scene();
  scene.socket.resume();
  scene.system.receiveResults = ["one", "two"];
  scene.events(EPOLLIN);
  const { receiver } = scene;
  assertEquals([receiver.text, receiver.reserveCount, receiver.restedCount], ["one", 1, 1]);
  scene.events(EPOLLIN);
  assertEquals([receiver.text, receiver.reserveCount, receiver.restedCount], ["onetwo", 2, 2]);
  assertEquals([receiver.isLent, receiver.breaches], [false, []]);
});

sanitizedTest("a read that finds nothing gives the room back and waits on", () => {
  const scene = new Scene();
  scene.socket.resume();
  scene.system.receiveResults = [-EAGAIN];
  scene.events(EPOLLIN);
  const { receiver } = scene;
  assertEquals([receiver.heard, receiver.isLent, receiver.restedCount], [[], false, 1]);
  assertEquals(scene.loop.resumables.size, 0);
});

sanitizedTest("a read that fills its room goes on in the next turn, until one does not", () => {
  const scene = new Scene();
  scene.socket.resume();
  const { receiver } = scene;
  scene.system.receiveResults = ["a".repeat(receiver.roomBytes), "rest"];
  scene.events(EPOLLIN);
  assertEquals([receiver.receivedBytes, receiver.reserveCount], [receiver.roomBytes, 1]);
  scene.loop.nextTurn();
  assertEquals([receiver.receivedBytes, receiver.reserveCount], [receiver.roomBytes + 4, 2]);
  assertEquals(scene.loop.resumables.size, 0);
});

sanitizedTest("bytes and the end that came together are both read: there is no second edge", () => {
  const scene = new Scene();
  scene.socket.resume();
  scene.system.receiveResults = ["last", 0];
  scene.events(EPOLLIN | EPOLLRDHUP);
  assertEquals([scene.receiver.text, scene.receiver.heard], ["last", []]);
  scene.loop.nextTurn();
  assertEquals([scene.receiver.heard, scene.loop.resumables.size], [["ended"], 0]);
});

sanitizedTest("the end of the stream is told once, and writing goes on", () => {
  const scene = new Scene();
  scene.socket.resume();
  scene.system.receiveResults = [0, 0];
  scene.events(EPOLLIN | EPOLLRDHUP);
  assertEquals([scene.receiver.heard, scene.receiver.isLent], [["ended"], false]);
  scene.socket.resume();
  scene.events(EPOLLIN | EPOLLOUT | EPOLLRDHUP);
  scene.loop.nextTurn();
  assertEquals(scene.receiver.heard, ["ended"]);
  scene.append("still");
  scene.socket.flush();
  assertEquals(scene.system.sent, "still");
  scene.events(EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP);
  assertEquals(scene.receiver.heard, ["ended", `closed: error ${ECONNRESET}`]);
});

sanitizedTest("a receiver without room is asked again when it resumes, in the next turn", () => {
  const scene = new Scene();
  scene.socket.resume();
  scene.receiver.hasRoom = false;
  scene.system.receiveResults = ["late"];
  scene.events(EPOLLIN);
  scene.events(EPOLLIN);
  assertEquals([scene.receiver.reserveCount, scene.loop.resumables.size], [1, 0]);
  scene.receiver.hasRoom = true;
  scene.socket.resume();
  assertEquals(scene.receiver.reserveCount, 1);
  scene.loop.nextTurn();
  assertEquals([scene.receiver.text, scene.interest], ["late", EDGES]);
});

sanitizedTest("a reset is told at once to a receiver without room", () => {
  const scene = new Scene();
  scene.socket.resume();
  scene.receiver.hasRoom = false;
  scene.events(EPOLLIN);
  scene.events(EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP);
  assertEquals(scene.receiver.heard, [`closed: error ${ECONNRESET}`]);
});

sanitizedTest("an error of a read closes the descriptor once", () => {
  const scene = new Scene();
  scene.socket.resume();
  scene.system.receiveResults = [-ECONNRESET];
  scene.events(EPOLLIN | EPOLLERR | EPOLLHUP);
  assertEquals(scene.receiver.heard, [`closed: error ${ECONNRESET}`]);
  scene.socket.close(null);
  assertEquals([scene.system.closed, scene.receiver.heard.length], [[DESCRIPTOR], 1]);
});

sanitizedTest("an error without bytes closes with the socket's own, or as reset", () => {
  for (const [pending, told] of [[ETIMEDOUT, ETIMEDOUT], [0, ECONNRESET]] as const) {
    const scene = new Scene();
    scene.socket.resume();
    scene.system.pendingError = pending;
    scene.events(EPOLLERR | EPOLLHUP);
    assertEquals(scene.receiver.heard, [`closed: error ${told}`]);
    assertEquals(scene.system.closed, [DESCRIPTOR]);
  }
});

sanitizedTest("an error of a send closes the descriptor once, and nothing follows", () => {
  const scene = new Scene();
  scene.socket.resume();
  scene.append("lost");
  scene.system.sendResults = [-EPIPE];
  scene.socket.closeWhenWritten();
  assertEquals(scene.receiver.heard, [`closed: error ${EPIPE}`]);
  scene.socket.flush();
  assertEquals([scene.system.closed, scene.system.sendSizes], [[DESCRIPTOR], [4]]);
  assertEquals(scene.receiver.breaches, []);
});

for (const [name, results] of [["in part", [2, 3]], ["not at all", [-EAGAIN, -EAGAIN]]] as const) {
  sanitizedTest(`a send that is taken ${name} goes on when the kernel has room`, () => {
    const scene = new Scene();
    scene.socket.resume();
    scene.append("abcdef");
    scene.system.sendResults = [...results];
    scene.socket.flush();
    scene.append("ghi");
    scene.socket.flush();
    assertEquals(scene.system.sendSizes.length, 1, "no send while there is no room");
    scene.events(EPOLLOUT);
    scene.events(EPOLLOUT);
    assertEquals([scene.system.sent, scene.log.unwrittenBytes], ["abcdefghi", 0]);
    assertEquals([scene.interest, scene.socket.writingSinceMs], [EDGES, 0]);
  });
}

sanitizedTest(
  "writingSinceMs is when the write began to wait, and moves with progress alone",
  () => {
    const scene = new Scene();
    scene.socket.resume();
    scene.append("abcdef");
    scene.system.sendResults = [-EAGAIN, -EAGAIN, 2];
    scene.socket.flush();
    assertEquals(scene.socket.writingSinceMs, 1_000_000);
    scene.loop.clock.nowMs += 500;
    scene.events(EPOLLOUT);
    assertEquals(scene.socket.writingSinceMs, 1_000_000);
    scene.events(EPOLLOUT);
    assertEquals(scene.socket.writingSinceMs, 1_000_500);
    scene.socket.close(null);
    assertEquals(scene.socket.writingSinceMs, 0);
  },
);

sanitizedTest("one turn writes a bounded number of bytes, and the rest is another's", () => {
  const scene = new Scene();
  scene.socket.resume();
  const chunkBytes = FLUSH_BYTES_MAX / 4;
  for (let count = 0; count < 6; count++) {
    scene.log.adopt(new Uint8Array(chunkBytes).fill(0x61), 0, chunkBytes);
  }
  scene.socket.flush();
  assertEquals(scene.log.unwrittenBytes, 2 * chunkBytes);
  assert(scene.socket.writingSinceMs > 0, "a write is under way");
  scene.loop.nextTurn();
  assertEquals([scene.log.unwrittenBytes, scene.loop.resumables.size], [0, 0]);
  assertEquals(scene.socket.writingSinceMs, 0);
});

sanitizedTest("no write is under way when what was left for the next turn is dropped", () => {
  const scene = new Scene();
  scene.socket.resume();
  for (let count = 0; count < 2; count++) {
    scene.log.adopt(new Uint8Array(FLUSH_BYTES_MAX), 0, FLUSH_BYTES_MAX);
  }
  scene.socket.flush();
  assert(scene.socket.writingSinceMs > 0, "a write is under way");
  scene.log.dropUnhanded();
  scene.loop.nextTurn();
  assertEquals([scene.log.unwrittenBytes, scene.socket.writingSinceMs], [0, 0]);
});

sanitizedTest("the last bytes are not forgotten when they fill a turn exactly", () => {
  const scene = new Scene();
  scene.socket.resume();
  scene.log.adopt(new Uint8Array(FLUSH_BYTES_MAX), 0, FLUSH_BYTES_MAX);
  scene.socket.closeWhenWritten();
  scene.loop.nextTurn();
  assertEquals([scene.receiver.heard, scene.log.unwrittenBytes], [["closed"], 0]);
});

sanitizedTest("closeWhenWritten() waits for the kernel to have room", () => {
  const scene = new Scene();
  scene.socket.resume();
  scene.append("bye");
  scene.system.sendResults = [1];
  scene.socket.closeWhenWritten();
  assertEquals([scene.receiver.heard, scene.system.sent], [[], "b"]);
  scene.events(EPOLLIN | EPOLLOUT);
  assertEquals([scene.receiver.heard, scene.system.sent], [["closed"], "bye"]);
  assertEquals(scene.receiver.breaches, []);
});

sanitizedTest("closeWhenWritten() keeps the connection for what wrote() appends", () => {
  const scene = new Scene();
  scene.socket.resume();
  scene.receiver.onWrote = () => {
    scene.receiver.onWrote = () => {};
    scene.append(" now");
  };
  scene.append("bye");
  scene.socket.closeWhenWritten();
  scene.socket.flush();
  assertEquals([scene.receiver.heard, scene.system.sent], [["closed"], "bye now"]);
});

sanitizedTest("a handshake that is taken in part goes on ahead of the log", () => {
  const scene = new Scene();
  scene.append("log");
  scene.system.sendResults = [2, -EAGAIN, 1];
  scene.socket.writeFirst(new TextEncoder().encode("hello"));
  scene.socket.resume();
  scene.socket.flush();
  for (let count = 0; count < 3; count++) scene.events(EPOLLOUT);
  assertEquals([scene.system.sent, scene.socket.writingSinceMs], ["hello", 0]);
  scene.socket.isGated = false;
  scene.socket.flush();
  assertEquals(scene.system.sent, "hellolog");
});

sanitizedTest(
  "the log follows a handshake that was still being written when the gate opened",
  () => {
    const scene = new Scene();
    scene.socket.resume();
    scene.append("log");
    scene.system.sendResults = [2];
    scene.socket.writeFirst(new TextEncoder().encode("hello"));
    scene.socket.isGated = false;
    scene.socket.flush();
    scene.events(EPOLLOUT);
    assertEquals(scene.system.sent, "hellolog");
  },
);

sanitizedTest("a write that waits does not read for a receiver that was not resumed", () => {
  const scene = new Scene();
  scene.append("abc");
  scene.system.sendResults = [1];
  scene.socket.flush();
  scene.system.receiveResults = ["early"];
  scene.events(EPOLLIN | EPOLLOUT);
  assertEquals([scene.system.sent, scene.receiver.reserveCount], ["abc", 0]);
  scene.socket.resume();
  scene.loop.nextTurn();
  assertEquals([scene.receiver.text, scene.loop.registerCount], ["early", 1]);
});

sanitizedTest("a socket that closes while it writes reads no more", () => {
  const scene = new Scene();
  scene.socket.resume();
  scene.receiver.onWrote = () => scene.socket.close(null);
  scene.append("abc");
  scene.system.sendResults = [1];
  scene.socket.flush();
  assertEquals([scene.receiver.heard, scene.receiver.breaches], [["closed"], []]);
  assertEquals(scene.system.closed, [DESCRIPTOR]);
  scene.socket.resume();
  assertEquals(scene.interest, undefined);
});

sanitizedTest("a connection that the kernel cannot wait for is closed with the reason", () => {
  const scene = new Scene();
  scene.loop.registerResult = -ENOSPC;
  scene.socket.resume();
  assertEquals(scene.receiver.heard, [`closed: error ${ENOSPC}`]);
  assertEquals(scene.system.closed, [DESCRIPTOR]);
});

sanitizedTest("the end of the loop closes the descriptor and tells nobody", () => {
  const scene = new Scene();
  scene.socket.resume();
  scene.loop.handlers.get(DESCRIPTOR)!.abandon();
  assertEquals([scene.system.closed, scene.socket.isClosed], [[DESCRIPTOR], true]);
  scene.socket.close(null);
  scene.append("late");
  scene.socket.flush();
  assertEquals([scene.receiver.heard, scene.system.sent], [[], ""]);
  assertEquals(scene.system.closed, [DESCRIPTOR]);
});

sanitizedTest("an idle socket asks nothing of the kernel when it is resumed and flushed", () => {
  const scene = new Scene();
  for (let count = 0; count < 3; count++) {
    scene.socket.resume();
    scene.socket.flush();
  }
  assertEquals([scene.loop.changeCount, scene.system.sendSizes], [0, []]);
});
