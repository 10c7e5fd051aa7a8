/**
 * How a socket writes its log, whatever the kernel takes of it.
 *
 * @module
 */
import { FLUSH_BYTES_MAX } from "../../../../src/net/epoll/epoll_stream.ts";
import { EAGAIN, EPOLLIN, EPOLLOUT } from "../../../../src/net/epoll/libc.ts";
import { EDGES, EpollScene } from "../../../support/rigs/epoll_scene.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { assert, assertEquals } from "../../../deps.ts";

for (const [name, results] of [["in part", [2, 3]], ["not at all", [-EAGAIN, -EAGAIN]]] as const) {
  sanitizedTest(`a send that is taken ${name} goes on when the kernel has room`, () => {
    const scene = new EpollScene();
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
    const scene = new EpollScene();
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
  const scene = new EpollScene();
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
  const scene = new EpollScene();
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
  const scene = new EpollScene();
  scene.socket.resume();
  scene.log.adopt(new Uint8Array(FLUSH_BYTES_MAX), 0, FLUSH_BYTES_MAX);
  scene.socket.closeWhenWritten();
  scene.loop.nextTurn();
  assertEquals([scene.receiver.heard, scene.log.unwrittenBytes], [["closed"], 0]);
});

sanitizedTest("closeWhenWritten() waits for the kernel to have room", () => {
  const scene = new EpollScene();
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
  const scene = new EpollScene();
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
  const scene = new EpollScene();
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
    const scene = new EpollScene();
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
  const scene = new EpollScene();
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
