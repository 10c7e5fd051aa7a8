/**
 * What the engine on epoll promises beyond the contract: nothing left open, nobody starved,
 * nothing lent while idle, and accepting that survives a lack of descriptors.
 *
 * @module
 */
import type { Connection } from "../../../../src/net/io_engine.ts";
import { ACCEPT_RETRY_MS } from "../../../../src/net/io_engine.ts";
import { EpollEngine } from "../../../../src/net/epoll/epoll_engine.ts";
import { openDescriptors } from "../../../support/tools/descriptors.ts";
import {
  DialOutcome,
  EngineScene,
  readText,
  type SocketEnd,
} from "../../../support/rigs/engine_scene.ts";
import { libcPath } from "../../../support/tools/libc_path.ts";
import { delay, until, withDeadline } from "../../../support/tools/poll.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { assert, assertEquals, assertThrows } from "../../../deps.ts";

function createScene(): EngineScene {
  return new EngineScene((clock) => new EpollEngine(libcPath, clock));
}

sanitizedTest("five hundred connections that come and go leave no descriptor open", async () => {
  await using scene = createScene();
  const front = scene.listen();
  await scene.fence();
  const before = openDescriptors().size;
  let ended = 0;
  front.onAccepted = (connection) => {
    const endpoint = scene.open(connection);
    endpoint.receiver.onBytes = () => endpoint.socket.close(null);
    endpoint.receiver.onClosed = () => ended += 1;
    endpoint.socket.resume();
  };
  const begin = () => {
    const outcome = new DialOutcome();
    outcome.onConnected = (connection) => {
      const endpoint = scene.open(connection);
      endpoint.receiver.ended = () => endpoint.socket.close(null);
      endpoint.receiver.onClosed = () => ended += 1;
      endpoint.socket.resume();
      endpoint.send("x");
    };
    scene.dial({ port: front.port }, outcome);
  };
  for (let wanted = 100; wanted <= 1000; wanted += 100) {
    for (let count = 0; count < 50; count++) begin();
    await until(() => ended === wanted, { what: `${wanted} ends`, intervalMs: 1 });
  }
  assertEquals(openDescriptors().size, before);
});

sanitizedTest("close() closes whatever nobody has closed, and tells nobody", async () => {
  await using scene = createScene();
  const front = scene.listen();
  const before = openDescriptors().size;
  const [server, peer] = await scene.pairWithPeer(front);
  const client = await scene.connect(front.port);
  client.socket.resume();
  await front.endpoint(1);
  scene.engine.close();
  await front.listener.close();
  client.socket.close(null);
  assertEquals(await readText(peer), "");
  assertEquals([server.receiver.heard, client.receiver.heard, server.socket.isClosed], [
    [],
    [],
    true,
  ]);
  peer.close();
  await until(() => openDescriptors().size < before, { what: "all to be closed" });
});

sanitizedTest("close() closes connections that nobody reads yet", async () => {
  await using scene = createScene();
  const front = scene.listen();
  const unopened: Connection[] = [];
  front.onAccepted = (connection) => unopened.push(connection);
  const peers = [await scene.peer(front.port), await scene.peer(front.port)];
  await until(() => unopened.length === 2, { what: "both accepts", intervalMs: 1 });
  const opened = scene.open(unopened[1]!);
  scene.engine.close();
  assertEquals(opened.socket.isClosed, true);
  const ends = Promise.all(peers.map((peer) => readText(peer)));
  assertEquals(await withDeadline(ends, "both ends", 500), ["", ""]);
});

sanitizedTest("close() ends attempts to connect, however far they are", async () => {
  const outcome = new DialOutcome();
  {
    await using scene = createScene();
    const options = { hostname: "127.0.0.1", port: 0, tcpBacklog: 1 };
    const full = Deno.listen(options);
    scene.own(full);
    for (let count = 0; count < 2; count++) await scene.peer(full.addr.port);
    scene.dial({ port: full.addr.port, timeoutMs: 60 }, outcome);
    await scene.fence();
    scene.dial({ port: full.addr.port, timeoutMs: 60 }, outcome);
    scene.dial({ hostname: "localhost", port: full.addr.port, timeoutMs: 60 }, outcome);
    scene.dial({ hostname: "no-such-host.invalid", port: 7000, timeoutMs: 60 }, outcome);
    scene.engine.close();
  }
  // Longer than the deadlines: a timer left behind has spoken by now.
  await delay(80);
  assertEquals(outcome.heard, []);
});

sanitizedTest(
  "timers and messages have their turn while a connection is never silent",
  async () => {
    await using scene = createScene();
    const [server, client] = await scene.pair();
    server.echo();
    client.echo();
    for (let count = 0; count < 8; count++) client.send("0123456789abcdef");
    let ticks = 0;
    const timer = setInterval(() => ticks += 1, 5);
    const channel = new MessageChannel();
    let messages = 0;
    channel.port1.onmessage = () => {
      messages += 1;
      if (messages < 5) channel.port2.postMessage("next");
    };
    channel.port2.postMessage("first");
    await until(() => ticks >= 20 && messages === 5, { what: "ticks and messages" });
    clearInterval(timer);
    channel.port1.close();
    channel.port2.close();
    const { receivedBytes } = server.receiver;
    assert(receivedBytes > 16 * 8 * 50, `only ${receivedBytes} bytes of load`);
  },
);

sanitizedTest("a connection that takes megabytes leaves the others their turns", async () => {
  await using scene = createScene();
  const [source, sink] = await scene.pair();
  const [server, client] = await scene.pair();
  server.echo();
  let roundTrips = 0;
  client.receiver.onBytes = () => {
    roundTrips += 1;
    client.send("x");
  };
  const totalBytes = 64 * 1024 * 1024;
  sink.receiver.onBytes = () => {};
  const bytes = new Uint8Array(1024 * 1024);
  let sent = 0;
  const refill = () => {
    while (sent < totalBytes && source.log.unwrittenBytes < 4 * bytes.length) {
      source.log.adopt(bytes, 0, bytes.length);
      sent += bytes.length;
    }
    scene.engine.flushQueue.add(source.socket);
  };
  source.receiver.onWrote = refill;
  client.send("x");
  refill();
  await until(() => sink.receiver.receivedBytes === totalBytes, { what: "all bytes" });
  assert(roundTrips > 64, `only ${roundTrips} round trips beside ${totalBytes} bytes`);
});

sanitizedTest("idle connections have no buffer", async () => {
  await using scene = createScene();
  const front = scene.listen();
  const clients: SocketEnd[] = [];
  for (let count = 0; count < 50; count++) clients.push((await scene.pair(front))[1]);
  for (const client of clients) client.send("ping");
  await until(() => front.endpoints.every(({ receiver }) => receiver.text === "ping"), {
    what: "all bytes",
  });
  const receivers = [...front.endpoints, ...clients].map(({ receiver }) => receiver);
  assertEquals(receivers.filter(({ isLent }) => isLent).length, 0);
  for (const receiver of receivers) assertEquals(receiver.restedCount, receiver.reserveCount);
});

sanitizedTest("new traffic is served after a while without any", async () => {
  await using scene = createScene();
  const [server, client] = await scene.pair();
  server.echo();
  for (let round = 1; round <= 3; round++) {
    await delay(30);
    client.send("x");
    await until(() => client.receiver.receivedBytes === round, { what: "the reply" });
  }
});

sanitizedTest(
  "accepting fails without spinning while descriptors lack, and then goes on",
  async () => {
    const program = new URL("../../../support/programs/exhausted_program.ts", import.meta.url);
    const words = [Deno.execPath(), "run", "-A", "--no-check", program.pathname, libcPath];
    const command = new Deno.Command("/bin/sh", {
      args: ["-c", 'ulimit -n 160; exec "$@"', "sh", ...words],
      // Nothing that makes Deno open further files meanwhile, such as more certificates.
      clearEnv: true,
      env: { NO_COLOR: "1", HOME: Deno.env.get("HOME") ?? "" },
    });
    const { code, stdout, stderr } = await command.output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    const report = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals([report.acceptedBefore, report.acceptedMeanwhile, report.acceptedAfter], [
      1,
      1,
      2,
    ]);
    assertEquals(new Set(report.errors), new Set(["too_many_open_files"]));
    const failuresMax = Math.ceil(report.durationMs / ACCEPT_RETRY_MS) + 1;
    const failureCount = report.errors.length;
    assert(failureCount >= 2 && failureCount <= failuresMax, `${failureCount} ≤ ${failuresMax}`);
  },
);

sanitizedTest("a C library that cannot be loaded is an error at once", () => {
  const before = openDescriptors().size;
  assertThrows(() => createWithLibc("/no/such/libc.so.6"), Error);
  assertEquals(openDescriptors().size, before);
});

function createWithLibc(path: string): EngineScene {
  return new EngineScene((clock) => new EpollEngine(path, clock));
}
