/**
 * Requests that are held until they are sent once more.
 *
 * @module
 */
import { type Exchange, NOBODY } from "../../../src/request/exchange.ts";
import { HELD_BYTES_MAX, HeldExchanges } from "../../../src/router/held_exchanges.ts";
import { CountingRequestPool } from "../../support/core_rig.ts";
import { until } from "../../support/poll.ts";
import { RecordingReceiver } from "../../support/recording_receiver.ts";
import { assertEquals } from "../../deps.ts";

class Scene {
  readonly requests = new CountingRequestPool();
  readonly sent: string[] = [];
  readonly held = new HeldExchanges(this.requests, (exchange, bytes) => {
    this.sent.push(new TextDecoder().decode(bytes));
    this.requests.releaseExchange(exchange);
  });

  hold(text: string, waitMs: number): Exchange {
    const exchange = this.requests.takeExchange();
    exchange.begin(new RecordingReceiver(), 0, 0, false, NOBODY);
    this.held.hold(exchange, new TextEncoder().encode(text), waitMs);
    return exchange;
  }
}

Deno.test("each is sent when its wait is over", async () => {
  const scene = new Scene();
  scene.hold("late", 20);
  scene.hold("soon", 1);
  await until(() => scene.sent.length === 2, { what: "both are sent" });
  assertEquals([scene.sent, scene.requests.exchangesOut], [["soon", "late"], 0]);
});

Deno.test("sendAll() sends them in the order in which they came, once", () => {
  const scene = new Scene();
  for (const text of ["1", "2", "3"]) scene.hold(text, 60_000);
  scene.held.sendAll();
  scene.held.sendAll();
  assertEquals([scene.sent, scene.requests.exchangesOut], [["1", "2", "3"], 0]);
});

Deno.test("what nobody waits for any more is not sent", () => {
  const scene = new Scene();
  scene.hold("1", 60_000).swallow();
  scene.held.sendAll();
  assertEquals([scene.sent, scene.requests.exchangesOut], [[], 0]);
});

Deno.test("their bytes are bounded", () => {
  const scene = new Scene();
  assertEquals(scene.held.hasRoom(HELD_BYTES_MAX), true);
  scene.hold("12", 60_000);
  assertEquals([scene.held.hasRoom(HELD_BYTES_MAX - 2), scene.held.hasRoom(HELD_BYTES_MAX - 1)], [
    true,
    false,
  ]);
  scene.held.sendAll();
  assertEquals(scene.held.hasRoom(HELD_BYTES_MAX), true);
});

Deno.test("close() ends all waits", () => {
  const scene = new Scene();
  scene.hold("1", 60_000);
  scene.held.close();
  scene.held.sendAll();
  assertEquals([scene.sent, scene.requests.exchangesOut, scene.held.hasRoom(1)], [[], 0, false]);
});
