/**
 * What a socket makes of each answer of the kernel to what it reads. What it does on a real kernel is the
 * contract's.
 *
 * @module
 */
import {
  EAGAIN,
  ECONNRESET,
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  ETIMEDOUT,
} from "../../../../src/net/epoll/libc.ts";
import { DESCRIPTOR, EDGES, EpollScene } from "../../../support/rigs/epoll_scene.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { assertEquals } from "../../../deps.ts";

const EPIPE = 32;
const ENOSPC = 28;

sanitizedTest("nothing is waited for before resume(), and then everything, once", () => {
  const scene = new EpollScene();
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
      const scene = new EpollScene();
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
  const scene = new EpollScene();
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
  const scene = new EpollScene();
  scene.socket.resume();
  scene.system.receiveResults = [-EAGAIN];
  scene.events(EPOLLIN);
  const { receiver } = scene;
  assertEquals([receiver.heard, receiver.isLent, receiver.restedCount], [[], false, 1]);
  assertEquals(scene.loop.resumables.size, 0);
});

sanitizedTest("a read that fails gives the room back before it closes", () => {
  const scene = new EpollScene();
  const { receiver } = scene;
  let restedBefore = 0;
  receiver.onClosed = () => restedBefore = receiver.restedCount;
  scene.socket.resume();
  scene.system.receiveResults = [-ECONNRESET];
  scene.events(EPOLLIN);
  assertEquals([scene.socket.isClosed, restedBefore, receiver.isLent], [true, 1, false]);
});

sanitizedTest("a read that fills its room goes on in the next turn, until one does not", () => {
  const scene = new EpollScene();
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
  const scene = new EpollScene();
  scene.socket.resume();
  scene.system.receiveResults = ["last", 0];
  scene.events(EPOLLIN | EPOLLRDHUP);
  assertEquals([scene.receiver.text, scene.receiver.heard], ["last", []]);
  scene.loop.nextTurn();
  assertEquals([scene.receiver.heard, scene.loop.resumables.size], [["ended"], 0]);
});

sanitizedTest("the end of the stream is told once, and writing goes on", () => {
  const scene = new EpollScene();
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
  const scene = new EpollScene();
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
  const scene = new EpollScene();
  scene.socket.resume();
  scene.receiver.hasRoom = false;
  scene.events(EPOLLIN);
  scene.events(EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP);
  assertEquals(scene.receiver.heard, [`closed: error ${ECONNRESET}`]);
});

sanitizedTest("an error of a read closes the descriptor once", () => {
  const scene = new EpollScene();
  scene.socket.resume();
  scene.system.receiveResults = [-ECONNRESET];
  scene.events(EPOLLIN | EPOLLERR | EPOLLHUP);
  assertEquals(scene.receiver.heard, [`closed: error ${ECONNRESET}`]);
  scene.socket.close(null);
  assertEquals([scene.system.closed, scene.receiver.heard.length], [[DESCRIPTOR], 1]);
});

sanitizedTest("an error without bytes closes with the socket's own, or as reset", () => {
  for (const [pending, told] of [[ETIMEDOUT, ETIMEDOUT], [0, ECONNRESET]] as const) {
    const scene = new EpollScene();
    scene.socket.resume();
    scene.system.pendingError = pending;
    scene.events(EPOLLERR | EPOLLHUP);
    assertEquals(scene.receiver.heard, [`closed: error ${told}`]);
    assertEquals(scene.system.closed, [DESCRIPTOR]);
  }
});

sanitizedTest("an error of a send closes the descriptor once, and nothing follows", () => {
  const scene = new EpollScene();
  scene.socket.resume();
  scene.append("lost");
  scene.system.sendResults = [-EPIPE];
  scene.socket.closeWhenWritten();
  assertEquals(scene.receiver.heard, [`closed: error ${EPIPE}`]);
  scene.socket.flush();
  assertEquals([scene.system.closed, scene.system.sendSizes], [[DESCRIPTOR], [4]]);
  assertEquals(scene.receiver.breaches, []);
});

sanitizedTest("a socket that closes while it writes reads no more", () => {
  const scene = new EpollScene();
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
  const scene = new EpollScene();
  scene.loop.registerResult = -ENOSPC;
  scene.socket.resume();
  assertEquals(scene.receiver.heard, [`closed: error ${ENOSPC}`]);
  assertEquals(scene.system.closed, [DESCRIPTOR]);
});

sanitizedTest("the end of the loop closes the descriptor and tells nobody", () => {
  const scene = new EpollScene();
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
  const scene = new EpollScene();
  for (let count = 0; count < 3; count++) {
    scene.socket.resume();
    scene.socket.flush();
  }
  assertEquals([scene.loop.changeCount, scene.system.sendSizes], [0, []]);
});
