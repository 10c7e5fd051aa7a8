/**
 * What a command's row asks for: to be forwarded, split, answered here or refused. Reads columns, never names.
 *
 * @module
 */
import { HAND_OVER_BYTES } from "../bytes/chunk_pool.ts";
import type { ReceiveBuffer } from "../bytes/receive_buffer.ts";
import type { BackendConnection } from "../backend/connection.ts";
import { sendFragment, sendRewritten } from "../backend/send_written.ts";
import { type Failure, failures } from "../failure.ts";
import { Action, CommandFlag, Merge } from "../protocol/command_table.ts";
import type { RequestFrame } from "../protocol/protocol.ts";
import { Fragment, type Request, type Split } from "../request/request.ts";
import { commonPlace, PLACES_DIFFER } from "../router/common_place.ts";
import { type LocalClient, Verdict } from "./features.ts";
import type { SessionContext } from "./session_context.ts";

/** What dispatch needs of a session. */
export interface DispatchSession extends LocalClient {
  /** Unparsed bytes; the frame at hand is at their start. */
  readonly buffer: ReceiveBuffer;
  /** Takes a request into the reply queue. */
  enqueue(isQuiet: boolean): Request;
  /** The request at hand fails in its turn. */
  fail(request: Request, failure: Failure, address: string): void;
  /** A split request's fragment fails in its turn. */
  failFragment(request: Request, fragment: number, failure: Failure, address: string): void;
  /** Requests were sent over this connection; the session is held back while it is congested. */
  sentOver(connection: BackendConnection): void;
}

/**
 * Sends, splits, answers or refuses the frame at the start of the session's buffer.
 *
 * @returns False where the request must wait until all earlier ones are answered.
 */
export function dispatch(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
): boolean {
  const bytes = session.buffer.bytes;
  const guard = session.guard;
  if (guard !== null) {
    const verdict = guard.admit(session, frame, bytes);
    if (verdict !== Verdict.Pass) return verdict === Verdict.Handled;
  }
  const refusal = frame.refusal;
  if (refusal !== null) {
    if (context.local.takeRefused?.(session, frame, bytes)) return true;
    context.metrics.errorReplies += 1;
    session.reply(refusal, 0, refusal.length);
    return true;
  }
  const row = frame.row!;
  if (row.action === Action.Forward) {
    if (frame.keyCount === 1 && frame.extraKey < 0) forwardKey(context, session, frame, bytes);
    else forwardKeys(context, session, frame, bytes);
  } else if (row.action === Action.Split) {
    if (frame.keyCount === 1) forwardKey(context, session, frame, bytes);
    else split(context, session, frame, bytes);
  } else if (row.action === Action.EveryShard) {
    sendToEveryShard(context, session, frame, bytes);
  } else {
    if ((row.flags & CommandFlag.Barrier) !== 0 && session.hasRequestsInFlight) return false;
    context.local.answer(session, frame, bytes);
  }
  return true;
}

function forwardKey(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
): void {
  const key = 2 * frame.firstKey;
  const start = frame.start;
  const offsets = frame.offsets;
  const place = context.router.place(bytes, start + offsets[key]!, start + offsets[key + 1]!);
  forward(context, session, frame, bytes, place);
}

function forwardKeys(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
): void {
  const { router } = context;
  const isKeyless = frame.keyCount === 0 && frame.extraKey < 0;
  const place = isKeyless ? router.anyPlace() : commonPlace(frame, bytes, router);
  if (place === PLACES_DIFFER) {
    fail(context, session, session.enqueue(frame.isQuiet), failures.keysApart);
  } else forward(context, session, frame, bytes, place);
}

/** Sends the whole frame to the backend of `place`; the plain path. */
function forward(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
  place: number,
): void {
  const { router, requests } = context;
  const isRead = (frame.row!.flags & CommandFlag.Read) !== 0;
  const backend = place < 0 ? null : router.backendAt(place, isRead, session);
  const request = session.enqueue(frame.isQuiet);
  if (backend === null) {
    fail(context, session, request, router.unplaced);
    return;
  }
  if (frame.row!.merge === Merge.Elements) {
    request.wholeRow = frame.row;
    request.keyCount = frame.keyCount;
  }
  const exchange = requests.takeExchange();
  exchange.begin(request, 0, place, isRead, session);
  const isScript = (frame.row!.flags & CommandFlag.Script) !== 0;
  exchange.isScript = isScript;
  request.exchange = exchange;
  const connection = backend.connectionFor(session.number, router.profile);
  if (isScript) context.local.beforeScript?.(connection, exchange, frame, bytes);
  if (frame.isRewritten) {
    sendRewritten(connection, context.protocol, exchange, frame, bytes);
  } else if (frame.end - frame.start > HAND_OVER_BYTES) {
    const { start, end } = frame;
    connection.sendOwned(exchange, session.buffer.handOver(end), start, end);
    frame.end = session.buffer.consumed;
  } else {
    connection.send(exchange, bytes, frame.start, frame.end);
  }
  if (connection.isCongested) session.sentOver(connection);
}

function split(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
): void {
  const { router, fanOut } = context;
  const parts = fanOut.split(frame, bytes, router);
  if (parts === null) {
    fail(context, session, session.enqueue(frame.isQuiet), router.unplaced);
  } else if (parts.parts.length > 1 && context.isAtomic) {
    fail(context, session, session.enqueue(frame.isQuiet), failures.keysApart);
  } else if (parts.parts.length === 1) {
    forward(context, session, frame, bytes, parts.parts[0]!.place);
  } else {
    const request = session.enqueue(frame.isQuiet);
    request.split = parts;
    sendFragments(context, session, frame, bytes, request, parts);
  }
}

function sendFragments(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
  request: Request,
  split: Split,
): void {
  const { router, fanOut, requests } = context;
  const isRead = (frame.row!.flags & CommandFlag.Read) !== 0;
  const parts = split.parts;
  // The count is taken first: a request whose last fragment fails at once is recycled within the loop.
  for (let index = 0, count = parts.length; index < count; index++) {
    const fragment = parts[index]!;
    const backend = router.backendAt(fragment.place, isRead, session);
    if (backend === null) {
      context.metrics.countFailure(router.unplaced);
      session.failFragment(request, index, router.unplaced, "");
      continue;
    }
    const exchange = requests.takeExchange();
    exchange.begin(request, index, fragment.place, isRead, session);
    fragment.exchange = exchange;
    fanOut.select(fragment);
    const connection = backend.connectionFor(session.number, router.profile);
    sendFragment(connection, context.protocol, exchange, frame, bytes, fanOut);
    if (connection.isCongested) session.sentOver(connection);
  }
}

/** Sends the whole frame to each shard. With one shard its reply is the reply. */
function sendToEveryShard(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
): void {
  const { router, requests } = context;
  const isWrite = (frame.row!.flags & CommandFlag.Write) !== 0;
  // What changes all keys must not leave out those of a server that is to return.
  const shards = isWrite ? router.allShards() : router.shards();
  const request = session.enqueue(frame.isQuiet);
  if (shards.length === 0) return fail(context, session, request, router.unplaced);
  const parts = shards.length === 1 ? null : shards.map(() => new Fragment(NO_PLACE, 0));
  request.split = parts === null ? null : {
    row: frame.row!,
    keyCount: 0,
    fragmentOfKey: NO_KEYS,
    keyMarks: null,
    parts,
    due: parts.length,
    keptBytes: 0,
  };
  const isRead = (frame.row!.flags & CommandFlag.Read) !== 0;
  // The array is a new one: a send that fails at once may recycle the request meanwhile.
  for (let index = 0; index < shards.length; index++) {
    const exchange = requests.takeExchange();
    exchange.begin(request, index, NO_PLACE, isRead, session);
    if (parts === null) request.exchange = exchange;
    else parts[index]!.exchange = exchange;
    const connection = shards[index]!.connectionFor(session.number, session.profiles.master);
    if (frame.isRewritten) sendRewritten(connection, context.protocol, exchange, frame, bytes);
    else connection.send(exchange, bytes, frame.start, frame.end);
    if (connection.isCongested) session.sentOver(connection);
  }
}

/** No redirection fits the place of what goes to every shard. */
const NO_PLACE = -1;
const NO_KEYS = new Int32Array(0);

/** No backend has seen the request, so none counts its failure. */
function fail(
  context: SessionContext,
  session: DispatchSession,
  request: Request,
  failure: Failure,
): void {
  context.metrics.countFailure(failure);
  session.fail(request, failure, "");
}
