/**
 * The keys of a request one by one, for whoever looks at each.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol/protocol.ts";
import type { KeyTaker } from "../../protocol/resp/key_finders/specified_keys.ts";

/** A key of a request. */
export interface FoundKey {
  /** Which word it is. */
  readonly word: number;
  /** What happens to it, in the words of a key specification: `RW access update`. */
  readonly flags: readonly string[];
}

/** Takes the keys that a search finds. */
export class KeyList implements KeyTaker {
  readonly found: FoundKey[] = [];

  take(
    _frame: RequestFrame,
    first: number,
    step: number,
    count: number,
    flags: readonly string[],
  ): void {
    for (let key = 0; key < count; key++) this.found.push({ word: first + key * step, flags });
  }
}
