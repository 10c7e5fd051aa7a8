/**
 * The keys and values that a row works on: written through the proxy that is measured next, and
 * looked at through it before and after. Every value names its key, so a value that answers for
 * another key shows.
 *
 * @module
 */
import { RespClient, type RespValue } from "../tests/support/clients/resp_client.ts";
import { MemcacheClient } from "./memcache_client.ts";
import type { Suite } from "./rows.ts";

/** Bytes of requests that are written before their replies are read. */
const BATCH_BYTES = 256 * 1024;

/** Keys that are looked at before and after a run. */
const SAMPLE_KEYS = 100;

/** Longest wait for a batch on a loaded machine, in milliseconds. */
const DEADLINE_MS = 30_000;

/** Digits of the number in a key; redis-benchmark's. */
export const KEY_DIGITS = 12;

/** What stands before the number in a key; redis-benchmark's. */
export const KEY_PREFIX = "key:";

const encoder = new TextEncoder();

/** The key with this number, as redis-benchmark writes it. */
export function keyOf(index: number): string {
  return KEY_PREFIX + String(index).padStart(KEY_DIGITS, "0");
}

/** The value of that key: the key again and again, cut to `valueBytes`. */
export function valueOf(index: number, valueBytes: number): Uint8Array {
  const unit = `${keyOf(index)};`;
  return encoder.encode(unit.repeat(Math.ceil(valueBytes / unit.length)).slice(0, valueBytes));
}

/** The keys and values of one row, behind one proxy. */
export class DataSet {
  readonly #port: number;
  readonly #suite: Suite;
  readonly #keys: number;
  readonly #valueBytes: number;

  constructor(port: number, suite: Suite, keys: number, valueBytes: number) {
    this.#port = port;
    this.#suite = suite;
    this.#keys = keys;
    this.#valueBytes = valueBytes;
  }

  /**
   * Writes all keys through the proxy.
   *
   * @throws {Error} If a write is not acknowledged.
   */
  async write(): Promise<void> {
    const batchKeys = Math.max(1, Math.floor(BATCH_BYTES / this.#valueBytes));
    const perBatch = Math.min(batchKeys, SAMPLE_KEYS * 5);
    const batches = Array.from(
      { length: Math.ceil(this.#keys / perBatch) },
      (_, batch) => this.#indices(batch * perBatch, perBatch),
    );
    if (this.#suite === "memcache") await this.#writeMemcache(batches);
    else await this.#writeRedis(batches);
  }

  #indices(first: number, count: number): number[] {
    const end = Math.min(first + count, this.#keys);
    return Array.from({ length: end - first }, (_, offset) => first + offset);
  }

  async #writeRedis(batches: readonly number[][]): Promise<void> {
    using client = await RespClient.connect({ port: this.#port, deadlineMs: DEADLINE_MS });
    for (const batch of batches) {
      const replies = await client.pipeline(
        batch.map((index) => ["SET", keyOf(index), valueOf(index, this.#valueBytes)]),
      );
      const wrong = replies.find((reply) => reply !== "OK");
      if (wrong !== undefined) throw new Error(`SET was answered by ${String(wrong)}`);
    }
  }

  async #writeMemcache(batches: readonly number[][]): Promise<void> {
    using client = await MemcacheClient.connect(this.#port);
    for (const batch of batches) {
      await client.setAll(
        batch.map((index) => ({ key: keyOf(index), value: valueOf(index, this.#valueBytes) })),
      );
    }
  }

  /**
   * Reads a sample of the keys through the proxy.
   *
   * @param isOverwritten Whether the load wrote its own values, of which only the length is known.
   * @returns What is wrong, or null.
   */
  async findWrong(isOverwritten: boolean): Promise<string | null> {
    const step = Math.max(1, Math.floor(this.#keys / SAMPLE_KEYS));
    const indices = this.#indices(0, this.#keys).filter((index) => index % step === 0);
    const values = this.#suite === "memcache"
      ? await this.#readMemcache(indices)
      : await this.#readRedis(indices);
    for (const [position, index] of indices.entries()) {
      const value = values[position];
      if (!(value instanceof Uint8Array)) return `${keyOf(index)} was answered by ${value}`;
      if (value.length !== this.#valueBytes) return `${keyOf(index)} has ${value.length} bytes`;
      const isRight = isOverwritten || areEqual(value, valueOf(index, this.#valueBytes));
      if (!isRight) return `${keyOf(index)} has another key's value`;
    }
    return null;
  }

  async #readRedis(indices: readonly number[]): Promise<RespValue[]> {
    using client = await RespClient.connect({
      port: this.#port,
      bytes: true,
      deadlineMs: DEADLINE_MS,
    });
    return await client.pipeline(indices.map((index) => ["GET", keyOf(index)]));
  }

  async #readMemcache(indices: readonly number[]): Promise<(Uint8Array | null)[]> {
    using client = await MemcacheClient.connect(this.#port);
    const values: (Uint8Array | null)[] = [];
    for (const index of indices) values.push(await client.get(keyOf(index)));
    return values;
  }
}

function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
