/**
 * Sending what a protocol writes itself: requests that must not go out as the client wrote them, and fragments.
 *
 * @module
 */
import { HAND_OVER_BYTES } from "../bytes/chunk_pool.ts";
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
  // The whole request bounds its fragment but for the new head, so the limit is kept to a few bytes.
  if (!connection.admit(exchange, Math.min(frame.end - frame.start, HAND_OVER_BYTES))) return;
  const { log } = connection;
  const before = log.unwrittenBytes;
  protocol.writeFragment(frame, bytes, keys, log);
  connection.enqueue(exchange, log.newest!, log.unwrittenBytes - before);
}
