/**
 * Keys of commands whose specifications do not tell all: which words they are, or what happens to them, follows from
 * options. As Redis tells clients that ask; where SORT and MIGRATE go is found by the same options.
 *
 * @module
 */
import type { RequestFrame } from "../../protocol.ts";
import type { KeyParserId } from "../commands/handlers.ts";
import type { KeySpecification } from "../commands/key_specifications.ts";
import { isAt, isEmpty, migrateOption, sortDestination } from "./option_keys.ts";
import { KeyProblem, type KeySearch, searchBy } from "./specified_keys.ts";

const encoder = new TextEncoder();
const GET = encoder.encode("get");
const OVERFLOW = encoder.encode("overflow");

const READ = ["RO", "access"];
const REPLACE = ["OW", "update"];
const CHANGE = ["RW", "access", "update"];
const TAKE = ["RW", "access", "delete"];

const KEY = 1;
/** The key of a MIGRATE of one. */
const MIGRATED_KEY = 3;
/** Where the options of SET begin. */
const SET_OPTIONS = 3;

/** What is no key though it has a specification: a channel. */
const NOT_A_KEY = "not_key";

/**
 * The search for the keys of a command with these specifications, as servers tell clients that ask.
 *
 * @param parser Who tells them where the specifications do not tell all; null: they do.
 * @returns Null where it has no keys.
 */
export function keySearchOf(
  specifications: readonly KeySpecification[],
  parser: KeyParserId | null,
): KeySearch | null {
  if (parser !== null) return parsers[parser];
  const keys = specifications.filter(({ flags }) => !flags.includes(NOT_A_KEY));
  return keys.length === 0 ? null : searchBy(keys);
}

/** The search for keys of each of these commands. */
const parsers: Readonly<Record<KeyParserId, KeySearch>> = {
  bitfield: {
    find(frame, bytes, taker) {
      taker.take(frame, KEY, 1, 1, onlyReads(frame, bytes) ? READ : CHANGE);
      return KeyProblem.None;
    },
  },
  migrate: {
    find(frame, bytes, taker) {
      const option = migrateOption(frame, bytes);
      if (option < 0) taker.take(frame, MIGRATED_KEY, 1, 1, TAKE);
      // With both forms at once it is none.
      else if (!isEmpty(frame, MIGRATED_KEY)) return KeyProblem.Missing;
      else taker.take(frame, option + 1, 1, frame.argumentCount - option - 1, TAKE);
      return KeyProblem.None;
    },
  },
  set: {
    find(frame, bytes, taker) {
      let returnsOld = false;
      for (let word = SET_OPTIONS; word < frame.argumentCount; word++) {
        if (isAt(frame, bytes, word, GET)) returnsOld = true;
      }
      taker.take(frame, KEY, 1, 1, returnsOld ? CHANGE : REPLACE);
      return KeyProblem.None;
    },
  },
  sort: {
    find(frame, bytes, taker) {
      taker.take(frame, KEY, 1, 1, READ);
      const destination = sortDestination(frame, bytes, 1);
      if (destination > 0) taker.take(frame, destination, 1, 1, REPLACE);
      return KeyProblem.None;
    },
  },
  sort_ro: {
    find(frame, _bytes, taker) {
      taker.take(frame, KEY, 1, 1, READ);
      return KeyProblem.None;
    },
  },
};

/** Whether a BITFIELD does nothing but GET; what cannot be read might write. */
function onlyReads(frame: RequestFrame, bytes: Uint8Array): boolean {
  let word = 2;
  while (word < frame.argumentCount) {
    const further = frame.argumentCount - word - 1;
    if (isAt(frame, bytes, word, GET) && further >= 2) word += 3;
    else if (isAt(frame, bytes, word, OVERFLOW) && further >= 1) word += 2;
    else return false;
  }
  return true;
}
