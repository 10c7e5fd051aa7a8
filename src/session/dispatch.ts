/**
 * What a command's row asks for: to be forwarded, split, answered here or refused. Reads columns, never names.
 *
 * @module
 */
import type { ReceiveBuffer } from "../bytes/receive_buffer.ts";
import type { BackendConnection } from "../backend/connection.ts";
import { type Failure, failures } from "../failure.ts";
import { Action, CommandFlag } from "../protocol/command_table.ts";
import type { Dialect, RequestFrame } from "../protocol/protocol.ts";
import type { Request } from "../request/request.ts";
import { commonPlace, PLACES_DIFFER } from "../router/common_place.ts";
import { type LocalClient, Verdict } from "./stages.ts";
import { failUnsent, forward } from "./forward.ts";
import { Dispatched, type DispatchedCode, type LongDispatch } from "./long_dispatch.ts";
import { isPaused } from "./pause_check.ts";
import { mustAwaitServer } from "./server_check.ts";
import type { SessionContext } from "./session_context.ts";
import { dispatchToShards, failsWithoutShards, mustAwaitShards } from "./shards_dispatch.ts";
import { dispatchSplit } from "./split_dispatch.ts";
import type { WindowWaiter } from "./split_window.ts";

/** What dispatch needs of a session. */
export interface DispatchSession extends LocalClient, WindowWaiter {
  /** Unparsed bytes; the frame at hand is at their start. */
  readonly buffer: ReceiveBuffer;
  /** How the client speaks. */
  readonly dialect: Dialect;
  /** Takes a request into the reply queue. */
  enqueue(isQuiet: boolean): Request;
  /** The request at hand fails in its turn. */
  fail(request: Request, failure: Failure, address: string): void;
  /** A split request's fragment fails in its turn. */
  failFragment(request: Request, fragment: number, failure: Failure, address: string): void;
  /** Requests were sent over this connection; the session is held back while it is congested. */
  sentOver(connection: BackendConnection): void;
  /** Whether it is held back by a congested connection. */
  readonly isCongested: boolean;
  /** The request at hand takes several turns: it goes on in the next one, before anything behind it is parsed. */
  goOnLater(work: LongDispatch): DispatchedCode;
}

/**
 * Sends, splits, answers or refuses the frame at the start of the session's buffer. V8 makes one piece of code of short
 * functions that call each other, so the plain path stands alone, here and in what it calls.
 *
 * @returns What has become of it.
 */
export function dispatch(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
): DispatchedCode {
  const bytes = session.buffer.bytes;
  const row = frame.row;
  if (
    session.stage !== null || frame.refusal !== null || context.orders.isPausing || row === null
  ) {
    return dispatchChecked(context, session, frame, bytes);
  }
  const isPlain = row.action === Action.Forward || row.action === Action.Split;
  if (isPlain && frame.keyCount === 1 && frame.extraKey < 0) {
    forwardKey(context, session, frame, bytes);
    return Dispatched.Done;
  }
  return dispatchRow(context, session, frame, bytes);
}

/** Where somebody else has a say, or the frame is refused. */
function dispatchChecked(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
): DispatchedCode {
  if (frame.row === null && context.local.awaitsUnknown?.(session, frame, bytes)) {
    return Dispatched.Waits;
  }
  const stage = session.stage;
  if (stage !== null) {
    const verdict = stage.onRequest(session, frame, bytes);
    if (verdict !== Verdict.Pass) {
      return verdict === Verdict.Handled ? Dispatched.Done : Dispatched.Waits;
    }
  }
  const refusal = frame.refusal;
  if (refusal !== null) {
    if (context.local.takeRefused?.(session, frame, bytes)) return Dispatched.Done;
    const reply = context.local.inTheirWords?.(refusal) ?? refusal;
    session.reply(reply);
    return Dispatched.Done;
  }
  if (context.orders.isPausing && isPaused(context, frame, bytes)) {
    session.stage?.onPostponed?.();
    return Dispatched.Waits;
  }
  return dispatchRow(context, session, frame, bytes);
}

/** Does what the frame's row says. */
function dispatchRow(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
): DispatchedCode {
  const row = frame.row!;
  if (row.action === Action.Forward) {
    if (frame.keyCount === 1 && frame.extraKey < 0) forwardKey(context, session, frame, bytes);
    else forwardKeys(context, session, frame, bytes);
  } else if (row.action === Action.Split) {
    if (frame.keyCount === 1) forwardKey(context, session, frame, bytes);
    else return dispatchSplit(context, session, frame, bytes);
  } else if (row.action === Action.EveryShard) {
    if (awaitsServer(context, session, frame, bytes)) return Dispatched.Waits;
    return dispatchToShards(context, session, frame, bytes);
  } else if (row.action === Action.ForwardApart) {
    return forwardApart(context, session, frame, bytes);
  } else {
    if ((row.flags & CommandFlag.Barrier) !== 0 && session.hasRequestsInFlight) {
      return Dispatched.Waits;
    }
    if ((row.flags & CommandFlag.AllShards) !== 0) {
      if (mustAwaitShards(context, session)) return Dispatched.Waits;
      if (failsWithoutShards(context, session, frame)) return Dispatched.Done;
    }
    if (awaitsServer(context, session, frame, bytes)) return Dispatched.Waits;
    if (!context.local.answer(session, frame, bytes)) {
      session.stage?.onPostponed?.();
      return Dispatched.Waits;
    }
  }
  return Dispatched.Done;
}

/** Whether the request waits for its server, as those do that are forwarded. */
function awaitsServer(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
): boolean {
  if (!mustAwaitServer(context, session, frame, bytes)) return false;
  session.stage?.onPostponed?.();
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

/** Over connections of another kind than those of the client's earlier requests, which must be answered first. */
function forwardApart(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
): DispatchedCode {
  const profiles = session.dialect.profilesApart!;
  if (session.profiles !== profiles) {
    if (session.hasRequestsInFlight) return Dispatched.Waits;
    session.profiles = profiles;
  }
  const key = frame.decodedKey;
  if (key === null) forwardKey(context, session, frame, bytes);
  else forward(context, session, frame, bytes, context.router.place(key, 0, key.length));
  return Dispatched.Done;
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
    failUnsent(context, session, session.enqueue(frame.isQuiet), failures.keysApart);
  } else forward(context, session, frame, bytes, place);
}
