/**
 * Sending a split request: its keys grouped by place, a fragment for each. One of few keys is sent at once. One of
 * many takes several turns, and others have theirs in between:
 *
 * ```text
 *   wait for memory ─► group the keys ─► take a place in the reply queue ─► send fragments ─► done
 *                        some each turn                                       some each turn, as there is room
 * ```
 *
 * Meanwhile its frame stays at the start of its client's buffer, and nothing behind it is parsed.
 *
 * @module
 */
import { sendFragment } from "../backend/send_written.ts";
import { failures } from "../failure.ts";
import { KEYS_PER_PIECE } from "../net/turn_budget.ts";
import { CommandFlag } from "../protocol/command_table.ts";
import type { RequestFrame } from "../protocol/protocol.ts";
import type { Fragment, Request, Split } from "../request/request.ts";
import { NO_PLACE } from "../router/router.ts";
import type { DispatchSession } from "./dispatch.ts";
import { FanOut } from "./fan_out.ts";
import { failUnsent, forward } from "./forward.ts";
import { Dispatched, type DispatchedCode, keepFrame, type LongDispatch } from "./long_dispatch.ts";
import type { SessionContext } from "./session_context.ts";
import { splitBytes } from "./split_window.ts";

/** A request of more keys takes several turns. */
export const KEYS_AT_ONCE_MAX = 1_000;
/** Places that keys can have: more than any ring has servers, and the slots of a Redis Cluster. */
const PLACES_MAX = 16_384;
/** Keys that are grouped between two looks at the budget. */
const KEYS_PER_LOOK = 64 * KEYS_PER_PIECE;

/** Splits and sends the frame at the start of the session's buffer, at once if it is short and there is room. */
export function dispatchSplit(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
): DispatchedCode {
  const { router, fanOut } = context;
  const { window } = fanOut;
  if (frame.keyCount > KEYS_AT_ONCE_MAX || window.isFull) {
    return session.goOnLater(new SplitDispatch(context, session, frame));
  }
  const split = fanOut.split(frame, bytes, router);
  context.engine.flushQueue.budget.done += Math.ceil(frame.keyCount / KEYS_PER_PIECE);
  const request = begin(context, session, frame, bytes, split);
  if (request === null) return Dispatched.Done;
  const { parts } = split!;
  context.engine.flushQueue.budget.done += parts.length;
  // The count is taken first: a request whose last fragment fails at once is recycled within the loop.
  for (let index = 0, count = parts.length; index < count; index++) {
    sendPart(context, session, frame, bytes, request, parts[index]!, index, fanOut);
  }
  return Dispatched.Done;
}

/** Gives a split request its place; null where there is nothing to send by fragments: it was sent whole, or failed. */
function begin(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
  split: Split | null,
): Request | null {
  if (split === null) {
    failUnsent(
      context,
      session,
      session.enqueue(frame.isQuiet),
      context.router.whyUnplaced(NO_PLACE),
    );
    return null;
  }
  if (split.parts.length === 1 || (frame.fragmentBytesMax === 0 && isInOnePlace(split))) {
    forward(context, session, frame, bytes, split.parts[0]!.place);
    return null;
  }
  if (context.isAtomic) {
    failUnsent(context, session, session.enqueue(frame.isQuiet), failures.keysApart);
    return null;
  }
  const request = session.enqueue(frame.isQuiet);
  request.split = split;
  return request;
}

/** Whether one server can take the request as it came: then it is not cut, however many keys it has. */
function isInOnePlace({ parts }: Split): boolean {
  const { place } = parts[0]!;
  return parts.every((fragment) => fragment.place === place);
}

function sendPart(
  context: SessionContext,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
  request: Request,
  fragment: Fragment,
  index: number,
  keys: FanOut,
): void {
  const { router, requests, fanOut } = context;
  const isRead = (frame.row!.flags & CommandFlag.Read) !== 0;
  const connection = router.connectionFor(fragment.place, isRead, session);
  if (connection === null) {
    const failure = router.whyUnplaced(fragment.place);
    context.metrics.countFailure(failure);
    session.failFragment(request, index, failure, "");
    return;
  }
  const exchange = requests.takeExchange();
  exchange.begin(request, index, fragment.place, isRead, session);
  exchange.measure(frame.row!, request.startedAtMs);
  fragment.exchange = exchange;
  fanOut.window.enter(exchange);
  keys.select(fragment);
  sendFragment(connection, session.dialect, exchange, frame, bytes, keys);
  if (connection.isCongested) session.sentOver(connection);
}

/** One that takes several turns. */
class SplitDispatch implements LongDispatch {
  readonly #context: SessionContext;
  readonly #session: DispatchSession;
  readonly #frame: RequestFrame;
  readonly #keys = new FanOut();
  /** Bytes taken of the window; 0 before, and from when its split answers for them. */
  #takenBytes = 0;
  #split: Split | null = null;
  #request: Request | null = null;
  /** The routing epoch under which its keys were grouped. */
  #epoch = 0;
  #groupedKeys = 0;
  #sentParts = 0;
  #isAbandoned = false;

  constructor(context: SessionContext, session: DispatchSession, frame: RequestFrame) {
    this.#context = context;
    this.#session = session;
    this.#frame = keepFrame(frame);
  }

  get frameEnd(): number {
    return this.#frame.end;
  }

  get isEnqueued(): boolean {
    return this.#request !== null;
  }

  goOn(bytes: Uint8Array, start: number, stopAt: number): DispatchedCode {
    const frame = this.#frame;
    frame.end += start - frame.start;
    frame.start = start;
    if (this.#split === null && !this.#open()) return Dispatched.GoesOn;
    if (this.#request === null) {
      const grouped = this.#group(bytes, stopAt);
      if (grouped !== Dispatched.Done || this.#request === null) return grouped;
    }
    return this.#send(bytes, stopAt);
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.#giveBack();
  }

  /** Takes the memory that it may need; false where that has to wait. */
  #open(): boolean {
    const { fanOut, router } = this.#context;
    const byteCount = splitBytes(this.#frame.keyCount, PLACES_MAX);
    if (!fanOut.window.take(byteCount)) {
      fanOut.window.wait(this.#session);
      return false;
    }
    this.#takenBytes = byteCount;
    this.#epoch = router.epoch;
    this.#split = this.#keys.open(this.#frame);
    return true;
  }

  #group(bytes: Uint8Array, stopAt: number): DispatchedCode {
    const { router, engine } = this.#context;
    const { budget } = engine.flushQueue;
    const { keyCount } = this.#frame;
    let split = this.#split;
    while (split !== null && this.#groupedKeys < keyCount) {
      if (budget.done >= stopAt) return Dispatched.GoesOn;
      const from = this.#groupedKeys;
      this.#groupedKeys = Math.min(keyCount, from + KEYS_PER_LOOK);
      budget.done += Math.ceil((this.#groupedKeys - from) / KEYS_PER_PIECE);
      if (!this.#keys.addKeys(split, this.#frame, bytes, router, from, this.#groupedKeys)) {
        split = null;
      }
    }
    if (split !== null) split.due = split.parts.length;
    this.#request = begin(this.#context, this.#session, this.#frame, bytes, split);
    if (this.#request === null) {
      this.#giveBack();
    } else {
      // Given back with the request, whenever that is.
      split!.window = this.#context.fanOut.window;
      split!.takenBytes = this.#takenBytes;
      this.#takenBytes = 0;
    }
    return Dispatched.Done;
  }

  #send(bytes: Uint8Array, stopAt: number): DispatchedCode {
    const { fanOut, router, engine } = this.#context;
    const { budget } = engine.flushQueue;
    const request = this.#request!;
    const { parts } = this.#split!;
    // The count is taken first: a request whose last fragment fails at once is recycled within the loop.
    const count = parts.length;
    while (this.#sentParts < count) {
      if (this.#isAbandoned) return Dispatched.Done;
      if (budget.done >= stopAt || this.#session.isCongested) return Dispatched.GoesOn;
      if (fanOut.window.isFull) {
        fanOut.window.wait(this.#session);
        return Dispatched.GoesOn;
      }
      const index = this.#sentParts;
      const fragment = parts[index]!;
      this.#sentParts += 1;
      budget.done += Math.ceil(fragment.keyCount / KEYS_PER_PIECE);
      if (this.#epoch !== router.epoch && !this.#isInPlace(fragment, bytes)) {
        // What was grouped under a former ring must not be written to a server that its keys have no more.
        this.#context.metrics.countFailure(failures.backendEjected);
        this.#session.failFragment(request, index, failures.backendEjected, "");
      } else {
        sendPart(
          this.#context,
          this.#session,
          this.#frame,
          bytes,
          request,
          fragment,
          index,
          this.#keys,
        );
      }
    }
    return Dispatched.Done;
  }

  /** Whether all keys of a fragment still have its place. */
  #isInPlace(fragment: Fragment, bytes: Uint8Array): boolean {
    const frame = this.#frame;
    const { nextKey } = this.#keys;
    for (let key = fragment.firstKey; key >= 0; key = nextKey[key]!) {
      const word = frame.firstKey + key * frame.keyStep;
      const place = this.#context.router.place(
        bytes,
        frame.argumentStart(word),
        frame.argumentEnd(word),
      );
      if (place !== fragment.place) return false;
    }
    return true;
  }

  #giveBack(): void {
    if (this.#takenBytes > 0) this.#context.fanOut.window.giveBack(this.#takenBytes);
    this.#takenBytes = 0;
  }
}
