import {
  ClientDrain,
  type DrainingClient,
  LAST_CALL_MS,
} from "../../../src/cluster/client_drain.ts";
import { ClientRoom, createClientMemory } from "../../../src/observe/client_room.ts";
import type { Failure } from "../../../src/failure.ts";
import { assertEquals } from "../../deps.ts";
import { ManualClock } from "../../support/fakes/manual_clock.ts";

class FakeClient implements DrainingClient {
  stage: { isBystander?: boolean } | null = null;
  hasRequestsInFlight = false;
  lastRequestAtMs: number;
  isFinishing = false;
  isMovingOn = false;
  readonly name: string;
  readonly #stage: Stage;

  constructor(name: string, stage: Stage) {
    this.name = name;
    this.#stage = stage;
    this.lastRequestAtMs = stage.clock.realMs;
    stage.clients.add(this);
  }

  get isIdle(): boolean {
    return !this.hasRequestsInFlight;
  }

  finish(): void {
    this.isFinishing = true;
    if (!this.hasRequestsInFlight) this.#leaves("finished");
  }

  close(failure: Failure): void {
    this.#leaves(failure.name);
  }

  /** Its replies are in. */
  answered(): void {
    this.hasRequestsInFlight = false;
    if (this.isFinishing) this.#leaves("answered");
  }

  #leaves(how: string): void {
    if (this.#stage.clients.delete(this)) this.#stage.left.push(`${this.name} ${how}`);
  }
}

class Stage {
  readonly clock = new ManualClock();
  readonly clients = new Set<FakeClient>();
  readonly left: string[] = [];
  readonly room: ClientRoom;

  constructor(room = new ClientRoom(createClientMemory(2), 0)) {
    this.room = room;
  }

  drain(timeoutMs = 10_000): void {
    const times = { idleMs: 1_000, timeoutMs };
    new ClientDrain(this.clock, this.clients, this.room, times, () => this.left.push("done"));
  }
}

Deno.test("with nobody there it is done at once", () => {
  const stage = new Stage();
  stage.drain();
  assertEquals(stage.left, ["done"]);
});

Deno.test("a client that is only limited is idle like others", () => {
  const stage = new Stage();
  new FakeClient("limited", stage).stage = { isBystander: true };
  stage.drain();
  stage.clock.advance(1_100);
  assertEquals(
    stage.left.filter((name) => name.startsWith("limited")).length,
    1,
    stage.left.join(),
  );
});

Deno.test("a client is closed when it has been idle for a while, not before", () => {
  const stage = new Stage();
  const early = new FakeClient("early", stage);
  stage.clock.advance(900);
  const late = new FakeClient("late", stage);
  stage.drain();
  stage.clock.advance(50);
  assertEquals(stage.left, []);
  stage.clock.advance(50);
  assertEquals(stage.left, ["early finished"]);
  late.hasRequestsInFlight = true;
  stage.clock.advance(2_000);
  assertEquals(stage.left.length, 1);
  late.answered();
  stage.clock.advance(50);
  assertEquals(stage.left, ["early finished", "late finished", "done"]);
  assertEquals(early.isFinishing, true);
});

Deno.test("whoever waits or listens is closed when all others are gone", () => {
  const stage = new Stage();
  const busy = new FakeClient("busy", stage);
  busy.hasRequestsInFlight = true;
  const blocked = new FakeClient("blocked", stage);
  blocked.stage = {};
  blocked.hasRequestsInFlight = true;
  new FakeClient("subscribed", stage).stage = {};
  stage.drain();
  stage.clock.advance(3_000);
  assertEquals(stage.left, []);
  busy.answered();
  stage.clock.advance(50);
  stage.clock.advance(50);
  assertEquals(stage.left, [
    ...["busy finished", "blocked shutting_down", "subscribed finished", "done"],
  ]);
});

Deno.test("near the end of the time nothing new is read from anybody, and replies still come", () => {
  const stage = new Stage();
  const busy = new FakeClient("busy", stage);
  busy.hasRequestsInFlight = true;
  stage.drain(10_000);
  for (let passedMs = 0; passedMs < 10_000 - LAST_CALL_MS; passedMs += 500) {
    assertEquals(busy.isFinishing, false);
    busy.lastRequestAtMs = stage.clock.realMs;
    stage.clock.advance(500);
  }
  assertEquals(busy.isFinishing, true);
  busy.answered();
  stage.clock.advance(50);
  assertEquals(stage.left, ["busy answered", "done"]);
});

Deno.test("a short time keeps half of itself for the last replies", () => {
  const stage = new Stage();
  const busy = new FakeClient("busy", stage);
  busy.hasRequestsInFlight = true;
  stage.drain(100);
  stage.clock.advance(49);
  assertEquals(busy.isFinishing, false);
  stage.clock.advance(1);
  assertEquals(busy.isFinishing, true);
});

Deno.test("whoever waits is the last to leave, whichever workers the others are on", () => {
  const memory = createClientMemory(2);
  const [stage, other] = [
    new Stage(new ClientRoom(memory, 0)),
    new Stage(new ClientRoom(memory, 1)),
  ];
  new FakeClient("subscribed", stage).stage = {};
  const busy = new FakeClient("busy", other);
  busy.hasRequestsInFlight = true;
  for (const { room } of [stage, other]) room.changeBusy(1);
  stage.drain();
  stage.room.changeBusy(-1);
  stage.clock.advance(2_000);
  assertEquals(stage.left, [], "the other worker has not looked yet");
  other.drain();
  other.room.changeBusy(-1);
  stage.clock.advance(50);
  assertEquals(stage.left, [], "somebody is busy there");
  other.clock.advance(2_000);
  busy.answered();
  other.clock.advance(50);
  assertEquals([other.left, other.room.busyCount], [["busy finished", "done"], 0]);
  stage.clock.advance(50);
  assertEquals(stage.left, ["subscribed finished", "done"]);
});

Deno.test("a cluster that only retires keeps nobody here, and lets nobody leave", () => {
  const stage = new Stage();
  new FakeClient("busy", stage).hasRequestsInFlight = true;
  new FakeClient("subscribed", stage).stage = {};
  const times = { idleMs: Infinity, timeoutMs: Infinity };
  new ClientDrain(stage.clock, stage.clients, stage.room, times, () => {});
  stage.clock.advance(60_000);
  assertEquals([stage.left, stage.room.busyCount], [[], 0]);
});

Deno.test("who was told to go on elsewhere has the time that it was given, and keeps nobody else here", () => {
  const stage = new Stage();
  const [moving, blocked, plain] = ["moving", "blocked", "plain"].map((name) =>
    new FakeClient(name, stage)
  ) as [FakeClient, FakeClient, FakeClient];
  moving.isMovingOn = true;
  blocked.stage = {};
  stage.drain(10_000);
  stage.clock.advance(1_200);
  assertEquals(stage.left, ["plain finished", "blocked finished"]);
  stage.clock.advance(7_000);
  assertEquals(stage.left.length, 2);
  stage.clock.advance(1_000);
  assertEquals(stage.left.slice(2), ["moving finished", "done"]);
  assertEquals([plain, moving].map((client) => stage.clients.has(client)), [false, false]);
});

Deno.test("when the time is over whoever is owed a reply for ever is closed as well", () => {
  const stage = new Stage();
  const blocked = new FakeClient("blocked", stage);
  blocked.stage = {};
  blocked.hasRequestsInFlight = true;
  new FakeClient("resting", stage);
  const times = { idleMs: Infinity, timeoutMs: 10_000 };
  new ClientDrain(stage.clock, stage.clients, stage.room, times, () => stage.left.push("done"));
  stage.clock.advance(10_000 - LAST_CALL_MS);
  assertEquals(stage.left, ["resting finished"]);
  stage.clock.advance(LAST_CALL_MS);
  assertEquals(stage.left.slice(1), ["blocked shutting_down", "done"]);
});

Deno.test("the time may get shorter while it runs, counted from its beginning, and no longer", () => {
  const stage = new Stage();
  const blocked = new FakeClient("blocked", stage);
  blocked.hasRequestsInFlight = true;
  const times = { idleMs: Infinity, timeoutMs: Infinity };
  const drain = new ClientDrain(stage.clock, stage.clients, stage.room, times, () => {});
  stage.clock.advance(60_000);
  drain.endBy(70_000);
  drain.endBy(80_000);
  stage.clock.advance(9_900);
  assertEquals([blocked.isFinishing, stage.left], [true, []]);
  stage.clock.advance(100);
  assertEquals(stage.left, ["blocked shutting_down"]);
});
