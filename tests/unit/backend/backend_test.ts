import { failures } from "../../../src/failure.ts";
import { OWN_RETRY_MS } from "../../../src/backend/backoff.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import { CoreRig } from "../../support/core_rig.ts";
import { turn } from "../../support/fake_tcp_conn.ts";
import { RecordingReceiver, sendText } from "../../support/recording_receiver.ts";
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
    await rig.network.attempt(backend.endpoint.port).fails(error);
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
    inFlight: 1,
    queuedBytes: 0,
  });
  assertEquals(backend.isIdle, false);
  backend.close(failures.shuttingDown);
  assertEquals([backend.isIdle, backend.snapshot().failures], [true, 1]);
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
