import { Exchange, ExchangeState, NOBODY } from "../../../src/request/exchange.ts";
import { RecordingReceiver } from "../../support/recording_receiver.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

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
