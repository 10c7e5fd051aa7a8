/**
 * Sending what a protocol writes itself: requests that must not go out as the client wrote them, and fragments.
 *
 * @module
 */
import type { KeySelection, Protocol, RequestFrame } from "../protocol/protocol.ts";
import type { Exchange } from "../request/exchange.ts";
import type { BackendConnection } from "./connection.ts";

/** Sends a request as its backend shall see it; on refusal the receiver hears before this returns. */
export function sendRewritten(
  connection: BackendConnection,
  protocol: Protocol,
  exchange: Exchange,
  frame: RequestFrame,
  bytes: Uint8Array,
): void {
  if (!connection.admit(exchange, frame.end - frame.start)) return;
  const { log } = connection;
  const before = log.unwrittenBytes;
  protocol.writeRequest(frame, bytes, log);
  connection.enqueue(exchange, log.newest!, log.unwrittenBytes - before);
}

/** Sends the part of a split request that has the selected keys. */
export function sendFragment(
  connection: BackendConnection,
  protocol: Protocol,
  exchange: Exchange,
  frame: RequestFrame,
  bytes: Uint8Array,
  keys: KeySelection,
): void {
  if (!connection.admit(exchange, fragmentBytes(frame, keys))) return;
  const { log } = connection;
  const before = log.unwrittenBytes;
  protocol.writeFragment(frame, bytes, keys, log);
  connection.enqueue(exchange, log.newest!, log.unwrittenBytes - before);
}

/** A fragment's head, and the framing of one key, as far as admission counts them, bytes. */
const FRAMING_BYTES = 16;

/** The size of a fragment, a little rounded. */
function fragmentBytes(frame: RequestFrame, keys: KeySelection): number {
  let byteCount = FRAMING_BYTES;
  for (let key = keys.firstKey; key >= 0; key = keys.nextKey[key]!) {
    const word = frame.firstKey + key * frame.keyStep;
    const end = frame.argumentEnd(word + frame.keyStep - 1);
    byteCount += end - frame.argumentStart(word) + FRAMING_BYTES;
  }
  return byteCount;
}
