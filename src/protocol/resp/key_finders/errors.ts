/**
 * Redis's own errors for requests whose keys cannot be found.
 *
 * @module
 */
import { errorReply } from "../write/replies.ts";

/** What is said where more keys are declared than words follow. */
export const TOO_MANY_KEYS: Uint8Array = errorReply(
  "ERR Number of keys can't be greater than number of args",
);
/** What is said where fewer than no keys are declared. */
export const NEGATIVE_KEYS: Uint8Array = errorReply("ERR Number of keys can't be negative");
/** What EVALSHA says of a digest that is none. */
export const NO_SCRIPT: Uint8Array = errorReply(
  "NOSCRIPT No matching script. Please use EVAL.",
);
/** What EVALSHA says of a digest that is none, in the words of Valkey from 9.1 on. */
export const NO_SCRIPT_AT_VALKEY: Uint8Array = errorReply("NOSCRIPT No matching script.");
/** What blocking commands say of a timeout that is no number. */
export const BAD_TIMEOUT: Uint8Array = errorReply(
  "ERR timeout is not an integer or out of range",
);
/** What blocking commands say of a timeout below 0. */
export const NEGATIVE_TIMEOUT: Uint8Array = errorReply("ERR timeout is negative");
/** What commands with an optional LIMIT or COUNT say of a key count below 1. */
export const NO_KEYS: Uint8Array = errorReply("ERR numkeys should be greater than 0");
const UNBALANCED =
  "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.";
/** What XREAD says of keys and ids that do not pair. */
export const UNBALANCED_XREAD: Uint8Array = errorReply(UNBALANCED);
/** What XREADGROUP says of keys and ids that do not pair; later servers have other words for it. */
export const UNBALANCED_XREADGROUP: Uint8Array = errorReply(UNBALANCED);
/** What MSETEX says of a count of keys that is no number above 0. */
export const INVALID_KEY_COUNT: Uint8Array = errorReply("ERR invalid numkeys value");
/** What MSETEX says of more keys with values than words follow. */
export const BAD_PAIR_COUNT: Uint8Array = errorReply("ERR wrong number of key-value pairs");
