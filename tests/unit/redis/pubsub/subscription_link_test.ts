/**
 * The subscriptions at one backend: requests and answers in order, messages in between, and another connection
 * when one is lost.
 *
 * @module
 */
import { PIECES_PER_TURN_MAX } from "../../../../src/net/turn_budget.ts";
import { createRespProtocol } from "../../../../src/protocol/resp/mod.ts";
import type { Delivery } from "../../../../src/redis/pubsub/delivery.ts";
import type { PushFrame } from "../../../../src/redis/pubsub/push_frame.ts";
import {
  LINK_IDLE_MAX_MS,
  LINK_PING_INTERVAL_MS,
  type LinkOwner,
  REFUSED_RETRY_MS,
  SubscriptionLink,
} from "../../../../src/redis/pubsub/subscription_link.ts";
import { type Site, Topic, TopicKind } from "../../../../src/redis/pubsub/topic.ts";
import { assert, assertEquals, assertStrictEquals } from "../../../deps.ts";
import { CoreRig } from "../../../support/rigs/core_rig.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { said } from "./scene.ts";

class Scene implements Disposable, LinkOwner {
  readonly rig = new CoreRig();
  readonly link: SubscriptionLink;
  readonly heard: string[] = [];
  readonly topics = ["a", "b"].map((name) => new Topic(TopicKind.Channel, name));
  readonly shard = new Topic(TopicKind.ShardChannel, "a");
  /** What is left of each message. */
  delivery: Delivery | null = null;

  constructor() {
    const context = { ...this.rig.context, protocol: createRespProtocol() };
    this.link = new SubscriptionLink(this.rig.backends[0]!, context, this);
  }

  find(kind: number, name: string): Topic | undefined {
    return [...this.topics, this.shard].find((one) => one.kind === kind && one.name === name);
  }

  siteConfirmed({ topic }: Site): void {
    this.heard.push(`confirmed ${topic.name}`);
  }

  siteRefused({ topic }: Site, bytes: Uint8Array, start: number, end: number): void {
    const text = new TextDecoder().decode(bytes.subarray(start, end - 2));
    this.heard.push(`refused ${topic.name} ${text}`);
  }

  siteEnded({ topic }: Site): void {
    this.heard.push(`ended ${topic.name}`);
  }

  message(_link: SubscriptionLink, _kind: number, frame: PushFrame): Delivery | null {
    this.heard.push(`message ${frame.word(1)} ${frame.word(frame.wordCount - 1)}`);
    return this.delivery;
  }

  linkLost(_link: SubscriptionLink, failure: { name: string }, confirmed: number): void {
    this.heard.push(`lost ${failure.name} ${confirmed}`);
  }

  tick(milliseconds: number): boolean {
    this.rig.clock.advance(milliseconds);
    return this.link.tick(this.rig.clock.nowMs);
  }

  take(): string[] {
    return this.heard.splice(0);
  }

  async ends(): Promise<void> {
    this.link.close();
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

Deno.test("answers are matched in order, messages come in between", async () => {
  using scene = new Scene();
  const [a, b] = scene.topics;
  const site = scene.link.add(a!);
  assertStrictEquals(scene.link.add(a!), site);
  scene.link.add(b!);
  const conn = await scene.rig.accept(0);
  await turn();
  assertEquals(conn.written, said("subscribe", "a") + said("subscribe", "b"));
  await conn.receives(said("subscribe", "a", 1), said("message", "a", "x"), "-ERR no\r\n");
  assertEquals(scene.take(), ["confirmed a", "message a x", "refused b -ERR no"]);
  scene.link.remove(site);
  scene.link.remove(site);
  scene.link.add(a!);
  await turn();
  await conn.receives(said("unsubscribe", "a", 0), said("subscribe", "a", 1));
  assertEquals(scene.take(), ["confirmed a"]);
  await scene.ends();
});

Deno.test("an answer to what nobody wants any more is dropped, one to nothing closes", async () => {
  using scene = new Scene();
  const [a, b] = scene.topics;
  const site = scene.link.add(a!);
  const conn = await scene.rig.accept(0);
  scene.link.remove(site);
  scene.link.add(a!);
  await conn.receives(said("subscribe", "a", 1));
  assertEquals(scene.take(), [], "this was the first");
  await conn.receives(said("unsubscribe", "a", 0), said("subscribe", "a", 1));
  assertEquals(scene.take(), ["confirmed a"]);
  for (
    const stray of [said("subscribe", "b", 1), "-ERR x\r\n", "+PONG\r\n", said("message", "a")]
  ) {
    scene.link.add(a!);
    await scene.rig.network.attempts.at(-1)!.isSettled;
    const attempts = scene.rig.network.attempts;
    const pending = attempts.find((attempt) => !attempt.isSettled);
    const current = pending === undefined ? conn : await scene.rig.accept(0);
    if (pending !== undefined) await current.receives(said("subscribe", "a", 1));
    scene.take();
    await current.receives(stray);
    assertEquals(scene.take(), ["lost backend_stray 1"], stray);
  }
  assertEquals(scene.link.sites().has(b!), false);
  await scene.rig.accept(0);
  await scene.ends();
});

Deno.test("a lost connection is made again, and everything subscribed anew", async () => {
  using scene = new Scene();
  for (const topic of scene.topics) scene.link.add(topic);
  const conn = await scene.rig.accept(0);
  await conn.receives(said("subscribe", "a", 1), said("subscribe", "b", 2));
  scene.take();
  await conn.ends();
  assertEquals(scene.take(), ["lost backend_closed 2"]);
  assertEquals(scene.link.isInBackoff, false);
  await scene.rig.refuse(0);
  assertEquals([scene.take(), scene.link.isInBackoff], [["lost connect_refused 0"], true]);
  assertEquals(scene.tick(10), true);
  assertEquals(scene.rig.network.countTo(7000), 2, "not before the back-off is over");
  scene.tick(5_000);
  const second = await scene.rig.accept(0);
  await turn();
  assertEquals(second.written, conn.written);
  await second.receives(said("subscribe", "a", 1), said("subscribe", "b", 2));
  assertEquals(scene.take(), ["confirmed a", "confirmed b"]);
  assertEquals(
    scene.rig.records.filter(({ message }) => message === "Subscriptions renewed")
      .map(({ fields }) => [fields.subscriptions, fields.gapMs]),
    [[2, 5_010]],
  );
  await scene.ends();
});

Deno.test("a silent backend is pinged, and given up where it does not answer", async () => {
  using scene = new Scene();
  scene.link.add(scene.topics[0]!);
  const conn = await scene.rig.accept(0);
  await conn.receives(said("subscribe", "a", 1));
  scene.tick(LINK_PING_INTERVAL_MS + 1);
  await turn();
  assertEquals(conn.written.endsWith("*1\r\n$4\r\nPING\r\n"), true);
  await conn.receives(said("pong", ""));
  scene.tick(LINK_PING_INTERVAL_MS + 1);
  scene.tick(1_001);
  assertEquals(scene.take().at(-1), "lost backend_timeout 1");
  await scene.ends();
});

Deno.test("a connection without subscriptions is closed after a while", async () => {
  using scene = new Scene();
  const site = scene.link.add(scene.topics[0]!);
  const conn = await scene.rig.accept(0);
  await conn.receives(said("subscribe", "a", 1));
  scene.link.remove(site);
  assertEquals(scene.tick(1), true);
  assertEquals(scene.tick(LINK_IDLE_MAX_MS), false);
  await turn();
  assertEquals(conn.isClosed, true);
  await scene.ends();
});

Deno.test("a refused renewal is tried again", async () => {
  using scene = new Scene();
  scene.link.add(scene.topics[0]!);
  const conn = await scene.rig.accept(0);
  await conn.receives("-NOPERM no\r\n");
  scene.tick(REFUSED_RETRY_MS - 1);
  const before = conn.written.length;
  scene.tick(2);
  await turn();
  assertEquals(conn.written.slice(before), said("subscribe", "a"));
  await conn.receives(said("subscribe", "a", 1));
  assertEquals(scene.take(), ["refused a -NOPERM no", "confirmed a"]);
  await scene.ends();
});

Deno.test("a server that ends a shard channel by itself is no fault", async () => {
  using scene = new Scene();
  scene.link.add(scene.shard);
  const conn = await scene.rig.accept(0);
  await conn.receives(said("ssubscribe", "a", 1), said("sunsubscribe", "a", 0));
  await conn.receives(said("sunsubscribe", "unknown", 0));
  assertEquals(scene.take(), ["confirmed a", "ended a"]);
  await scene.ends();
});

/** A message to so many clients, of which each call of work serves one. */
function deliveryTo(clients: number): Delivery {
  let left = clients;
  const work = (pieces: number) => {
    left -= 1;
    return pieces;
  };
  return {
    work,
    get isDone() {
      return left === 0;
    },
  } as unknown as Delivery;
}

Deno.test("a message to many is handed on in pieces, and the next one waits for it", async () => {
  using scene = new Scene();
  scene.link.add(scene.topics[0]!);
  const conn = await scene.rig.accept(0);
  await conn.receives(said("subscribe", "a", 1));
  scene.take();
  scene.delivery = deliveryTo(20);
  await conn.receives(said("message", "a", "1") + said("message", "a", "2"));
  assertEquals(scene.heard, ["message a 1"]);
  scene.delivery = null;
  for (let turns = 0; turns < 10 && scene.heard.length < 2; turns++) await turn();
  assertEquals(scene.take(), ["message a 1", "message a 2"]);
  await scene.ends();
});

Deno.test("a message that is being handed on comes before those of the next connection", async () => {
  using scene = new Scene();
  scene.link.add(scene.topics[0]!);
  const conn = await scene.rig.accept(0);
  await conn.receives(said("subscribe", "a", 1));
  const delivery = deliveryTo(60);
  scene.delivery = delivery;
  await conn.receives(said("message", "a", "1"));
  conn.takesWrites = false;
  scene.link.add(scene.topics[1]!);
  await turn();
  await conn.failsWrite();
  scene.delivery = null;
  scene.take();
  const second = await scene.rig.accept(0);
  const both = said("subscribe", "a", 1) + said("subscribe", "b", 2);
  await second.receives(both + said("message", "a", "2"));
  for (let turns = 0; turns < 20 && !delivery.isDone; turns++) {
    assertEquals(scene.heard, []);
    await turn();
  }
  await turn();
  assertEquals(scene.take(), ["confirmed a", "confirmed b", "message a 2"]);
  await scene.ends();
});

Deno.test("thousands of answers and renewals are done in pieces, all of them", async () => {
  using scene = new Scene();
  const count = 3 * PIECES_PER_TURN_MAX;
  const topics = Array.from({ length: count }, (_, n) => new Topic(TopicKind.Channel, `t${n}`));
  for (const topic of topics) scene.link.add(topic);
  const conn = await scene.rig.accept(0);
  const asked = topics.map(({ name }) => said("subscribe", name)).join("");
  assert(conn.written.length < asked.length, "not all in one turn");
  // What is asked for meanwhile is asked for once, what is given up meanwhile not at all.
  const last = topics.at(-1)!;
  scene.link.remove(scene.link.sites().get(last)!);
  scene.link.add(scene.topics[0]!);
  for (let turns = 0; turns < 50 && scene.link.isBehind; turns++) await turn();
  await turn();
  const requests = conn.written.match(/subscribe\r\n\$\d+\r\n\w+/g)!.map((one) =>
    one.split("\n")[2]
  );
  assertEquals(requests.length, count);
  assertEquals(new Set(requests).size, count);
  assertEquals([requests.includes(last.name), requests.includes("a")], [false, true]);
  const answers = requests.map((name) => said("subscribe", name!, 1));
  const { budget } = scene.rig.engine.flushQueue;
  const refill = budget.refill.bind(budget);
  const heardAt = [0];
  budget.refill = () => {
    heardAt.push(scene.heard.length);
    refill();
  };
  await conn.receives(answers.join(""));
  for (let turns = 0; turns < 50 && scene.link.isReplyDue; turns++) await turn();
  for (const [index, heard] of heardAt.slice(1).entries()) {
    assert(heard - heardAt[index]! <= PIECES_PER_TURN_MAX / 2, "too many in one turn");
  }
  assertEquals(scene.take(), requests.map((name) => `confirmed ${name}`));
  await scene.ends();
});

Deno.test("answers are matched however many come while others are due", async () => {
  using scene = new Scene();
  const [a, b] = scene.topics;
  scene.link.add(a!);
  const conn = await scene.rig.accept(0);
  const rounds = 3_000;
  for (let round = 0; round < rounds; round++) scene.link.remove(scene.link.add(b!));
  const site = scene.link.add(b!);
  const both = said("subscribe", "b", 2) + said("unsubscribe", "b", 1);
  await conn.receives(said("subscribe", "a", 1) + both.repeat(rounds));
  assertEquals([scene.take(), site.isConfirmed, scene.link.isReplyDue], [
    ["confirmed a"],
    false,
    true,
  ]);
  await conn.receives(said("subscribe", "b", 2));
  assertEquals([scene.take(), scene.link.isReplyDue], [["confirmed b"], false]);
  await scene.ends();
});
