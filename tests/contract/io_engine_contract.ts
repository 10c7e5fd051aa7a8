/**
 * What every I/O engine promises about listening, connecting and its sockets. Run for each
 * implementation from its own test, on loopback. The scene checks behind each test that no
 * descriptor stays open, and that nobody heard anything after `closed`.
 *
 * @module
 */
import { assert, assertEquals } from "../deps.ts";
import { patternBytes, PatternCheck } from "../support/tools/byte_pattern.ts";
import {
  type CreateEngine,
  EngineScene,
  readText,
  type SceneTest,
  type SocketEnd,
} from "../support/rigs/engine_scene.ts";
import { testDials } from "./io_dial_contract.ts";
import { testListeners } from "./io_listen_contract.ts";
import { tlsOfScene } from "./io_tls_contract.ts";
import { testTurns } from "./io_turns_contract.ts";
import { testUnixSockets } from "./io_unix_contract.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { type SanitizedOptions, sanitizedTest } from "../support/tools/sanitized.ts";

const MEBIBYTE = 1024 * 1024;

/** Registers the tests of the contract for one implementation. */
export function testIoEngineContract(
  name: string,
  createEngine: CreateEngine,
  options: SanitizedOptions = {},
): void {
  const test: SceneTest = (title, run) =>
    sanitizedTest(`${name}: ${title}`, async () => {
      await using scene = new EngineScene(createEngine);
      await run(scene);
    }, options);
  testListeners(test);
  testReading(test);
  testTurns(test);
  testEnding(test);
  testWriting(test);
  testWhatGoesFirst(test);
  testClosing(test);
  testResets(test);
  testOldDescriptors(test);
  testDials(test);
  testUnixSockets(test);
}

/**
 * Registers those tests of the contract that hold for sockets with TLS in between as well.
 *
 * @param tellsOfResets Whether a connection that was reset can be told there from one that has ended.
 */
export function testIoEngineOverTls(
  name: string,
  createEngine: CreateEngine,
  tellsOfResets: boolean,
  options: SanitizedOptions = {},
): void {
  const test: SceneTest = (title, run) =>
    sanitizedTest(`${name} over TLS: ${title}`, async () => {
      await using scene = new EngineScene(createEngine, tlsOfScene());
      await run(scene);
    }, options);
  testReading(test);
  testTurns(test);
  testEnding(test);
  testWriting(test);
  testWhatGoesFirst(test);
  testClosing(test);
  if (tellsOfResets) testResets(test);
  testOldDescriptors(test);
}

function testReading(test: SceneTest): void {
  test("megabytes arrive whole and in order, in both directions at once", async (scene) => {
    const pair = await scene.pair();
    const checks = [new PatternCheck(1), new PatternCheck(2)];
    for (const [index, endpoint] of pair.entries()) {
      endpoint.receiver.onBytes = checks[index]!.take;
      const seed = 2 - index;
      for (let sent = 0; sent < 6 * MEBIBYTE; sent += MEBIBYTE) {
        const bytes = patternBytes(seed, sent, MEBIBYTE);
        endpoint.log.adopt(bytes, 0, bytes.length);
      }
      endpoint.append(patternBytes(seed, 6 * MEBIBYTE, 1234));
      scene.engine.flushQueue.add(endpoint.socket);
    }
    const wanted = 6 * MEBIBYTE + 1234;
    await until(() => checks.every((check) => check.byteCount >= wanted), { what: "all bytes" });
    assertEquals(checks.map((check) => [check.byteCount, check.firstWrong]), [
      [wanted, null],
      [wanted, null],
    ]);
    assertEquals(pair.map(({ log }) => log.unwrittenBytes), [0, 0]);
  });

  test("a receiver without room is not read for until it resumes", async (scene) => {
    const front = scene.listen();
    front.onAccepted = (connection) => front.endpoints.push(scene.open(connection));
    const [{ receiver, socket }, peer] = await scene.pairWithPeer(front);
    receiver.hasRoom = false;
    socket.resume();
    await peer.write(new TextEncoder().encode("abc"));
    await until(() => receiver.reserveCount > 0, { what: "the question for room" });
    await scene.fence();
    assertEquals([receiver.receivedBytes, receiver.reserveCount], [0, 1]);
    receiver.hasRoom = true;
    socket.resume();
    await until(() => receiver.text === "abc", { what: "the bytes" });
  });

  test("nothing is read before resume()", async (scene) => {
    const front = scene.listen();
    front.onAccepted = (connection) => front.endpoints.push(scene.open(connection));
    const [server, peer] = await scene.pairWithPeer(front);
    const bytes = new Uint8Array(8 * MEBIBYTE);
    server.log.adopt(bytes, 0, bytes.length);
    scene.engine.flushQueue.add(server.socket);
    await peer.write(new TextEncoder().encode("abc"));
    await until(() => server.socket.writingSinceMs > 0, { what: "a write that waits" });
    await scene.fence();
    assertEquals(server.receiver.reserveCount, 0);
    server.socket.resume();
    await until(() => server.receiver.text === "abc", { what: "the bytes" });
  });
}

function testEnding(test: SceneTest): void {
  test("bytes and the end that come while there is no room are told after it", async (scene) => {
    const front = scene.listen();
    front.onAccepted = (connection) => front.endpoints.push(scene.open(connection));
    const [{ receiver, socket }, peer] = await scene.pairWithPeer(front);
    receiver.hasRoom = false;
    socket.resume();
    await peer.write(new Uint8Array(100_000).fill(0x61));
    await peer.closeWrite();
    await scene.fence();
    assertEquals([receiver.receivedBytes, receiver.heard], [0, []]);
    // Pauses again within, as a receiver does whose other side is slow.
    receiver.onBytes = () => receiver.hasRoom = false;
    await until(() => {
      receiver.hasRoom = true;
      socket.resume();
      return receiver.heard.length > 0;
    }, { what: "the end" });
    assertEquals([receiver.receivedBytes, receiver.heard], [100_000, ["ended"]]);
  });

  test("the end of the stream is told once, and writing still works", async (scene) => {
    const [server, peer] = await scene.pairWithPeer();
    await peer.write(new TextEncoder().encode("question"));
    await peer.closeWrite();
    await until(() => server.receiver.heard.length > 0, { what: "the end" });
    assertEquals([server.receiver.text, server.receiver.heard], ["question", ["ended"]]);
    server.socket.resume();
    server.send("answer");
    assertEquals(await readText(peer, 6), "answer");
    await scene.fence();
    server.socket.close(null);
    assertEquals(server.receiver.heard, ["ended", "closed"]);
    assertEquals(await readText(peer), "");
  });
}

function testWriting(test: SceneTest): void {
  test("writingSinceMs is set while the other side does not read, and 0 after", async (scene) => {
    const [{ log, socket }, peer] = await scene.pairWithPeer();
    assertEquals(socket.writingSinceMs, 0);
    const bytes = patternBytes(3, 0, 12 * MEBIBYTE);
    const beganMs = performance.now();
    log.adopt(bytes, 0, bytes.length);
    scene.engine.flushQueue.add(socket);
    await until(() => socket.writingSinceMs > 0, { what: "a write that waits", intervalMs: 1 });
    await scene.fence();
    assert(log.unwrittenBytes > 0, "the kernel took everything");
    const sinceMs = socket.writingSinceMs;
    assert(sinceMs > beganMs - 1000 && sinceMs <= performance.now(), `${sinceMs} ms`);
    const check = new PatternCheck(3);
    await readInto(check, peer, bytes.length);
    await until(() => log.unwrittenBytes === 0, { what: "the last bytes to be taken" });
    await until(() => socket.writingSinceMs === 0, { what: "the end of the write" });
    assertEquals([check.byteCount, check.firstWrong], [bytes.length, null]);
  });

  test("wrote() follows when bytes were taken, so that more can be appended", async (scene) => {
    const [server, peer] = await scene.pairWithPeer();
    let rounds = 0;
    server.receiver.onWrote = () => {
      if (rounds++ < 3) server.send(`${rounds}`);
    };
    server.send("0");
    assertEquals(await readText(peer, 4), "0123");
  });

  test("closeWhenWritten() closes behind the last byte of megabytes", async (scene) => {
    const [{ log, socket, receiver }, peer] = await scene.pairWithPeer();
    const bytes = patternBytes(4, 0, 8 * MEBIBYTE);
    log.adopt(bytes, 0, bytes.length);
    socket.closeWhenWritten();
    assertEquals(socket.isClosed, false);
    const check = new PatternCheck(4);
    await readInto(check, peer, Infinity);
    assertEquals([check.byteCount, check.firstWrong], [bytes.length, null]);
    assertEquals([receiver.heard, socket.isClosed], [["closed"], true]);
  });

  test("closeWhenWritten() with nothing to write closes at once", async (scene) => {
    const [{ socket, receiver }, peer] = await scene.pairWithPeer();
    socket.closeWhenWritten();
    assertEquals([receiver.heard, socket.isClosed], [["closed"], true]);
    assertEquals(await readText(peer), "");
  });

  test("closeWhenWritten() waits for what wrote() appends", async (scene) => {
    const [server, peer] = await scene.pairWithPeer();
    server.receiver.onWrote = () => {
      server.receiver.onWrote = () => {};
      server.append(" and goodbye");
    };
    server.append("hello");
    server.socket.closeWhenWritten();
    assertEquals(await readText(peer), "hello and goodbye");
  });
}

function testWhatGoesFirst(test: SceneTest): void {
  test("what goes first is written ahead of the log, which waits for the gate", async (scene) => {
    const [{ socket, ...server }, peer] = await gated(scene);
    socket.writeFirst(new TextEncoder().encode("hello "));
    scene.engine.flushQueue.add(socket);
    assertEquals(await readText(peer, 6), "hello ");
    socket.flush();
    await scene.fence();
    assertEquals([socket.isGated, server.log.unwrittenBytes], [true, 3]);
    socket.isGated = false;
    scene.engine.flushQueue.add(socket);
    assertEquals(await readText(peer, 3), "log");
  });

  test("the log follows a long handshake by itself once the gate is open", async (scene) => {
    const [{ socket, log }, peer] = await gated(scene);
    const first = patternBytes(5, 0, 8 * MEBIBYTE);
    socket.writeFirst(first);
    await until(() => socket.writingSinceMs > 0, { what: "a write that waits" });
    socket.isGated = false;
    socket.flush();
    assertEquals(log.unwrittenBytes, 3);
    const check = new PatternCheck(5);
    await readInto(check, peer, first.length);
    await until(() => log.unwrittenBytes === 0, { what: "the log's turn" });
    assertEquals([check.firstWrong, await readText(peer, 3)], [null, "log"]);
  });
}

/** A connection with `log` in its log. */
async function gated(scene: EngineScene): Promise<[SocketEnd, Deno.TcpConn]> {
  const pair = await scene.pairWithPeer();
  pair[0].append("log");
  return pair;
}

function testResets(test: SceneTest): void {
  test("a reset by the other side closes once, with an error", async (scene) => {
    const [server, reset] = await scene.pairWithReset();
    await reset();
    await until(() => server.receiver.isClosed, { what: "the reset" });
    assert(server.receiver.error instanceof Error, "an error");
    server.socket.close(null);
    assertEquals([server.receiver.heard.length, server.socket.isClosed], [1, true]);
  });
}

function testClosing(test: SceneTest): void {
  test("writing to a connection that was reset closes it, with an error", async (scene) => {
    const front = scene.listen();
    front.onAccepted = (connection) => front.endpoints.push(scene.open(connection));
    const [server, reset] = await scene.pairWithReset(front);
    server.receiver.hasRoom = false;
    server.socket.resume();
    await reset();
    // A first write may be taken all the same: the kernel tells of the loss with the next one.
    await until(() => {
      if (!server.socket.isClosed) server.send("anybody?");
      return server.receiver.isClosed;
    }, { what: "the loss" });
    assert(server.receiver.error instanceof Error, "an error");
    assertEquals(server.receiver.heard.length, 1);
  });

  test("a close on purpose is told once, before it returns, and nothing follows", async (scene) => {
    const [server, peer] = await scene.pairWithPeer();
    server.socket.close(null);
    assertEquals([server.receiver.heard, server.socket.isClosed], [["closed"], true]);
    server.socket.close(new Error("again"));
    server.socket.resume();
    server.append("late");
    scene.engine.flushQueue.add(server.socket);
    assertEquals(await readText(peer), "");
    await scene.fence();
    assertEquals(server.receiver.heard, ["closed"]);
  });

  test("a close for a reason hands the reason on", async (scene) => {
    const [server] = await scene.pairWithPeer();
    server.socket.close(new Error("malformed"));
    assertEquals(server.receiver.heard, ["closed: malformed"]);
  });

  test("a receiver may close while it is given bytes, and has its room back then", async (scene) => {
    const [server, peer] = await scene.pairWithPeer();
    server.receiver.onBytes = () => server.socket.close(null);
    await peer.write(new TextEncoder().encode("QUIT"));
    assertEquals(await readText(peer), "");
    assertEquals([server.receiver.heard, server.receiver.receivedBytes], [["closed"], 4]);
    assertEquals(server.receiver.restedCount, 1);
  });
}

function testOldDescriptors(test: SceneTest): void {
  test("a new connection hears nothing of the one whose number it got", async (scene) => {
    const front = scene.listen();
    const wrong: string[] = [];
    let [server, client] = await scene.pair(front);
    for (let round = 0; round < 60; round++) {
      // Bytes on the way in both directions, and both ends gone before they are read.
      server.send("old");
      client.send("old");
      scene.engine.flushQueue.endTurn();
      server.socket.close(null);
      client.socket.close(null);
      [server, client] = await scene.pair(front);
      server.echo();
      client.send(`new ${round}.`);
      await until(() => client.receiver.text.endsWith("."), { what: "a reply", intervalMs: 1 });
      if (client.receiver.text !== `new ${round}.`) wrong.push(client.receiver.text);
      if (client.receiver.heard.length > 0) wrong.push(`${client.receiver.heard}`);
    }
    assertEquals(wrong, []);
  });
}

/** Compares what comes, up to `byteCount` bytes or the end of the stream. */
async function readInto(check: PatternCheck, peer: Deno.TcpConn, byteCount: number): Promise<void> {
  const room = new Uint8Array(256 * 1024);
  while (check.byteCount < byteCount) {
    const wanted = room.subarray(0, Math.min(room.length, byteCount - check.byteCount));
    const received = await withDeadline(peer.read(wanted), "the next bytes");
    if (received === null) return;
    check.take(room.subarray(0, received));
  }
}
