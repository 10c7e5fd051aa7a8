import { InflightQueue } from "../../../src/backend/inflight_queue.ts";
import { ChunkPool } from "../../../src/bytes/chunk_pool.ts";
import { binaryRows } from "../../../src/protocol/memcache/binary/commands.ts";
import { RequestPool } from "../../../src/request/pool.ts";
import { Exchange, ExchangeState, NOBODY } from "../../../src/request/exchange.ts";
import { RecordingReceiver } from "../../support/fakes/recording_receiver.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../../deps.ts";

Deno.test("begin() sets every field of the new life, and notes the receiver's generation", () => {
  const exchange = new Exchange();
  exchange.redirects = 5;
  exchange.sentAtMs = 99;
  exchange.isSent = true;
  exchange.swallow();
  const receiver = new RecordingReceiver();
  receiver.generation = 7;
  exchange.begin(receiver, 3, 42, true, NOBODY);
  assertEquals(exchange.state, ExchangeState.Unsent);
  assertEquals([exchange.redirects, exchange.sentAtMs, exchange.isSent], [0, 0, false]);
  assertEquals([exchange.fragment, exchange.place, exchange.isRead], [3, 42, true]);
  assertEquals(exchange.generation, 7);
  assertStrictEquals(exchange.receiver, receiver);
});

Deno.test("swallow() forgets the receiver", () => {
  const exchange = new Exchange();
  exchange.begin(new RecordingReceiver(), 0, 0, false, NOBODY);
  exchange.swallow();
  assertEquals([exchange.state, exchange.receiver], [ExchangeState.Swallowed, null]);
});

Deno.test("beginAs() is a new life of its own for the same fragment of the same request", () => {
  const receiver = new RecordingReceiver();
  const former = new Exchange();
  former.begin(receiver, 3, 42, true, NOBODY);
  former.measure(binaryRows[0]!, 99);
  former.hasOwnErrors = true;
  const fresh = Object.assign(new Exchange(), former);
  Object.assign(former, { redirects: 2, isSent: true, state: ExchangeState.Sent, end: 8 });
  const successor = new Exchange();
  successor.beginAs(former);
  assertEquals(successor, fresh);
});

Deno.test("endHere() is of what was held back: somebody waits, and nothing was sent", () => {
  const exchange = new Exchange();
  exchange.begin(new RecordingReceiver(), 0, 0, false, NOBODY);
  exchange.endHere();
  assertEquals(exchange.state, ExchangeState.Final);
  exchange.checkInvariants();
  exchange.isSent = true;
  assertThrows(() => exchange.checkInvariants(), Error, "what was held back was not sent");
});

/** Every field of a new object with another value than it has. */
function disturb(object: object): void {
  for (const [field, value] of Object.entries(object)) {
    const other = typeof value === "number" ? value + 1 : typeof value === "boolean" ? !value : {};
    Object.assign(object, { [field]: other });
  }
}

Deno.test("no field of a former life is left behind a release and begin()", () => {
  const pool = new RequestPool();
  const taken = pool.takeExchange();
  disturb(taken);
  taken.isHeld = false;
  taken.window = null;
  pool.releaseExchange(taken);
  const again = pool.takeExchange();
  assertStrictEquals(again, taken);
  const receiver = new RecordingReceiver();
  const fresh = new Exchange();
  for (const exchange of [again, fresh]) exchange.begin(receiver, 1, 2, true, NOBODY);
  assertEquals(again, fresh);
});

Deno.test("an exchange that was given back and is used all the same is found", () => {
  const pool = new RequestPool();
  const queue = new InflightQueue();
  const exchange = pool.takeExchange();
  exchange.begin(new RecordingReceiver(), 0, 0, false, NOBODY);
  queue.push(exchange);
  queue.checkInvariants();
  pool.releaseExchange(exchange);
  assertThrows(() => queue.checkInvariants(), Error, "no exchange in the queue was given back");
  exchange.chunk = new ChunkPool().take(1);
  assertThrows(() => exchange.checkInvariants(), Error, "holds on to nothing");
});
