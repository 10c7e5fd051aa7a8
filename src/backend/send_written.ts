/**
 * Sending what is not the client's frame as it stands: requests and fragments that a protocol writes itself, and
 * requests that go out once more.
 *
 * @module
 */
import type { Dialect, KeySelection, RequestFrame } from "../protocol/protocol.ts";
import { type Exchange, ExchangeState } from "../request/exchange.ts";
import type { RequestPool } from "../request/pool.ts";
import type { BackendConnection } from "./connection.ts";

/** Sends a request as its backend shall see it; on refusal the receiver hears before this returns. */
export function sendRewritten(
  connection: BackendConnection,
  dialect: Dialect,
  exchange: Exchange,
  frame: RequestFrame,
  bytes: Uint8Array,
): void {
  if (!connection.admit(exchange, frame.end - frame.start)) return;
  const { log } = connection;
  const before = log.unwrittenBytes;
  dialect.writeRequest(frame, bytes, log);
  connection.enqueue(exchange, log.newest!, log.unwrittenBytes - before);
}

/** Sends the part of a split request that has the selected keys. */
export function sendFragment(
  connection: BackendConnection,
  dialect: Dialect,
  exchange: Exchange,
  frame: RequestFrame,
  bytes: Uint8Array,
  keys: KeySelection,
): void {
  if (!connection.admit(exchange, fragmentBytes(frame, keys))) return;
  const { log } = connection;
  const before = log.unwrittenBytes;
  dialect.writeFragment(frame, bytes, keys, log);
  connection.enqueue(exchange, log.newest!, log.unwrittenBytes - before);
}

/**
 * Sends the bytes of `former`, which was answered with a redirection, once more; for ASK with `preface`
 * (ASKING) right before it. Nothing can come between the two: they share a chunk, so that they are written,
 * failed and sent again together.
 */
export function sendAgain(
  connection: BackendConnection,
  requests: RequestPool,
  exchange: Exchange,
  former: Exchange,
  preface: Uint8Array | null,
): void {
  const byteCount = former.end - former.start;
  if (!connection.admit(exchange, byteCount)) return;
  const { log } = connection;
  if (preface !== null) {
    log.reserve(preface.length + byteCount);
    const prelude = requests.takeExchange();
    prelude.state = ExchangeState.Swallowed;
    prelude.isSent = false;
    connection.enqueue(prelude, log.append(preface, 0, preface.length), preface.length);
  }
  const chunk = log.append(former.chunk!.bytes, former.start, former.end);
  connection.enqueue(exchange, chunk, byteCount);
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
