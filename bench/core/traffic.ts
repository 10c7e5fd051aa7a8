/**
 * What clients ask and backends answer in the benchmark of the core: frames of constant length, so that the fakes do
 * next to nothing and what is measured is the proxy.
 *
 * @module
 */
import type { Operation, Suite } from "../rows.ts";
import { MGET_KEYS } from "../rows.ts";

const VALUE_BYTES = 32;
const KEYS = 1_000;
/**
 * From one key to the next. Some hashes put keys that differ in the last digit only at one server, and then a ring has
 * less to write and less to put in order than slots, which are spread evenly.
 */
const KEY_STEP = 619;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const value = "x".repeat(VALUE_BYTES);

/** One kind of request, with its reply. */
export interface Traffic {
  /** A client's batches of `pipeline` requests each, of other keys every time. */
  readonly batches: readonly Uint8Array[];
  /** Bytes of the replies to one batch. */
  readonly replyBytes: number;
  /** Makes a backend's end of a connection. */
  answers(): Answers;
}

/** A backend that has read `bytes`, and owes replies. */
export interface Answers {
  /** Takes whole requests. */
  take(bytes: Uint8Array, start: number, end: number): void;
  /** Bytes of replies that it owes. */
  readonly owed: number;
  /** Writes as much as there is room for into `bytes[start, end)`; returns how much. */
  give(bytes: Uint8Array, start: number, end: number): number;
}

/** What clients ask of a suite. */
export function trafficOf(suite: Suite, operation: Operation, pipeline: number): Traffic {
  if (operation === "mget") return mget(pipeline);
  const request = suite === "memcache" ? memcacheRequest : respRequest(operation);
  const batches = batchesOf(pipeline, request);
  const reply = suite === "memcache"
    ? `VALUE ${keyText(0)} 0 ${VALUE_BYTES}\r\n${value}\r\nEND\r\n`
    : operation === "get"
    ? `$${VALUE_BYTES}\r\n${value}\r\n`
    : "+OK\r\n";
  const requestBytes = request(0).length;
  return {
    batches,
    replyBytes: pipeline * reply.length,
    answers: () => new EqualAnswers(requestBytes, encoder.encode(reply)),
  };
}

function mget(pipeline: number): Traffic {
  const keyBytes = bulk(keyText(0)).length;
  const replyBytes = arrayHead(MGET_KEYS).length + MGET_KEYS * bulk(value).length;
  return {
    batches: batchesOf(pipeline, (index) => {
      const keys = Array.from({ length: MGET_KEYS }, (_, at) => bulk(keyText(7 * index + at)));
      return `${arrayHead(MGET_KEYS + 1)}${bulk("MGET")}${keys.join("")}`;
    }),
    replyBytes: pipeline * replyBytes,
    answers: () => new MgetAnswers(keyBytes),
  };
}

function batchesOf(pipeline: number, request: (index: number) => string): Uint8Array[] {
  const count = Math.max(4, Math.ceil(KEYS / pipeline));
  return Array.from({ length: count }, (_, batch) => {
    const requests = Array.from({ length: pipeline }, (_, at) => request(batch * pipeline + at));
    return encoder.encode(requests.join(""));
  });
}

function respRequest(operation: Operation): (index: number) => string {
  return operation === "get"
    ? (index) => `${arrayHead(2)}${bulk("GET")}${bulk(keyText(index))}`
    : (index) => `${arrayHead(3)}${bulk("SET")}${bulk(keyText(index))}${bulk(value)}`;
}

function memcacheRequest(index: number): string {
  return `get ${keyText(index)}\r\n`;
}

function keyText(index: number): string {
  return `key:${String((index * KEY_STEP) % KEYS).padStart(12, "0")}`;
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

function arrayHead(count: number): string {
  return `*${count}\r\n`;
}

/** Answers requests of one length by the same reply each. */
class EqualAnswers implements Answers {
  owed = 0;
  readonly #requestBytes: number;
  readonly #replyBytes: number;
  /** Many replies, one behind the other. */
  readonly #replies: Uint8Array;
  /** Where in a reply the next byte stands. */
  #position = 0;

  constructor(requestBytes: number, reply: Uint8Array) {
    this.#requestBytes = requestBytes;
    this.#replyBytes = reply.length;
    this.#replies = new Uint8Array(Math.ceil(128 * 1024 / reply.length) * reply.length);
    for (let at = 0; at < this.#replies.length; at += reply.length) this.#replies.set(reply, at);
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    const count = (end - start) / this.#requestBytes;
    if (!Number.isInteger(count)) {
      throw new Error(`Not whole requests: ${decoder.decode(bytes.subarray(start, end))}`);
    }
    this.owed += count * this.#replyBytes;
  }

  give(bytes: Uint8Array, start: number, end: number): number {
    const most = this.#replies.length - this.#replyBytes;
    const count = Math.min(this.owed, end - start, most);
    bytes.set(this.#replies.subarray(this.#position, this.#position + count), start);
    this.#position = (this.#position + count) % this.#replyBytes;
    this.owed -= count;
    return count;
  }
}

/** Answers MGETs of any number of keys. */
class MgetAnswers implements Answers {
  readonly #keyBytes: number;
  readonly #buffer = new Uint8Array(1024 * 1024);
  readonly #heads: Uint8Array[] = [];
  readonly #values = encoder.encode(bulk(value).repeat(MGET_KEYS));
  #from = 0;
  #to = 0;

  constructor(keyBytes: number) {
    this.#keyBytes = keyBytes;
    for (let count = 0; count <= MGET_KEYS; count++) {
      this.#heads.push(encoder.encode(arrayHead(count)));
    }
  }

  get owed(): number {
    return this.#to - this.#from;
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    const nameBytes = bulk("MGET").length;
    let position = start;
    while (position < end) {
      let words = 0;
      position += 1;
      while (bytes[position] !== 0x0d) words = 10 * words + bytes[position++]! - 0x30;
      position += 2 + nameBytes + (words - 1) * this.#keyBytes;
      this.#append(words - 1);
    }
    if (position !== end) throw new Error("Not whole requests");
  }

  give(bytes: Uint8Array, start: number, end: number): number {
    const count = Math.min(this.owed, end - start);
    bytes.set(this.#buffer.subarray(this.#from, this.#from + count), start);
    this.#from += count;
    if (this.#from === this.#to) this.#from = this.#to = 0;
    return count;
  }

  #append(keys: number): void {
    const head = this.#heads[keys]!;
    this.#buffer.set(head, this.#to);
    this.#to += head.length;
    const valueBytes = keys * this.#values.length / MGET_KEYS;
    this.#buffer.set(this.#values.subarray(0, valueBytes), this.#to);
    this.#to += valueBytes;
  }
}
