/**
 * Shows the sketch of hot keys the keys of requests as they come: of most it only counts how many there were.
 *
 * @module
 */
import { type HotKeys, KEY_BYTES_MAX } from "../observe/hot_keys.ts";
import type { RequestFrame } from "../protocol/protocol.ts";

/** One per cluster and worker. */
export class KeySampler {
  readonly #keys: HotKeys;
  /** Keys until the next one that is counted. */
  #until = 1;

  constructor(keys: HotKeys) {
    this.#keys = keys;
    this.#until = keys.gap();
  }

  /** A request has come, whose frame stands in `bytes`. */
  see(frame: RequestFrame, bytes: Uint8Array): void {
    if (frame.row === null || frame.refusal !== null) return;
    const count = frame.keyCount + (frame.extraKey < 0 ? 0 : 1);
    if (count === 0) return;
    this.#until -= count;
    if (this.#until <= 0) this.#count(frame, bytes, count);
  }

  /** At least one of the request's keys is to be counted. */
  #count(frame: RequestFrame, bytes: Uint8Array, count: number): void {
    while (this.#until <= 0) {
      this.#keys.count(keyAt(frame, bytes, count - 1 + this.#until));
      this.#until += this.#keys.gap();
    }
  }
}

function keyAt(frame: RequestFrame, bytes: Uint8Array, index: number): string {
  const { decodedKey } = frame;
  if (decodedKey !== null) return textOf(decodedKey, 0, decodedKey.length);
  const word = index < frame.keyCount ? frame.firstKey + index * frame.keyStep : frame.extraKey;
  return textOf(bytes, frame.argumentStart(word), frame.argumentEnd(word));
}

/** A character for each byte; spreading the bytes over arguments takes twice as long. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  const last = Math.min(end, start + KEY_BYTES_MAX);
  let text = "";
  for (let at = start; at < last; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
