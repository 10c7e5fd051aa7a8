import { portOf } from "../../../src/endpoint.ts";
import { failures } from "../../../src/failure.ts";
import { OWN_RETRY_MS } from "../../../src/backend/backoff.ts";
import { CIRCUIT_PROBE_INTERVAL_MS } from "../../../src/backend/backend.ts";
import { DedicatedConnections } from "../../../src/backend/dedicated_connections.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { type FakeTcpConn, turn } from "../../support/fakes/fake_tcp_conn.ts";
import { delay } from "../../support/tools/poll.ts";
import { RecordingReceiver, sendText } from "../../support/fakes/recording_receiver.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

const { master } = PROFILES[2];

Deno.test("a client always gets the same connection; clients are spread over all", async () => {
  using rig = new CoreRig({ backendCount: 1, limits: { connections: 3 } });
  const backend = rig.backends[0]!;
  const connections = [1, 2, 3, 4, 5, 6].map((number) => backend.connectionFor(number, master));
  assertEquals(new Set(connections).size, 3);
  assertStrictEquals(connections[0], connections[3]);
  assertStrictEquals(connections[2], connections[5]);
  assertStrictEquals(backend.connectionFor(4, master), connections[0]);
  await rig.ends();
});

Deno.test("only the connection that failed is in back-off", async () => {
  using rig = new CoreRig({ backendCount: 1, limits: { connections: 2 } });
  const backend = rig.backends[0]!;
  const first = backend.connectionFor(1, master);
  assertEquals(first.isInBackoff, false);
  sendText(rig.requests, first, "get a\n", new RecordingReceiver());
  await rig.refuse(0);
  assertEquals([first.isInBackoff, backend.connectionFor(2, master).isInBackoff], [true, false]);
  await rig.ends();
});

Deno.test("an outage is logged once, and so is its end", async () => {
  using rig = new CoreRig({ backendCount: 1 });
  const connection = rig.backends[0]!.connectionFor(0, master);
  const receiver = new RecordingReceiver();
  for (let index = 0; index < 3; index++) {
    sendText(rig.requests, connection, "get a\n", receiver);
    await rig.refuse(0);
    rig.clock.advance(5000);
  }
  assertEquals(rig.records.map((record) => [record.level, record.message, record.fields.reason]), [
    ["warning", "Backend cannot be reached", "connect_refused"],
  ]);
  // Said of each attempt, and of each request that failed with it.
  assertEquals(rig.unreachable.length, 6);
  sendText(rig.requests, connection, "get a\n", receiver);
  const conn = await rig.accept(0);
  await conn.receives("A\n");
  assertEquals(rig.records.length, 2);
  assertEquals(rig.records[1]!.message, "Backend is reached again");
  await rig.ends();
});

Deno.test("what the proxy lacks is said once, by its reason, and never of the backend", async () => {
  using rig = new CoreRig({ backendCount: 1 });
  const backend = rig.backends[0]!;
  const connection = backend.connectionFor(0, master);
  const receiver = new RecordingReceiver();
  for (let index = 0; index < 5; index++) {
    sendText(rig.requests, connection, "get a\n", receiver);
    const error = Object.assign(new Error("Too many open files"), { code: "EMFILE" });
    await rig.network.attempt(portOf(backend.endpoint)).fails(error);
    assertEquals(receiver.take(), ["!too_many_open_files 10.0.0.1:7000"]);
    assertEquals(connection.isInBackoff, true);
    // No longer from time to time: the backend has nothing to recover from.
    rig.clock.advance(OWN_RETRY_MS);
  }
  const said = () =>
    rig.records.map(({ level, message, fields }) => [level, message, fields.reason]);
  assertEquals(said(), [["error", "Proxy cannot connect", "too_many_open_files"]]);
  assertEquals([rig.unreachable, backend.snapshot().isHealthy], [[], true]);
  sendText(rig.requests, connection, "get a\n", receiver);
  const conn = await rig.accept(0);
  await conn.receives("A\n");
  assertEquals(said().slice(1), [["info", "Proxy connects again", undefined]]);
  await rig.ends();
});

Deno.test("a snapshot says what is connected, in flight, queued and failed", async () => {
  using rig = new CoreRig({ backendCount: 1 });
  const backend = rig.backends[0]!;
  const connection = backend.connectionFor(0, master);
  const receiver = new RecordingReceiver();
  sendText(rig.requests, connection, "get a\n", receiver);
  assertEquals([backend.snapshot().inFlight, backend.snapshot().queuedBytes], [1, 6]);
  const conn = await rig.accept(0);
  sendText(rig.requests, connection, "get b\n", receiver);
  await turn();
  await conn.receives("A\n");
  assertEquals(backend.snapshot(), {
    address: "10.0.0.1:7000",
    isHealthy: true,
    connections: 1,
    requests: 2,
    failures: 0,
    okReplies: 0,
    errorReplies: 0,
    connects: 1,
    connectFailures: 0,
    inFlight: 1,
    unsent: 0,
    queuedBytes: 0,
    sentBytes: 12,
    receivedBytes: 2,
    pings: 0,
    pingFailures: 0,
    dedicatedTaken: 0,
    dedicatedIdle: 0,
    failuresByReason: [],
  });
  assertEquals(backend.isIdle, false);
  backend.close(failures.shuttingDown);
  const { failures: failed, failuresByReason } = backend.snapshot();
  assertEquals([backend.isIdle, failed], [true, 1]);
  assertEquals(failuresByReason, [[failures.shuttingDown.id, 1]]);
  await rig.ends();
});

Deno.test("failUnsent() and close() reach the connections of every profile", async () => {
  using rig = new CoreRig({ backendCount: 1, limits: { connections: 2 } });
  const backend = rig.backends[0]!;
  const receiver = new RecordingReceiver();
  for (const profile of [master, PROFILES[2].replica, PROFILES[3].replica]) {
    for (const client of [0, 1]) {
      sendText(rig.requests, backend.connectionFor(client, profile), "get a\n", receiver);
    }
  }
  backend.failUnsent(failures.backendEjected);
  assertEquals(receiver.take(), Array(6).fill("!backend_ejected 10.0.0.1:7000"));
  assertEquals(backend.isIdle, true);
  backend.close(failures.shuttingDown);
  assertEquals(rig.network.attempts.map((attempt) => attempt.isAborted), Array(6).fill(true));
  await rig.ends();
});

/** A backend that answered once and has failed so many requests by timeouts. */
async function timedOut(rig: CoreRig, count: number): Promise<FakeTcpConn> {
  const receiver = new RecordingReceiver();
  const connection = rig.backends[0]!.connectionFor(0, master);
  sendText(rig.requests, connection, "first\n", receiver);
  const conn = await rig.accept(0);
  await conn.receives("reply\n");
  for (let index = 0; index < count; index++) {
    sendText(rig.requests, connection, `get ${index}\n`, receiver);
  }
  await turn();
  rig.clock.advance(1001);
  const texts = Array.from({ length: count }, () => "!backend_timeout 10.0.0.1:7000");
  assertEquals(receiver.take(), ["reply\n", ...texts]);
  return conn;
}

Deno.test("behind timeouts in a row requests fail at once, until a ping on a connection of its own is answered", async () => {
  using rig = new CoreRig({ backendCount: 1, limits: { circuitTimeouts: 3 } });
  const backend = rig.backends[0]!;
  const conn = await timedOut(rig, 3);
  assertEquals([backend.barredBy, rig.circuitsOpened], [failures.circuitOpen, [backend.address]]);
  assertEquals([backend.snapshot().isHealthy, rig.metrics.circuitsOpened], [false, 1]);
  const receiver = new RecordingReceiver();
  sendText(rig.requests, backend.connectionFor(0, master), "get a\n", receiver);
  sendText(rig.requests, backend.connectionFor(0, PROFILES[3].master), "get b\n", receiver);
  const refused = `!circuit_open ${backend.address}`;
  assertEquals(receiver.take(), [refused, refused]);
  const probe = await rig.accept(0);
  // Late replies to requests say nothing of the next one's time.
  await conn.receives("0\n1\n2\n");
  assertEquals(backend.barredBy, failures.circuitOpen);
  await probe.receives("pong\n");
  assertEquals([backend.barredBy, backend.snapshot().isHealthy, probe.isClosed], [
    null,
    true,
    true,
  ]);
  sendText(rig.requests, backend.connectionFor(0, master), "get a\n", receiver);
  await turn();
  await conn.receives("A\n");
  assertEquals(receiver.take(), ["A\n"]);
  await rig.ends();
});

Deno.test("an answer in time starts the count anew, a late one does not", async () => {
  using rig = new CoreRig({ backendCount: 1, limits: { circuitTimeouts: 3 } });
  const backend = rig.backends[0]!;
  const conn = await timedOut(rig, 2);
  const receiver = new RecordingReceiver();
  const connection = backend.connectionFor(0, master);
  const ask = async () => {
    sendText(rig.requests, connection, "get a\n", receiver);
    await turn();
  };
  await ask();
  await conn.receives("0\n1\nA\n");
  await ask();
  rig.clock.advance(1001);
  await conn.receives("late\n");
  await ask();
  rig.clock.advance(1001);
  assertEquals(backend.barredBy, null);
  await conn.receives("late\n");
  await ask();
  rig.clock.advance(1001);
  assertEquals(backend.barredBy, failures.circuitOpen);
  await rig.ends();
});

Deno.test("connections that are made while it is parked wait like the others, but for what is barred", async () => {
  using rig = new CoreRig({ backendCount: 1 });
  const backend = rig.backends[0]!;
  const receiver = new RecordingReceiver();
  backend.park();
  // The first that is sent to it, by a redirection.
  sendText(rig.requests, backend.connectionFor(0, master), "get a\n", receiver);
  const port = portOf(backend.endpoint);
  assertEquals([rig.network.countTo(port), receiver.take()], [0, []]);
  backend.unpark();
  const conn = await rig.accept(0);
  await conn.receives("A\n");
  assertEquals(receiver.take(), ["A\n"]);
  backend.park();
  backend.setEjected(true);
  sendText(rig.requests, backend.connectionFor(0, master), "get b\n", receiver);
  assertEquals(receiver.take(), [`!backend_ejected ${backend.address}`]);
  await rig.ends();
});

Deno.test("while it is parked it is not pinged although requests have timed out, and then it gets them again", async () => {
  using rig = new CoreRig({ backendCount: 1, limits: { circuitTimeouts: 3 } });
  const backend = rig.backends[0]!;
  await timedOut(rig, 3);
  const probe = await rig.accept(0);
  // Its end fails what is in flight.
  for (const connection of backend.connections()) connection.close(failures.backendClosed);
  backend.park();
  assertEquals([probe.isClosed, backend.barredBy], [true, failures.circuitOpen]);
  const count = rig.network.countTo(portOf(backend.endpoint));
  await delay(CIRCUIT_PROBE_INTERVAL_MS * 1.2);
  assertEquals(rig.network.countTo(portOf(backend.endpoint)), count);
  backend.park();
  backend.unpark();
  assertEquals(backend.barredBy, null);
  await rig.ends();
});

Deno.test("what is closed is not parked any more", async () => {
  using rig = new CoreRig({ backendCount: 1 });
  const backend = rig.backends[0]!;
  const receiver = new RecordingReceiver();
  backend.park();
  backend.close(failures.shuttingDown);
  sendText(rig.requests, backend.connectionFor(0, master), "get a\n", receiver);
  const conn = await rig.accept(0);
  await conn.receives("A\n");
  assertEquals(receiver.take(), ["A\n"]);
  await rig.ends();
});

Deno.test("without circuit_timeouts requests are sent whatever times out", async () => {
  using rig = new CoreRig({ backendCount: 1 });
  await timedOut(rig, 100);
  assertEquals(rig.backends[0]!.barredBy, null);
  await rig.ends();
});

Deno.test("a server that does not let itself be connected to in time is one that times out", async () => {
  using rig = new CoreRig({ backendCount: 1, limits: { circuitTimeouts: 2 } });
  const backend = rig.backends[0]!;
  const receiver = new RecordingReceiver();
  for (const text of ["get a\n", "get b\n"]) {
    sendText(rig.requests, backend.connectionFor(0, master), text, receiver);
  }
  rig.clock.advance(500);
  assertEquals(receiver.take().length, 2);
  assertEquals(backend.barredBy, failures.circuitOpen);
  backend.unpark();
  assertEquals(backend.barredBy, null, "another server may stand there by now");
  await rig.ends();
});

Deno.test("what is ejected and keeps its keys fails requests at once, what was not sent included", async () => {
  using rig = new CoreRig({ backendCount: 1 });
  const backend = rig.backends[0]!;
  const receiver = new RecordingReceiver();
  const ejected = `!backend_ejected ${backend.address}`;
  sendText(rig.requests, backend.connectionFor(0, master), "get a\n", receiver);
  backend.setEjected(true);
  assertEquals(receiver.take(), [ejected]);
  sendText(rig.requests, backend.connectionFor(0, master), "get b\n", receiver);
  assertEquals(receiver.take(), [ejected]);
  const dedicated = new DedicatedConnections(rig.context, {
    connectionsMax: 1,
    limits: rig.context.limits,
  });
  const own = dedicated.take(backend, master)!;
  sendText(rig.requests, own, "get c\n", receiver);
  assertEquals(receiver.take(), [ejected]);
  dedicated.giveBack(own);
  backend.setEjected(false);
  sendText(rig.requests, backend.connectionFor(0, master), "get d\n", receiver);
  const conn = await rig.accept(0);
  await conn.receives("D\n");
  assertEquals(receiver.take(), ["D\n"]);
  await rig.ends();
});

Deno.test("what fails as its connection is silent has timed out, too, also one at a time", async () => {
  using rig = new CoreRig({ backendCount: 1, limits: { circuitTimeouts: 3 } });
  const backend = rig.backends[0]!;
  const receiver = new RecordingReceiver();
  const ask = async () => {
    sendText(rig.requests, backend.connectionFor(0, master), "get a\n", receiver);
    await turn();
  };
  await ask();
  await rig.accept(0);
  rig.clock.advance(1001);
  await ask();
  rig.clock.advance(1000);
  assertEquals(receiver.take(), [
    `!backend_timeout ${backend.address}`,
    `!backend_silent ${backend.address}`,
  ]);
  rig.clock.advance(2000);
  await ask();
  await rig.accept(0);
  assertEquals(backend.barredBy, null);
  rig.clock.advance(1001);
  assertEquals(backend.barredBy, failures.circuitOpen);
  await rig.ends();
});
