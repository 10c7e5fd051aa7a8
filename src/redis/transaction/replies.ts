/**
 * What the proxy itself says of transactions, in Redis's words where Redis has some.
 *
 * @module
 */
import { startsWith } from "../../bytes/starts_with.ts";
import { errorReply, statusReply } from "../../protocol/resp/write/replies.ts";

const encoder = new TextEncoder();

/** A request is part of the transaction. */
export const QUEUED: Uint8Array = statusReply("QUEUED");
/** A request was refused before. */
export const EXEC_ABORT: Uint8Array = errorReply(
  "EXECABORT Transaction discarded because of previous errors.",
);
/** The slot of the transaction moved before EXEC. */
export const EXEC_MOVED: Uint8Array = errorReply(
  "EXECABORT Transaction discarded: its slot has moved to another server; try again",
);
/** The slot of a request moved before it was queued. */
export const QUEUE_MOVED: Uint8Array = errorReply(
  "TRYAGAIN the slot moves to another server, so EXEC will abort; try again",
);
/** The slot of watched keys moves. */
export const WATCH_MOVED: Uint8Array = errorReply(
  "TRYAGAIN the slot of the watched keys moves to another server; try again",
);
/** Keys of two servers. */
export const KEYS_APART: Uint8Array = errorReply(
  "CROSSSLOT Keys in request don't hash to the same slot: all keys of a transaction must be on one " +
    "server; a common hash tag keeps them together",
);
/** MULTI inside MULTI. */
export const NESTED: Uint8Array = errorReply("ERR MULTI calls can not be nested");
/** WATCH inside MULTI. */
export const WATCH_INSIDE: Uint8Array = errorReply("ERR WATCH inside MULTI is not allowed");
/** EXEC outside of MULTI. */
export const EXEC_OUTSIDE: Uint8Array = errorReply("ERR EXEC without MULTI");
/** DISCARD outside of MULTI. */
export const DISCARD_OUTSIDE: Uint8Array = errorReply("ERR DISCARD without MULTI");
/** SELECT of a database that the proxy has no connections for. */
export const OUT_OF_RANGE: Uint8Array = errorReply("ERR DB index is out of range");
/** SELECT between WATCH and MULTI. */
export const SELECT_WATCHING: Uint8Array = errorReply(
  "ERR SELECT between WATCH and MULTI is not supported: the watched keys are in another database",
);

/** EXEC did not run, as a watched key has changed; `version` of RESP. */
export function execNull(version: 2 | 3): Uint8Array {
  return version === 3 ? NULL : NULL_ARRAY;
}

/** Whether an error reply says that a transaction was discarded. */
export function isExecAbort(bytes: Uint8Array, start: number): boolean {
  return startsWith(bytes, start, bytes.length, EXEC_ABORT_CODE);
}

const EXEC_ABORT_CODE = encoder.encode("-EXECABORT");
const NULL = encoder.encode("_\r\n");
const NULL_ARRAY = encoder.encode("*-1\r\n");
