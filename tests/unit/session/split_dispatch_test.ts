/**
 * Requests of many keys: grouped and sent in several turns, in order, and whatever happens meanwhile.
 *
 * @module
 */
import { failures } from "../../../src/failure.ts";
import { KEYS_PER_PIECE, PIECES_PER_TURN_MAX } from "../../../src/net/turn_budget.ts";
import { KEYS_AT_ONCE_MAX } from "../../../src/session/split_dispatch.ts";
import { FRAGMENTS_IN_FLIGHT_MAX, SPLIT_BYTES_MAX } from "../../../src/session/split_window.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { turn } from "../../support/fakes/fake_tcp_conn.ts";
import { assert, assertEquals } from "../../deps.ts";

/** Backends in the places 0 to 4. */
const PLACES = 5;
const MANY = 2 * KEYS_AT_ONCE_MAX;

function createScene() {
  const rig = new CoreRig({ backendCount: PLACES, sessionLimits: { readAheadBytes: 8_000_000 } });
  const { window } = rig.sessionContext.fanOut;
  return { rig, window, [Symbol.dispose]: () => rig[Symbol.dispose]() };
}

/** `mget` of so many keys, in the places in turn. */
function manyKeys(count: number, places = PLACES): string {
  const keys = Array.from({ length: count }, (_, index) => `k${index}_${index % places}`);
  return `mget ${keys.join(" ")}\n`;
}

function acceptAll(rig: CoreRig, count = PLACES) {
  return Promise.all(Array.from({ length: count }, (_, place) => rig.accept(place)));
}

/** The line that answers a fragment of so many keys. */
function values(place: number, count: number): string {
  return `${Array.from({ length: count }, () => `v${place}`).join(",")}\n`;
}

Deno.test("many keys are one fragment a place, and one reply in the order of the keys", async () => {
  using scene = createScene();
  const { rig, window } = scene;
  const { conn } = rig.client();
  await conn.receives(manyKeys(MANY), "get last0\n");
  const backends = await acceptAll(rig);
  for (const [place, backend] of backends.entries()) {
    const sent = backend.takeWritten().split("\n");
    const keys = sent[0]!.split(" ").slice(1);
    assertEquals(keys.length, MANY / PLACES);
    assertEquals(keys.every((key) => key.endsWith(`_${place}`)), true);
    assertEquals(sent[1], place === 0 ? "get last0" : "");
  }
  assertEquals(window.inFlight, PLACES);
  for (const [place, backend] of backends.entries()) {
    await backend.receives(values(place, MANY / PLACES));
  }
  await backends[0]!.receives("LAST\n");
  const expected = Array.from({ length: MANY }, (_, index) => `v${index % PLACES}`).join(",");
  assertEquals(conn.takeWritten(), `${expected}\nLAST\n`);
  assertEquals([window.inFlight, window.takenBytes], [0, 0]);
  await conn.ends();
  await rig.ends();
});

Deno.test("a request of very many keys takes several turns; others are served in between", async () => {
  using scene = createScene();
  const { rig } = scene;
  const { flushQueue } = rig.engine;
  flushQueue.isDriven = true;
  const endTurn = async () => {
    flushQueue.endTurn();
    await turn();
  };
  const [wide, other] = [rig.client(), rig.client()];
  await other.conn.receives("get a0\n");
  await endTurn();
  const first = await rig.accept(0);
  await endTurn();
  await first.receives("A\n");
  await endTurn();
  first.takeWritten();
  const turnsAtLeast = 3;
  await wide.conn.receives(manyKeys(turnsAtLeast * PIECES_PER_TURN_MAX * KEYS_PER_PIECE, 2));
  await endTurn();
  await other.conn.receives("get b0\n");
  await endTurn();
  assertEquals(first.takeWritten(), "get b0\n");
  let turns = 2;
  while (rig.network.countTo(7001) === 0) {
    assert(turns < 100, "sent within a hundred turns");
    await endTurn();
    turns += 1;
  }
  assert(turns >= turnsAtLeast, `${turns} turns`);
  wide.session.close(failures.clientKilled);
  await other.conn.ends();
  await endTurn();
  await rig.ends();
});

Deno.test("fragments wait for room, and an end of the client midway leaves nothing behind", async () => {
  using scene = createScene();
  const { rig, window } = scene;
  window.inFlight = FRAGMENTS_IN_FLIGHT_MAX - 2;
  const { conn } = rig.client();
  await conn.receives(manyKeys(MANY));
  const backends = await acceptAll(rig, 2);
  assertEquals([window.isFull, rig.network.attempts.length], [true, 2]);
  // What is sent is answered, though nobody hears of it any more: until then it counts.
  await conn.failsRead();
  assertEquals([window.inFlight, window.takenBytes], [FRAGMENTS_IN_FLIGHT_MAX, 0]);
  for (const [place, backend] of backends.entries()) {
    await backend.receives(values(place, MANY / PLACES));
  }
  assertEquals(window.inFlight, FRAGMENTS_IN_FLIGHT_MAX - 2);
  while (window.inFlight > 0) window.left();
  await turn();
  assertEquals(rig.network.attempts.length, 2);
  await rig.ends();
});

Deno.test("a few keys wait like many when there is no room", async () => {
  using scene = createScene();
  const { rig, window } = scene;
  window.inFlight = FRAGMENTS_IN_FLIGHT_MAX;
  const { conn } = rig.client();
  await conn.receives("mget a0 b1\nget c0\n");
  assertEquals(rig.network.attempts.length, 0);
  while (window.inFlight > 0) window.left();
  await turn();
  const backends = await acceptAll(rig, 2);
  await backends[0]!.receives("A\nC\n");
  await backends[1]!.receives("B\n");
  assertEquals(conn.takeWritten(), "A,B\nC\n");
  await conn.ends();
  await rig.ends();
});

Deno.test("memory is waited for, in the order of asking", async () => {
  using scene = createScene();
  const { rig, window } = scene;
  window.take(SPLIT_BYTES_MAX);
  const { conn } = rig.client();
  await conn.receives(manyKeys(MANY));
  assertEquals(rig.network.attempts.length, 0);
  window.giveBack(SPLIT_BYTES_MAX);
  await turn();
  const backends = await acceptAll(rig);
  assert(window.takenBytes > 0);
  for (const [place, backend] of backends.entries()) {
    await backend.receives(values(place, MANY / PLACES));
  }
  assertEquals([conn.takeWritten().split(",").length, window.takenBytes], [MANY, 0]);
  await conn.ends();
  await rig.ends();
});

Deno.test("a backend that is lost midway fails its keys; the others have their values", async () => {
  using scene = createScene();
  const { rig, window } = scene;
  window.inFlight = FRAGMENTS_IN_FLIGHT_MAX - 2;
  const { conn } = rig.client();
  await conn.receives(manyKeys(MANY, 3));
  const [first, second] = await acceptAll(rig, 2);
  await first!.failsRead();
  while (window.inFlight > 1) window.left();
  await turn();
  const third = await rig.accept(2);
  await second!.receives(values(1, Math.ceil((MANY - 1) / 3)));
  await third.receives(values(2, Math.floor(MANY / 3)));
  const elements = conn.takeWritten().trimEnd().split(",");
  assertEquals(elements.length, MANY);
  assertEquals(elements.slice(0, 3), ["-backend_reset 10.0.0.1:7000", "v1", "v2"]);
  window.inFlight = 0;
  await conn.ends();
  await rig.ends();
});

Deno.test("a change of route midway: what is earlier is answered first, and no key goes where it is not", async () => {
  using scene = createScene();
  const { rig, window } = scene;
  const { conn } = rig.client();
  await conn.receives("get early0\n");
  const first = await rig.accept(0);
  first.takeWritten();
  window.inFlight = FRAGMENTS_IN_FLIGHT_MAX - 1;
  await conn.receives(manyKeys(MANY, 3));
  assertEquals(first.takeWritten().startsWith("mget k0_0 k3_0 "), true);
  // The keys of place 1 are elsewhere now.
  rig.router.epoch += 1;
  const { place } = rig.router;
  rig.router.place = (bytes, start, end) => {
    const former = place.call(rig.router, bytes, start, end);
    return former === 1 ? 3 : former;
  };
  while (window.inFlight > 2) window.left();
  await turn();
  assertEquals(rig.network.attempts.length, 1);
  await first.receives("EARLY\n");
  await first.receives(values(0, Math.ceil(MANY / 3)));
  await turn();
  const third = await rig.accept(2);
  assertEquals(rig.network.countTo(7001) + rig.network.countTo(7003), 0);
  await third.receives(values(2, Math.floor(MANY / 3)));
  const written = conn.takeWritten();
  assertEquals(
    written.startsWith("EARLY\nv0,-backend_ejected ,v2,v0,"),
    true,
    written.slice(0, 60),
  );
  window.inFlight = 0;
  await conn.ends();
  await rig.ends();
});

Deno.test("a client that is to leave while its request takes several turns has its reply first", async () => {
  using scene = createScene();
  const { rig, window } = scene;
  window.inFlight = FRAGMENTS_IN_FLIGHT_MAX - 2;
  const { conn, session } = rig.client();
  await conn.receives(manyKeys(MANY), "get never0\n");
  const first = await acceptAll(rig, 2);
  session.finish();
  await turn();
  assertEquals(conn.isClosed, false);
  window.inFlight = 2;
  for (const [place, backend] of first.entries()) {
    await backend.receives(values(place, MANY / PLACES));
  }
  const others = [2, 3, 4];
  const backends = await Promise.all(others.map((place) => rig.accept(place)));
  for (const [index, backend] of backends.entries()) {
    await backend.receives(values(others[index]!, MANY / PLACES));
  }
  const expected = Array.from({ length: MANY }, (_, index) => `v${index % PLACES}`).join(",");
  assertEquals([conn.takeWritten(), conn.isClosed], [`${expected}\n`, true]);
  assertEquals([window.inFlight, window.takenBytes], [0, 0]);
  await rig.ends();
});
