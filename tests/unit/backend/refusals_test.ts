/**
 * Whether requests that a server has refused may be sent once more.
 *
 * @module
 */
import { LOOKED_AT_MAX, RefusalBook, RefusalState } from "../../../src/backend/refusals.ts";
import { Backend } from "../../../src/backend/backend.ts";
import { InflightQueue } from "../../../src/backend/inflight_queue.ts";
import { Exchange, NOBODY, type RoutedClient } from "../../../src/request/exchange.ts";
import { RecordingReceiver } from "../../support/fakes/recording_receiver.ts";
import { assertEquals } from "../../deps.ts";

/** A queue of one backend, all of it sent. */
class Scene {
  readonly queue = new InflightQueue();
  readonly book = new RefusalBook();
  readonly #backend = Object.create(Backend.prototype, {
    inflightOf: { value: () => this.queue },
  });

  send(client: RoutedClient, place: number): void {
    const exchange = new Exchange();
    exchange.begin(new RecordingReceiver(), 0, place, false, client);
    exchange.sentTo = this.#backend;
    this.queue.push(exchange);
    this.queue.markSent();
  }

  /** The oldest is refused. */
  refuse() {
    return this.book.note(this.queue.shift());
  }
}

const one = { ...NOBODY, number: 1 };
const other = { ...NOBODY, number: 2 };

Deno.test("what nothing is behind may be sent again at once", () => {
  const scene = new Scene();
  scene.send(one, 5);
  scene.send(one, 6);
  scene.send(other, 5);
  assertEquals(scene.refuse()!.state, RefusalState.Complete);
});

Deno.test("those that were in flight together may be sent again when all of them are refused", () => {
  const scene = new Scene();
  for (const client of [one, other, one, one]) scene.send(client, 5);
  const first = scene.refuse()!;
  assertEquals(first.state, RefusalState.Open);
  scene.queue.shift();
  assertEquals([scene.refuse() === first, first.state], [true, RefusalState.Open]);
  assertEquals([scene.refuse() === first, first.state], [true, RefusalState.Complete]);
  // What comes later belongs to others.
  scene.send(one, 5);
  assertEquals(scene.refuse() === first, false);
});

Deno.test("a later one that is not refused has overtaken them, and so has one without an answer", () => {
  const scene = new Scene();
  for (let count = 0; count < 3; count++) scene.send(one, 5);
  const first = scene.refuse()!;
  scene.queue.shift();
  assertEquals([scene.refuse() === first, first.state], [true, RefusalState.Overtaken]);
  scene.send(one, 5);
  scene.send(one, 5);
  const second = scene.refuse()!;
  assertEquals([second === first, second.state], [false, RefusalState.Open]);
  scene.queue.pop();
  assertEquals(second.state, RefusalState.Overtaken);
});

Deno.test("where too much is in flight none is sent again", () => {
  const scene = new Scene();
  for (let count = 0; count <= LOOKED_AT_MAX; count++) scene.send(one, 5);
  assertEquals(scene.refuse()!.state, RefusalState.Open);
  for (let count = 0; count < 2; count++) scene.send(other, 6);
  assertEquals(
    scene.book.note({ ...scene.queue.at(LOOKED_AT_MAX), client: other } as Exchange),
    null,
  );
});
