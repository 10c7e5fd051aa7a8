/**
 * Sending a request to every shard: as many fragments as there are shards, so it waits while too many are in flight.
 *
 * @module
 */
import { sendRewritten } from "../backend/send_written.ts";
import { failures } from "../failure.ts";
import { CommandFlag } from "../protocol/command_table.ts";
import type { RequestFrame } from "../protocol/protocol.ts";
import { Fragment } from "../request/request.ts";
import { NO_PLACE, ShardsState } from "../router/router.ts";
import type { DispatchSession } from "./dispatch.ts";
import { failUnsent } from "./forward.ts";
import { Dispatched, type DispatchedCode, keepFrame, type LongDispatch } from "./long_dispatch.ts";
import { isPaused } from "./pause_check.ts";
import type { SessionContext } from "./session_context.ts";

/** Whether a request to all shards is to be shown again, once it is known which they are. */
export function mustAwaitShards(context: SessionContext, session: DispatchSession): boolean {
  if (context.router.shardsState !== ShardsState.Awaited) return false;
  session.stage?.onPostponed?.();
  return true;
}

/** What only reads fails where it could count keys twice; what changes all keys may reach a server too many. */
export function failsWithoutShards(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
): boolean {
  if (context.router.shardsState !== ShardsState.Unknown) return false;
  if ((frame.row!.flags & CommandFlag.Read) === 0) return false;
  failUnsent(context, session, session.enqueue(frame.isQuiet), failures.topologyChanging);
  return true;
}

/** Sends the frame at the start of the session's buffer to each shard, at once if there is room. */
export function dispatchToShards(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
): DispatchedCode {
  if (mustAwaitShards(context, session)) return Dispatched.Waits;
  if (context.fanOut.window.isFull) {
    return session.goOnLater(new ShardsDispatch(context, session, frame));
  }
  send(context, session, frame, bytes);
  return Dispatched.Done;
}

/** One that waits for room. */
class ShardsDispatch implements LongDispatch {
  readonly isEnqueued = false;
  readonly #context: SessionContext;
  readonly #session: DispatchSession;
  readonly #frame: RequestFrame;

  constructor(context: SessionContext, session: DispatchSession, frame: RequestFrame) {
    this.#context = context;
    this.#session = session;
    this.#frame = keepFrame(frame);
  }

  get frameEnd(): number {
    return this.#frame.end;
  }

  goOn(bytes: Uint8Array, start: number): DispatchedCode {
    const { window } = this.#context.fanOut;
    const frame = this.#frame;
    if (window.isFull) {
      window.wait(this.#session);
      return Dispatched.GoesOn;
    }
    // Whoever waits for a map is asked to go on when there is one.
    if (this.#context.router.shardsState === ShardsState.Awaited) return Dispatched.GoesOn;
    // So is whoever waits for the end of a pause.
    if (this.#context.orders.isPausing && isPaused(this.#context, frame, bytes)) {
      return Dispatched.GoesOn;
    }
    frame.end += start - frame.start;
    frame.start = start;
    send(this.#context, this.#session, frame, bytes);
    return Dispatched.Done;
  }

  abandon(): void {}
}

/** Sends the whole frame to each shard. With one shard its reply is the reply. */
function send(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
): void {
  if (failsWithoutShards(context, session, frame)) return;
  const { router, requests, fanOut } = context;
  const isWrite = (frame.row!.flags & CommandFlag.Write) !== 0;
  // What changes all keys must not leave out those of a server that is to return.
  const shards = isWrite ? router.allShards() : router.shards();
  context.engine.flushQueue.budget.done += shards.length;
  const request = session.enqueue(frame.isQuiet);
  if (frame.operation >= 0) request.mark(frame);
  if (shards.length === 0) {
    return failUnsent(context, session, request, router.whyUnplaced(NO_PLACE));
  }
  const parts = shards.length === 1 ? null : shards.map(() => new Fragment(NO_PLACE, 0));
  request.split = parts === null ? null : {
    row: frame.row!,
    keyCount: 0,
    fragmentOfKey: NO_KEYS,
    keyMarks: null,
    parts,
    due: parts.length,
    hasFailed: false,
    keptBytes: 0,
    window: null,
    takenBytes: 0,
  };
  const isRead = (frame.row!.flags & CommandFlag.Read) !== 0;
  // The array is a new one: a send that fails at once may recycle the request meanwhile.
  for (let index = 0; index < shards.length; index++) {
    const exchange = requests.takeExchange();
    // No redirection fits the place of what goes to every shard.
    exchange.begin(request, index, NO_PLACE, isRead, session);
    exchange.measure(frame.row!, request.startedAtMs);
    fanOut.window.enter(exchange);
    if (parts === null) request.exchange = exchange;
    else parts[index]!.exchange = exchange;
    const connection = shards[index]!.connectionFor(session.number, session.profiles.master);
    if (frame.isRewritten) sendRewritten(connection, session.dialect, exchange, frame, bytes);
    else connection.send(exchange, bytes, frame.start, frame.end);
    if (connection.isCongested) session.sentOver(connection);
  }
}

const NO_KEYS = new Int32Array(0);
