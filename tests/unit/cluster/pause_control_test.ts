/**
 * From pause to resume in one worker: what is counted, when connections go and come, and when requests go on.
 *
 * @module
 */
import { PauseMode, type ServerOrders } from "../../../src/backend/server_orders.ts";
import { PauseControl, RESUME_WAIT_MAX_MS } from "../../../src/cluster/pause_control.ts";
import { portOf } from "../../../src/endpoint.ts";
import { failures } from "../../../src/failure.ts";
import { PROFILES } from "../../../src/protocol/protocol.ts";
import type { Topology } from "../../../src/cluster/topology.ts";
import { assertEquals } from "../../deps.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { RecordingReceiver, sendText } from "../../support/fakes/recording_receiver.ts";

/** A client that counts how often it is asked to go on. */
class Client {
  hasRequestsInFlight = false;
  isSendingLong = false;
  parsed = 0;

  parseOn(): void {
    this.parsed += 1;
  }
}

/** @param shared Clock and orders of another cluster of the name, where there is one. */
function scene(
  rig: CoreRig,
  shared: { clock: CoreRig["clock"]; orders: ServerOrders } | null = null,
) {
  const client = new Client();
  const looks = { hasLooked: true, pausesChanged: 0 };
  const topology = {
    router: rig.router,
    look: () => () => looks.hasLooked,
    pausesChanged: () => looks.pausesChanged += 1,
  } as unknown as Topology;
  const { sessionContext: { local } } = rig;
  const { clock, orders } = shared ?? { clock: rig.clock, orders: rig.context.orders };
  const clients = new Set([client]);
  const control = new PauseControl({ clock, orders, topology, local, clients });
  return { client, control, looks, orders, clock };
}

Deno.test("what is in flight is counted, long requests and busy clients too", () => {
  using rig = new CoreRig();
  const { client, control } = scene(rig);
  control.pause(null, PauseMode.All, 1_000);
  client.hasRequestsInFlight = true;
  assertEquals(control.count(null).inFlight, 1);
  client.isSendingLong = true;
  client.hasRequestsInFlight = false;
  assertEquals(control.count(null).inFlight, 1);
  client.isSendingLong = false;
  assertEquals(control.count(null), {
    isPaused: true,
    inFlight: 0,
    transactions: 0,
    blocked: 0,
    subscribed: 0,
  });
});

Deno.test("a pause ends by itself, once connections and the map are there", () => {
  using rig = new CoreRig();
  const { client, clock, control, looks, orders } = scene(rig);
  control.pause(null, PauseMode.All, 1_000);
  clock.advance(999);
  assertEquals([orders.isPausing, client.parsed], [true, 0]);
  looks.hasLooked = false;
  clock.advance(1);
  clock.advance(50);
  assertEquals([orders.isPausing, client.parsed], [true, 0]);
  looks.hasLooked = true;
  clock.advance(50);
  assertEquals([orders.isPausing, client.parsed, looks.pausesChanged], [false, 1, 3]);
  assertEquals(clock.watchedCount, 0);
});

Deno.test("requests go on although no map comes, after a while", () => {
  using rig = new CoreRig();
  const { clock, control, looks, orders } = scene(rig);
  looks.hasLooked = false;
  control.pause("x", PauseMode.Writes, 60_000);
  let isDone = false;
  control.resume(null, () => isDone = true);
  clock.advance(RESUME_WAIT_MAX_MS - 1);
  assertEquals([orders.isPausing, isDone], [true, false]);
  clock.advance(1);
  assertEquals([orders.isPausing, isDone], [false, true]);
});

Deno.test("requests go on when their server gets requests again, as pings have ejected it and it keeps its keys", () => {
  using rig = new CoreRig();
  const { clock, control, looks, orders } = scene(rig);
  const backend = rig.backends[0]!;
  backend.setEjected(true);
  control.pause(backend.name, PauseMode.All, 60_000);
  control.resume(backend.name, () => {});
  // From now on it is pinged.
  assertEquals([looks.pausesChanged, orders.mayBeAway(backend.name)], [2, false]);
  clock.advance(50);
  assertEquals(orders.isPausing, true);
  backend.setEjected(false);
  clock.advance(50);
  assertEquals(orders.isPausing, false);
});

Deno.test("resume of what is not paused is done at once; a later pause outlives an earlier resume", () => {
  using rig = new CoreRig();
  const { clock, control, orders } = scene(rig);
  let count = 0;
  const done = () => count += 1;
  control.resume("x", done);
  assertEquals(count, 1);
  control.pause("x", PauseMode.All, 60_000);
  control.resume("x", done);
  control.pause("x", PauseMode.All, 60_000);
  assertEquals(count, 2);
  clock.advance(50);
  assertEquals(orders.isPausing, true);
  control.resume("x", done);
  control.resume(null, done);
  clock.advance(50);
  assertEquals([orders.isPausing, count], [false, 4]);
});

Deno.test("a pause that another cluster of the name ends is over for this one, its parked connections and clients too", async () => {
  using rig = new CoreRig();
  using formerRig = new CoreRig();
  const newest = scene(rig);
  const { clock, orders } = newest;
  // A reload took its place: its clients wait for the same orders.
  const former = scene(formerRig, { clock, orders });
  const connection = formerRig.backends[0]!.connectionFor(0, PROFILES[2].master);
  for (const { control } of [newest, former]) control.pause(null, PauseMode.All, 1_000);
  assertEquals(former.control.count(null).inFlight, 0);
  clock.advance(1_000);
  clock.advance(50);
  assertEquals([orders.isPausing, newest.client.parsed, connection.isConnecting], [false, 1, true]);
  await formerRig.accept(0);
  clock.advance(50);
  assertEquals([former.client.parsed, clock.watchedCount], [1, 0]);
});

Deno.test("a pause of writes in place of one of all lets reads go out at once", async () => {
  using rig = new CoreRig();
  const { client, control } = scene(rig);
  const backend = rig.backends[0]!;
  const receiver = new RecordingReceiver();
  for (const server of [null, backend.name]) control.pause(server, PauseMode.All, 10_000);
  for (const server of [null, backend.name]) assertEquals(control.count(server).inFlight, 0);
  sendText(rig.requests, backend.connectionFor(0, PROFILES[2].master), "get a\n", receiver);
  control.pause(backend.name, PauseMode.Writes, 10_000);
  // The whole cluster is still paused.
  assertEquals(rig.network.countTo(portOf(backend.endpoint)), 0);
  const { parsed } = client;
  control.pause(null, PauseMode.Writes, 10_000);
  assertEquals(client.parsed, parsed + 1);
  const conn = await rig.accept(0);
  await conn.receives("A\n");
  assertEquals(receiver.take(), ["A\n"]);
  await rig.ends();
});

Deno.test("a server that comes anew while it is paused gets no connection either", async () => {
  using rig = new CoreRig();
  const { clock, control, orders } = scene(rig);
  const backend = rig.backends[0]!;
  const receiver = new RecordingReceiver();
  control.pause(backend.name, PauseMode.All, 10_000);
  assertEquals(control.count(backend.name).inFlight, 0);
  // As a node that has left the slot map and is back in it: nothing is left of what it had.
  backend.close(failures.backendRemoved);
  clock.advance(50);
  sendText(rig.requests, backend.connectionFor(0, PROFILES[2].master), "get a\n", receiver);
  assertEquals([rig.network.countTo(portOf(backend.endpoint)), receiver.take()], [0, []]);
  control.resume(backend.name, () => {});
  const conn = await rig.accept(0);
  await conn.receives("A\n");
  assertEquals(receiver.take(), ["A\n"]);
  clock.advance(50);
  assertEquals(orders.isPausing, false);
  await rig.ends();
});

Deno.test("a cluster that is over closes and makes no connections, whatever becomes of pauses", () => {
  using rig = new CoreRig();
  const { clock, control, orders } = scene(rig);
  const connection = rig.backends[0]!.connectionFor(0, PROFILES[2].master);
  control.pause(null, PauseMode.All, 1_000);
  let isDone = false;
  control.resume(null, () => isDone = true);
  control.stop();
  assertEquals(isDone, true);
  orders.pause(null, { mode: PauseMode.All, endMs: clock.realMs + 100 });
  let hasConnected = false;
  for (let tick = 0; tick < 40; tick++) {
    clock.advance(50);
    hasConnected ||= connection.isConnecting;
  }
  assertEquals([hasConnected, clock.watchedCount], [false, 0]);
});
