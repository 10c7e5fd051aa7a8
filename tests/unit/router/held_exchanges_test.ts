/**
 * Requests that are held until they are sent once more.
 *
 * @module
 */
import { REQUEST_OBJECTS_BYTES } from "../../../src/backend/outbox.ts";
import { InflightQueue } from "../../../src/backend/inflight_queue.ts";
import { Refusals } from "../../../src/backend/refusals.ts";
import { Exchange, NOBODY } from "../../../src/request/exchange.ts";
import { HELD_BYTES_MAX, HeldExchanges } from "../../../src/router/held_exchanges.ts";
import { CountingRequestPool } from "../../support/rigs/core_rig.ts";
import { until } from "../../support/tools/poll.ts";
import { RecordingReceiver } from "../../support/fakes/recording_receiver.ts";
import { assert, assertEquals } from "../../deps.ts";

class Scene {
  readonly requests = new CountingRequestPool();
  readonly sent: string[] = [];
  readonly held = new HeldExchanges(this.requests, (exchange, bytes) => {
    this.sent.push(new TextDecoder().decode(bytes));
    this.requests.releaseExchange(exchange);
  });

  hold(text: string, waitMs: number, refusals: Refusals | null = null): Exchange {
    const exchange = this.requests.takeExchange();
    exchange.begin(new RecordingReceiver(), 0, 0, false, NOBODY);
    const refusal = refusals === null ? null : { refusals, error: new Uint8Array(0) };
    this.held.hold(exchange, new TextEncoder().encode(text), waitMs, refusal);
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

Deno.test("what was refused together waits until all is answered, and is sent in its order", async () => {
  const scene = new Scene();
  const inflight = new InflightQueue();
  for (let count = 0; count < 2; count++) {
    const behind = new Exchange();
    behind.begin(new RecordingReceiver(), 0, 0, false, NOBODY);
    inflight.push(behind);
    inflight.markSent();
  }
  const refusals = new Refusals(NOBODY, 0, inflight);
  scene.hold("1", 1, refusals);
  inflight.shift();
  refusals.add(0, inflight);
  scene.hold("2", 60_000, refusals);
  scene.held.sendAll();
  assertEquals(scene.sent, []);
  inflight.shift();
  refusals.add(0, inflight);
  scene.hold("3", 60_000, refusals);
  await until(() => scene.sent.length > 0, { what: "they are sent" });
  assertEquals([scene.sent, scene.requests.exchangesOut], [["1", "2", "3"], 0]);
});

Deno.test("each is looked at a few times, however many others are held", () => {
  const scene = new Scene();
  const COUNT = 500;
  let looks = 0;
  for (let count = 0; count < COUNT; count++) {
    const exchange = scene.requests.takeExchange();
    exchange.begin(new RecordingReceiver(), 0, 0, false, NOBODY);
    const refusals = new Refusals(NOBODY, 0, new InflightQueue());
    const refusal = {
      error: new Uint8Array(0),
      get refusals() {
        looks += 1;
        return refusals;
      },
    };
    scene.held.hold(exchange, new Uint8Array(1), 60_000, refusal);
  }
  scene.held.sendAll();
  assertEquals([scene.sent.length, scene.requests.exchangesOut], [COUNT, 0]);
  assert(looks <= 10 * COUNT, `${looks} looks`);
});

Deno.test("what nobody waits for any more is not sent", () => {
  const scene = new Scene();
  scene.hold("1", 60_000).swallow();
  scene.held.sendAll();
  assertEquals([scene.sent, scene.requests.exchangesOut], [[], 0]);
});

Deno.test("what they take is bounded, their objects included", () => {
  const scene = new Scene();
  const alone = HELD_BYTES_MAX - REQUEST_OBJECTS_BYTES;
  assertEquals([scene.held.hasRoom(alone), scene.held.hasRoom(alone + 1)], [true, false]);
  scene.hold("12", 60_000);
  const beside = alone - REQUEST_OBJECTS_BYTES - 2;
  assertEquals([scene.held.hasRoom(beside), scene.held.hasRoom(beside + 1)], [true, false]);
  scene.held.sendAll();
  assertEquals(scene.held.hasRoom(alone), true);
});

Deno.test("what each client has is told, and nothing of one that is gone", () => {
  const scene = new Scene();
  const gone = scene.hold("123", 60_000);
  scene.hold("12", 60_000);
  const told = () => {
    const counts: number[] = [];
    scene.held.visitClients((_client, byteCount) => counts.push(byteCount));
    return counts;
  };
  assertEquals(told(), [REQUEST_OBJECTS_BYTES + 3, REQUEST_OBJECTS_BYTES + 2]);
  gone.swallow();
  assertEquals(told(), [REQUEST_OBJECTS_BYTES + 2]);
  scene.held.close();
  assertEquals(told(), []);
});

Deno.test("close() ends all waits", () => {
  const scene = new Scene();
  scene.hold("1", 60_000);
  scene.held.close();
  scene.held.sendAll();
  assertEquals([scene.sent, scene.requests.exchangesOut, scene.held.hasRoom(1)], [[], 0, false]);
});
