/**
 * A message on its way to many subscribers, in pieces. What stands in the connection's buffer is kept here.
 *
 * @module
 */
import { HAND_OVER_BYTES } from "../../bytes/chunk_pool.ts";
import { PUSH_TYPES } from "./confirmation.ts";
import type { Subscriber } from "./subscriber.ts";
import type { Topic } from "./topic.ts";

/** A message of this many bytes more is one more piece for each client. */
const BYTES_PER_PIECE = 2 * 1024;

/** How many pieces of work a message of `byteCount` bytes to so many clients is. */
export function deliveryPieces(byteCount: number, clients: number): number {
  return clients * (1 + byteCount / BYTES_PER_PIECE);
}

/** Hands a message to one client; its first byte is changed to that of the client's protocol. */
export function deliver(
  subscriber: Subscriber,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (subscriber.isGone) return;
  const { client } = subscriber;
  bytes[start] = PUSH_TYPES[client.profiles.master.version];
  client.push(bytes, start, end);
}

/**
 * One message on its way to all subscribers of a topic, handed out in pieces. A large message is kept once for all
 * clients, not once for each.
 */
export class Delivery {
  readonly #topic: Topic;
  readonly #bytes: Uint8Array;
  /** The same in the form of each protocol, where clients share it. */
  readonly #shared: Partial<Record<2 | 3, Uint8Array>> | null;
  /** Those who had the topic when the message came. */
  readonly #subscribers: readonly Subscriber[];
  #next = 0;

  constructor(topic: Topic, bytes: Uint8Array, start: number, end: number) {
    this.#topic = topic;
    this.#bytes = bytes.slice(start, end);
    this.#shared = end - start > HAND_OVER_BYTES ? {} : null;
    this.#subscribers = [...topic.subscribers];
  }

  /** Whether everybody has it. */
  get isDone(): boolean {
    return this.#next === this.#subscribers.length;
  }

  /** Hands it to as many clients as `pieces` allows, one at least; returns how many pieces that was. */
  work(pieces: number): number {
    const { length } = this.#bytes;
    const each = deliveryPieces(this.#shared === null ? length : 0, 1);
    let done = 0;
    while (done < pieces && !this.isDone) {
      const subscriber = this.#subscribers[this.#next]!;
      this.#next += 1;
      done += each;
      // Some may have left meanwhile.
      if (!subscriber.has(this.#topic)) continue;
      if (this.#shared === null) deliver(subscriber, this.#bytes, 0, length);
      else if (!subscriber.isGone) this.#share(subscriber, this.#shared);
    }
    return done;
  }

  #share({ client }: Subscriber, shared: Partial<Record<2 | 3, Uint8Array>>): void {
    const { version } = client.profiles.master;
    let bytes = shared[version];
    if (bytes === undefined) {
      bytes = this.#bytes.slice();
      bytes[0] = PUSH_TYPES[version];
      shared[version] = bytes;
    }
    client.push(bytes, 0, bytes.length, true);
  }
}
