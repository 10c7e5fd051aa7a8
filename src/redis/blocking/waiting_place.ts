/**
 * Where the keys of a client that waits are: in a sharded pool that changes when servers come and go.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol/protocol.ts";
import { PLACES_DIFFER } from "../../router/common_place.ts";
import type { KeyPlacement } from "../../router/router.ts";

/** The keys of one request, kept while it waits. */
export class WaitingPlace {
  readonly #router: KeyPlacement;
  readonly #keys: Uint8Array[] = [];

  constructor(router: KeyPlacement, frame: RequestFrame, bytes: Uint8Array) {
    this.#router = router;
    for (let key = 0; key < frame.keyCount; key++) {
      this.#keep(frame, bytes, frame.firstKey + key * frame.keyStep);
    }
    if (frame.extraKey >= 0) this.#keep(frame, bytes, frame.extraKey);
  }

  /** The place that all keys share now, as `commonPlace` says it of a frame. */
  get current(): number {
    let common = -1;
    for (const key of this.#keys) {
      const place = this.#router.place(key, 0, key.length);
      if (place < 0) return place;
      if (common >= 0 && place !== common) return PLACES_DIFFER;
      common = place;
    }
    return common;
  }

  #keep(frame: RequestFrame, bytes: Uint8Array, word: number): void {
    this.#keys.push(bytes.slice(frame.argumentStart(word), frame.argumentEnd(word)));
  }
}
