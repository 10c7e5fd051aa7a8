/**
 * The other ends of the proxy's connections: clients that send a batch, take its replies and send the next, and
 * backends that answer.
 *
 * @module
 */
import type { Answers, Traffic } from "./traffic.ts";

/** The other end of one connection of the proxy's. */
export interface Peer {
  /** Whether it has bytes for the proxy. */
  readonly hasBytes: boolean;
  /** Takes what the proxy sends. */
  take(bytes: Uint8Array, start: number, end: number): void;
  /** Gives the proxy what there is room for; returns how much. */
  give(bytes: Uint8Array, start: number, end: number): number;
}

/** A backend. */
export class BackendPeer implements Peer {
  readonly #answers: Answers;

  constructor(traffic: Traffic) {
    this.#answers = traffic.answers();
  }

  get hasBytes(): boolean {
    return this.#answers.owed > 0;
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    this.#answers.take(bytes, start, end);
  }

  give(bytes: Uint8Array, start: number, end: number): number {
    return this.#answers.give(bytes, start, end);
  }
}

/** How many batches all clients together still send. */
export class Quota {
  batches = 0;
  /** Clients that wait for replies. */
  waiting = 0;
}

/** A client. */
export class ClientPeer implements Peer {
  readonly #traffic: Traffic;
  readonly #quota: Quota;
  #batch: Uint8Array = new Uint8Array(0);
  #next: number;
  #given = 0;
  #taken = 0;

  /** @param number Clients begin with other keys each. */
  constructor(traffic: Traffic, quota: Quota, number: number) {
    this.#traffic = traffic;
    this.#quota = quota;
    this.#next = number % traffic.batches.length;
  }

  get hasBytes(): boolean {
    return this.#given < this.#batch.length;
  }

  /** Sends the next batch. */
  begin(): void {
    this.#quota.batches -= 1;
    this.#quota.waiting += 1;
    this.#batch = this.#traffic.batches[this.#next]!;
    this.#next = (this.#next + 1) % this.#traffic.batches.length;
    this.#given = 0;
    this.#taken = 0;
  }

  take(_bytes: Uint8Array, start: number, end: number): void {
    this.#taken += end - start;
    if (this.#taken < this.#traffic.replyBytes) return;
    if (this.#taken > this.#traffic.replyBytes) throw new Error("A client got too much");
    this.#quota.waiting -= 1;
    if (this.#quota.batches > 0) this.begin();
  }

  give(bytes: Uint8Array, start: number, end: number): number {
    const count = Math.min(this.#batch.length - this.#given, end - start);
    const isAll = this.#given === 0 && count === this.#batch.length;
    bytes.set(isAll ? this.#batch : this.#batch.subarray(this.#given, this.#given + count), start);
    this.#given += count;
    return count;
  }
}
