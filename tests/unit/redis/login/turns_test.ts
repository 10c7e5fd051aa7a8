/**
 * Clients take turns to have their passwords judged, by address and user, over all workers.
 *
 * @module
 */
import { tcpEndpoint } from "../../../../src/endpoint.ts";
import { WRONG_AT_ONCE, WRONG_PER_SECOND } from "../../../../src/redis/login/suspect.ts";
import { LoginTurns, SUSPECTS_MAX } from "../../../../src/redis/login/turns.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { ManualClock } from "../../../support/fakes/manual_clock.ts";
import { RigPeers } from "../../../support/rigs/redis_context.ts";
import { assert, assertEquals } from "../../../deps.ts";

const name = (text: string) => new TextEncoder().encode(text);
const USER = name("user");
const OTHER = name("other");

/** A client whose every password is wrong, which asks for the next one when it is parsed on. */
class Guesser extends LocalRigClient {
  wrongs = 0;
  readonly #turns: LoginTurns;

  constructor(turns: LoginTurns) {
    super();
    this.#turns = turns;
  }

  override parseOn(): void {
    while (this.#turns.mayJudge(this, USER)) {
      this.wrongs += 1;
      this.#turns.wrong(this, USER);
    }
  }
}

function scene(guessers = 0) {
  const clock = new ManualClock();
  const peers = new RigPeers();
  const turns = new LoginTurns(clock, peers);
  const clients = Array.from({ length: guessers }, () => new Guesser(turns));
  for (const client of clients) client.parseOn();
  const wrongs = () => clients.reduce((sum, client) => sum + client.wrongs, 0);
  return { clock, peers, turns, clients, wrongs };
}

function advance(clock: ManualClock, milliseconds: number): void {
  for (let passed = 0; passed < milliseconds; passed += 50) clock.advance(50);
}

Deno.test("as long as no password was wrong nobody waits, however many come", () => {
  const { clock, turns } = scene();
  for (let count = 0; count < 1_000; count++) {
    const client = new LocalRigClient();
    assertEquals(turns.mayJudge(client, USER), true);
    turns.right(client, USER);
  }
  assertEquals([turns.suspectCount, clock.watchedCount], [0, 0]);
});

Deno.test("40 connections that guess get the rate of one, each its part", () => {
  const { clock, clients, wrongs } = scene(40);
  advance(clock, 10_000);
  assertEquals(wrongs(), WRONG_AT_ONCE + 10 * WRONG_PER_SECOND);
  const counts = clients.map((client) => client.wrongs);
  assert(Math.max(...counts) - Math.min(...counts) <= WRONG_AT_ONCE + 1, `${counts}`);
});

Deno.test("between 40 connections that guess the right password is judged within a second", () => {
  const { clock, turns } = scene(40);
  advance(clock, 3_000);
  const client = new LocalRigClient();
  assertEquals(turns.mayJudge(client, USER), false);
  advance(clock, 950);
  assertEquals([client.parsedOn, turns.mayJudge(client, USER)], [1, true]);
  turns.right(client, USER);
});

Deno.test("hanging up makes guessing no faster, and leaves nothing behind", () => {
  const { clock, turns } = scene();
  let judged = 0;
  for (let tick = 0; tick < 200; tick++) {
    const clients = Array.from({ length: 40 }, () => new LocalRigClient());
    for (const client of clients) {
      if (!turns.mayJudge(client, USER)) continue;
      judged += 1;
      turns.wrong(client, USER);
    }
    clock.advance(50);
    for (const client of clients) {
      if (client.parsedOn > 0 && turns.mayJudge(client, USER)) {
        judged += 1;
        turns.wrong(client, USER);
      }
      turns.leave(client);
    }
  }
  assert(judged <= WRONG_AT_ONCE + 10 * WRONG_PER_SECOND, `${judged}`);
  clock.advance(50);
  clock.advance(50);
  assertEquals(clock.watchedCount, 0);
});

Deno.test("connections that hang up while they wait do not make the queue long", () => {
  const { clock, turns } = scene();
  let closed = 0;
  const arrive = () => {
    const client = new LocalRigClient();
    if (turns.mayJudge(client, USER)) turns.wrong(client, USER);
    else if (turns.onInputEnd(client)) {
      closed += 1;
      turns.leave(client);
    }
  };
  for (let tick = 0; tick < 40; tick++) {
    for (let count = 0; count < 20; count++) arrive();
    clock.advance(50);
  }
  assert(closed > 0);
  const honest = new LocalRigClient();
  assertEquals(turns.mayJudge(honest, USER), false);
  clock.advance(50);
  assertEquals([honest.parsedOn, turns.onInputEnd(honest), turns.mayJudge(honest, USER)], [
    1,
    false,
    true,
  ]);
});

Deno.test("guessing one user's password from one address holds up no other user and no other address", () => {
  const { clock, turns } = scene(40);
  advance(clock, 1_000);
  const [user, neighbour] = [new LocalRigClient(), new LocalRigClient()];
  neighbour.peer = tcpEndpoint("10.0.0.10", 50007);
  assertEquals([turns.mayJudge(user, OTHER), turns.mayJudge(neighbour, USER)], [true, true]);
});

Deno.test("the same client at another port is the same address", () => {
  const { turns } = scene(40);
  const client = new LocalRigClient();
  client.peer = tcpEndpoint("10.0.0.9", 1);
  assertEquals(turns.mayJudge(client, USER), false);
});

Deno.test("whoever guesses from all addresses of a network of IPv6 gets the rate of one", () => {
  const { turns } = scene();
  const judged = Array.from({ length: 100 }, (_, index) => {
    const client = new LocalRigClient();
    client.peer = tcpEndpoint(`2001:db8::${(index + 1).toString(16)}`, 1);
    const mayJudge = turns.mayJudge(client, USER);
    if (mayJudge) turns.wrong(client, USER);
    return mayJudge;
  });
  assertEquals(judged.filter(Boolean).length, WRONG_AT_ONCE);
  const neighbour = new LocalRigClient();
  neighbour.peer = tcpEndpoint("2001:db8:0:1::1", 1);
  assertEquals(turns.mayJudge(neighbour, USER), true);
});

Deno.test("right passwords in the queue cost no turn", () => {
  const { clock, turns } = scene(1);
  const clients = Array.from({ length: 400 }, () => new LocalRigClient());
  for (const client of clients) assertEquals(turns.mayJudge(client, USER), false);
  let judged = 0;
  for (let tick = 0; tick < 80; tick++) {
    clock.advance(50);
    for (const client of clients) {
      if (client.parsedOn === 0 || !turns.mayJudge(client, USER)) continue;
      client.parsedOn = 0;
      judged += 1;
      turns.right(client, USER);
    }
  }
  assert(judged > 4 * WRONG_PER_SECOND, `${judged} in 4 s`);
});

Deno.test("workers share the rate by who waits where, and know of each other's wrong passwords", () => {
  const scenes = Array.from({ length: 4 }, () => scene());
  for (const { peers } of scenes) peers.count = 3;
  const deliver = () => {
    for (const [index, { peers }] of scenes.entries()) {
      for (const { topic, body } of peers.told.splice(0)) {
        scenes.forEach((other, at) => at !== index && other.peers.handlers.get(topic)!(body));
      }
    }
  };
  const guessers = scenes.map(({ turns }, index) =>
    Array.from({ length: [36, 2, 1, 0][index]! }, () => new Guesser(turns))
  );
  for (const client of guessers.flat()) client.parseOn();
  const honest = new LocalRigClient();
  let waitedMs = -1;
  for (let nowMs = 0; nowMs < 10_000; nowMs += 50) {
    for (const { clock } of scenes) {
      clock.advance(50);
      deliver();
    }
    if (nowMs === 2_000) assertEquals(scenes[3]!.turns.mayJudge(honest, USER), false);
    if (waitedMs < 0 && honest.parsedOn > 0) {
      waitedMs = nowMs - 2_000;
      scenes[3]!.turns.right(honest, USER);
    }
  }
  const total = guessers.flat().reduce((sum, { wrongs }) => sum + wrongs, 0);
  const most = 4 * WRONG_AT_ONCE + 10 * WRONG_PER_SECOND;
  assert(total <= most && total > 9 * WRONG_PER_SECOND, `${total} of ${most}`);
  assert(waitedMs >= 0 && waitedMs <= 1_000, `${waitedMs} ms`);
});

Deno.test("a wrong password in one worker counts in all", () => {
  const { peers, turns } = scene();
  const suspects = [["10.0.0.9 x", 0, WRONG_AT_ONCE]];
  peers.handlers.get("login turns")!({ worker: "other", suspects });
  assertEquals(turns.suspectCount, 1);
  const told = scene();
  const client = new LocalRigClient();
  told.turns.wrong(client, USER);
  told.clock.advance(50);
  const [note] = told.peers.told as [{ topic: string; body: { suspects: unknown[][] } }];
  assertEquals(note.body.suspects.map(([, ...counts]) => counts), [[0, 1]]);
  const there = scene();
  for (let count = 0; count < WRONG_AT_ONCE; count++) {
    there.peers.handlers.get("login turns")!(note.body);
  }
  assertEquals(there.turns.mayJudge(client, USER), false);
});

Deno.test("no more pairs are remembered than there is room for", () => {
  const { clock, turns } = scene();
  const client = new LocalRigClient();
  for (let count = 0; count <= 2 * SUSPECTS_MAX; count++) {
    turns.wrong(client, name(`user ${count}`));
    if (count % 100 === 0) { for (let ticks = 0; ticks < 10; ticks++) clock.advance(50); }
  }
  for (let ticks = 0; ticks < 30; ticks++) clock.advance(50);
  turns.wrong(client, USER);
  assertEquals(turns.suspectCount, SUSPECTS_MAX);
});
