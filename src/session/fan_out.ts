/**
 * Groups the keys of a request by place, so many in a fragment. The scratch arrays are shared by all sessions of a cluster and grow
 * with the largest request seen.
 *
 * @module
 */
import { keyMark } from "../bytes/key_mark.ts";
import { Merge } from "../protocol/command_table.ts";
import type { KeySelection, RequestFrame } from "../protocol/protocol.ts";
import { Fragment, type Split } from "../request/request.ts";
import type { KeyPlacement } from "../router/router.ts";
import { SplitWindow } from "./split_window.ts";

/** Entries of the scratch arrays at the start. */
const FIRST_KEYS = 1024;
const FIRST_PLACES = 16_384;
/** Keys of one fragment: a server that is asked for more at once keeps everybody else waiting meanwhile. */
export const FRAGMENT_KEYS_MAX = 4_096;
/** Last stamp before they begin anew: the arrays hold 31 bits and a sign. */
const STAMP_MAX = 2 ** 31 - 1;

/** One per cluster and worker. */
export class FanOut implements KeySelection {
  /** How much split requests have under way. */
  readonly window: SplitWindow = new SplitWindow();
  /** The selection that {@link FanOut.select} made. */
  firstKey = 0;
  keyCount = 0;
  nextKey: Int32Array = new Int32Array(FIRST_KEYS);
  /** Fragment of each place in the request at hand; valid where the stamp is current. */
  #fragmentOfPlace: Int32Array = new Int32Array(FIRST_PLACES);
  #stampOfPlace: Int32Array = new Int32Array(FIRST_PLACES);
  #stamp: number;

  /** @param firstStamp Where stamps begin, 0 to {@link STAMP_MAX}; no call shows it. */
  constructor(firstStamp = 0) {
    this.#stamp = firstStamp;
  }

  /**
   * Groups the keys into fragments, in the order in which places first occur.
   *
   * @returns The split, or null where no backend is left.
   */
  split(frame: RequestFrame, bytes: Uint8Array, router: KeyPlacement): Split | null {
    const split = this.open(frame);
    if (!this.addKeys(split, frame, bytes, router, 0, frame.keyCount)) return null;
    split.due = split.parts.length;
    return split;
  }

  /** Begins a split that {@link FanOut.addKeys} fills. Until it is sent this object must make no other one. */
  open(frame: RequestFrame): Split {
    const { row, keyCount } = frame;
    if (this.nextKey.length < keyCount) this.nextKey = new Int32Array(keyCount * 2);
    this.#nextStamp();
    return {
      row: row!,
      keyCount,
      fragmentOfKey: new Int32Array(keyCount),
      keyMarks: row!.merge === Merge.Values ? new Int32Array(keyCount) : null,
      parts: [],
      due: 0,
      hasFailed: false,
      keptBytes: 0,
      window: null,
      takenBytes: 0,
    };
  }

  /** Groups the keys from `from` to before `to`; false where no backend is left. */
  addKeys(
    split: Split,
    frame: RequestFrame,
    bytes: Uint8Array,
    router: KeyPlacement,
    from: number,
    to: number,
  ): boolean {
    const { fragmentOfKey, keyMarks, parts } = split;
    const isLimited = frame.fragmentBytesMax !== 0;
    for (let key = from; key < to; key++) {
      const word = frame.firstKey + key * frame.keyStep;
      const keyStart = frame.argumentStart(word);
      const keyEnd = frame.argumentEnd(word);
      const place = router.place(bytes, keyStart, keyEnd);
      if (place < 0) return false;
      if (keyMarks !== null) keyMarks[key] = keyMark(bytes, keyStart, keyEnd);
      const byteCount = keyEnd - keyStart + 1;
      if (isLimited) this.#closeIfFull(place, parts, byteCount, frame.fragmentBytesMax);
      const fragment = this.#assign(key, place, parts);
      if (isLimited) parts[fragment]!.keyBytes += byteCount;
      fragmentOfKey[key] = fragment;
    }
    return true;
  }

  /** Makes this object the selection of one fragment of the split just made. */
  select(fragment: Fragment): void {
    this.firstKey = fragment.firstKey;
    this.keyCount = fragment.keyCount;
  }

  #nextStamp(): void {
    if (this.#stamp === STAMP_MAX) {
      this.#stampOfPlace.fill(0);
      this.#stamp = 0;
    }
    this.#stamp += 1;
  }

  #assign(key: number, place: number, parts: Fragment[]): number {
    this.nextKey[key] = -1;
    if (place >= this.#stampOfPlace.length) this.#growPlaces(place);
    if (this.#stampOfPlace[place] === this.#stamp) {
      const index = this.#fragmentOfPlace[place]!;
      const fragment = parts[index]!;
      if (fragment.keyCount < FRAGMENT_KEYS_MAX) {
        this.nextKey[fragment.lastKey] = key;
        fragment.lastKey = key;
        fragment.keyCount += 1;
        return index;
      }
    }
    this.#stampOfPlace[place] = this.#stamp;
    this.#fragmentOfPlace[place] = parts.length;
    parts.push(new Fragment(place, key));
    return parts.length - 1;
  }

  /** Has the next key of this place begin another fragment if its bytes are too many for the one at hand. */
  #closeIfFull(place: number, parts: readonly Fragment[], byteCount: number, most: number): void {
    if (this.#stampOfPlace[place] !== this.#stamp) return;
    const fragment = parts[this.#fragmentOfPlace[place]!]!;
    if (fragment.keyBytes + byteCount > most) this.#stampOfPlace[place] = 0;
  }

  #growPlaces(place: number): void {
    const stamps = new Int32Array(place * 2);
    stamps.set(this.#stampOfPlace);
    this.#stampOfPlace = stamps;
    const fragments = new Int32Array(place * 2);
    fragments.set(this.#fragmentOfPlace);
    this.#fragmentOfPlace = fragments;
  }
}
