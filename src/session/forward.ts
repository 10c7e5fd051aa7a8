/**
 * Sending a whole request to one backend, and failing it: the plain path.
 *
 * @module
 */
import type { BackendConnection } from "../backend/connection.ts";
import { sendRewritten } from "../backend/send_written.ts";
import { HAND_OVER_BYTES } from "../bytes/chunk_pool.ts";
import type { Failure } from "../failure.ts";
import { CommandFlag, Merge } from "../protocol/command_table.ts";
import type { RequestFrame } from "../protocol/protocol.ts";
import type { Exchange } from "../request/exchange.ts";
import type { Request } from "../request/request.ts";
import type { DispatchSession } from "./dispatch.ts";
import type { SessionContext } from "./session_context.ts";

/** Sends the whole frame to the backend of `place`; the plain path. */
export function forward(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
  place: number,
): void {
  const { router, requests } = context;
  const isRead = (frame.row!.flags & CommandFlag.Read) !== 0;
  const connection = place < 0 ? null : router.connectionFor(place, isRead, session);
  const request = session.enqueue(frame.isQuiet);
  if (frame.operation >= 0) request.mark(frame);
  if (connection === null) {
    failUnsent(context, session, request, router.whyUnplaced(place));
    return;
  }
  if (frame.row!.merge !== Merge.None) {
    request.wholeRow = frame.row;
    request.keyCount = frame.keyCount;
  }
  const exchange = requests.takeExchange();
  exchange.begin(request, 0, place, isRead, session);
  exchange.measure(frame.row!, request.startedAtMs);
  const hasOwnErrors = (frame.row!.flags & CommandFlag.Script) !== 0;
  exchange.hasOwnErrors = hasOwnErrors;
  request.exchange = exchange;
  if (hasOwnErrors) context.local.beforeSend?.(connection, exchange, frame, bytes);
  if (frame.isRewritten || frame.end - frame.start > HAND_OVER_BYTES) {
    sendChanged(session, connection, exchange, frame, bytes);
  } else {
    connection.send(exchange, bytes, frame.start, frame.end);
  }
  if (connection.isCongested) session.sentOver(connection);
}

/** Sends a frame that its backend shall see otherwise, or that is too large to be copied. */
function sendChanged(
  session: DispatchSession,
  connection: BackendConnection,
  exchange: Exchange,
  frame: RequestFrame,
  bytes: Uint8Array,
): void {
  const { start, end } = frame;
  const isLarge = end - start > HAND_OVER_BYTES;
  if (frame.isRewritten && !(isLarge && session.dialect.rewriteInPlace?.(frame, bytes))) {
    return sendRewritten(connection, session.dialect, exchange, frame, bytes);
  }
  connection.sendOwned(exchange, session.buffer.handOver(end), start, end);
  frame.end = session.buffer.consumed;
}

/** Fails a request that no backend has seen, so that none counts it. */
export function failUnsent(
  context: SessionContext,
  session: DispatchSession,
  request: Request,
  failure: Failure,
): void {
  context.metrics.countFailure(failure);
  context.metrics.countFailed(context.frame.row);
  session.fail(request, failure, "");
}
