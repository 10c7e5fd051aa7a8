import { InflightQueue } from "../../../src/backend/inflight_queue.ts";
import { Exchange } from "../../../src/request/exchange.ts";
import { seededRandom } from "../../support/tools/seed.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

function exchanges(count: number): Exchange[] {
  return Array.from({ length: count }, () => new Exchange());
}

Deno.test("exchanges leave in the order in which they came", () => {
  const queue = new InflightQueue();
  const [first, second] = exchanges(2) as [Exchange, Exchange];
  queue.push(first);
  queue.push(second);
  assertEquals([queue.size, queue.awaiting, queue.unsent], [2, 0, 2]);
  assertEquals(queue.oldestAwaiting(), null);
  assertStrictEquals(queue.oldestUnsent(), first);
  queue.markSent();
  assertEquals([queue.awaiting, queue.unsent], [1, 1]);
  assertStrictEquals(queue.oldestAwaiting(), first);
  assertStrictEquals(queue.oldestUnsent(), second);
  queue.markSent();
  assertEquals(queue.oldestUnsent(), null);
  assertStrictEquals(queue.at(1), second);
  assertStrictEquals(queue.shift(), first);
  assertStrictEquals(queue.shift(), second);
  assertEquals([queue.size, queue.oldestAwaiting()], [0, null]);
});

Deno.test("pop() takes the newest unsent one and leaves those that await a reply", () => {
  const queue = new InflightQueue();
  const [sent, older, newer] = exchanges(3) as [Exchange, Exchange, Exchange];
  for (const exchange of [sent, older, newer]) queue.push(exchange);
  queue.markSent();
  assertStrictEquals(queue.pop(), newer);
  assertStrictEquals(queue.pop(), older);
  assertEquals([queue.size, queue.awaiting, queue.unsent], [1, 1, 0]);
  assertStrictEquals(queue.oldestAwaiting(), sent);
});

Deno.test("it knows how many have left it at its old end, however long it lives", () => {
  const queue = new InflightQueue(2 ** 30 - 100);
  const before = queue.shiftedCount;
  for (const exchange of exchanges(300)) {
    queue.push(exchange);
    queue.markSent();
    queue.shift();
  }
  queue.push(exchanges(1)[0]!);
  queue.pop();
  assertEquals(queue.shiftedCount - before, 300);
});

Deno.test("the ring grows without losing its order, wherever its ends are", () => {
  for (const turned of [0, 1, 37, 63, 64, 100]) {
    const queue = new InflightQueue();
    for (const exchange of exchanges(turned)) {
      queue.push(exchange);
      queue.markSent();
      queue.shift();
    }
    const pushed = exchanges(300);
    for (const exchange of pushed) queue.push(exchange);
    for (let index = 0; index < 300; index++) queue.markSent();
    assertEquals([queue.size, queue.awaiting], [300, 300]);
    for (const exchange of pushed) assertStrictEquals(queue.shift(), exchange, `turned ${turned}`);
  }
});

Deno.test("indices start again before they leave the small integers, and nothing moves", () => {
  const queue = new InflightQueue(2 ** 30 - 100);
  const pushed = exchanges(300);
  for (const exchange of pushed.slice(0, 90)) queue.push(exchange);
  for (let index = 0; index < 50; index++) queue.markSent();
  for (const exchange of pushed.slice(90)) queue.push(exchange);
  assertEquals([queue.size, queue.awaiting, queue.unsent], [300, 50, 250]);
  for (let index = 0; index < 250; index++) queue.markSent();
  for (const exchange of pushed) assertStrictEquals(queue.shift(), exchange);
  assertEquals(queue.size, 0);
});

Deno.test("any sequence of calls does what two plain arrays do", () => {
  const random = seededRandom("inflight queue");
  const queue = new InflightQueue(2 ** 30 - 1000);
  const awaiting: Exchange[] = [];
  const unsent: Exchange[] = [];
  for (let step = 0; step < 20_000; step++) {
    const choice = random.below(10);
    if (choice < 5) {
      const exchange = new Exchange();
      queue.push(exchange);
      unsent.push(exchange);
    } else if (choice < 7 && unsent.length > 0) {
      queue.markSent();
      awaiting.push(unsent.shift()!);
    } else if (choice < 9 && awaiting.length > 0) {
      assertStrictEquals(queue.shift(), awaiting.shift());
    } else if (unsent.length > 0) {
      assertStrictEquals(queue.pop(), unsent.pop());
    }
    if (queue.awaiting !== awaiting.length || queue.unsent !== unsent.length) {
      throw new Error(`Counts differ after step ${step}`);
    }
    assertStrictEquals(queue.oldestUnsent(), unsent[0] ?? null);
    assertStrictEquals(queue.oldestAwaiting(), awaiting[0] ?? null);
  }
});
