/**
 * A connection to a backend that speaks unasked: whatever it says is handed on, frame by frame, in the order
 * in which it came. What answers what is the listener's to know. Like any backend connection, the object
 * outlives its sockets.
 *
 * @module
 */
import { SendLog } from "../bytes/send_log.ts";
import { type Failure, failures } from "../failure.ts";
import { ParseStatus, type Profile } from "../protocol/protocol.ts";
import type { BackendContext } from "./backend_context.ts";
import type { ConnectionOwner } from "./connection_owner.ts";
import { BackendLink, type LinkUser } from "./link.ts";
import type { ReplyStream } from "./reply_stream.ts";

/** Hears what a {@link PushConnection} has to say. */
export interface PushListener {
  /** Whether the backend owes an answer: a socket lost meanwhile is a reason to leave it alone for a while. */
  readonly isReplyDue: boolean;
  /** There is a socket, and it went through its handshake. */
  opened(): void;
  /**
   * One whole frame stands in `bytes[start, end)`, the listener's to change, valid during the call only.
   *
   * @returns False where it makes no sense: the socket is closed.
   */
  said(bytes: Uint8Array, start: number, end: number, isError: boolean): boolean;
  /** The socket is gone, or could not be had. */
  lost(failure: Failure): void;
}

/** One connection to a backend that speaks unasked: every frame goes to the listener, in order. Outlives sockets. */
export class PushConnection implements LinkUser {
  readonly log: SendLog;
  /** While true what has come waits, and nothing more is read. */
  isHeld = false;
  /** Frames are parsed as they come. */
  readonly isBehind = false;
  readonly #context: BackendContext;
  readonly #listener: PushListener;
  readonly #link: BackendLink;
  readonly #replies: ReplyStream;

  constructor(
    owner: ConnectionOwner,
    profile: Profile,
    context: BackendContext,
    listener: PushListener,
  ) {
    this.#context = context;
    this.#listener = listener;
    const options = { profile, limits: context.limits, keepsBackoff: true };
    this.#link = new BackendLink(owner, context, options, this);
    this.#replies = this.#link.replies;
    this.log = new SendLog(context.chunks);
  }

  /** Whether it has a socket that went through its handshake. */
  get isOpen(): boolean {
    return this.#link.isReady;
  }

  /** Whether the backend is to be left alone for a while. */
  get isInBackoff(): boolean {
    return this.#link.isInBackoff;
  }

  /** Why the last attempt to connect failed. */
  get lastFailure(): Failure {
    return this.#link.lastFailure;
  }

  /** Begins to connect, unless it has begun or is in back-off. */
  open(): void {
    this.#link.open();
  }

  /** Sends `bytes[0, end)`, copied; only while {@link isOpen}. */
  send(bytes: Uint8Array, end: number = bytes.length): void {
    this.log.append(bytes, 0, end);
    this.#link.flush();
  }

  /** Takes no further frame before {@link PushConnection.goOn}. */
  hold(): void {
    this.isHeld = true;
  }

  /** Goes on with what has come; never called while a frame is being handed over. */
  goOn(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.received();
    // It may be held again, or have been closed.
    if (!this.isHeld) this.#link.resume();
  }

  /** Gives the socket up; the listener hears of it. */
  drop(failure: Failure): void {
    this.#link.drop(failure);
  }

  /** Closes; the listener hears nothing of it. */
  close(failure: Failure): void {
    this.#link.close(failure);
  }

  get queuedBytes(): number {
    return this.log.unwrittenBytes;
  }

  get awaitedBy(): null {
    return null;
  }

  shed(failure: Failure): void {
    // Its listener has to hear of it: what is subscribed is subscribed anew.
    this.drop(failure);
  }

  get isReplyDue(): boolean {
    return this.#listener.isReplyDue;
  }

  connected(): void {
    this.#context.metrics.messageConnections += 1;
  }

  opened(): void {
    this.#listener.opened();
  }

  received(): void {
    const { buffer } = this.#replies;
    while (buffer.consumed < buffer.received && !this.isHeld && this.#parseOne()) continue;
  }

  wrote(): void {}

  checkDeadlines(): boolean {
    return false;
  }

  ending(): void {
    this.#context.metrics.messageConnections -= 1;
  }

  lost(failure: Failure): void {
    this.isHeld = false;
    this.log.clear();
    if (!this.#link.isClosing) this.#listener.lost(failure);
  }

  /** Takes one frame; false when the rest must wait or the socket is gone. */
  #parseOne(): boolean {
    const { buffer, parser } = this.#replies;
    const start = buffer.consumed;
    const status = this.#replies.parse(false);
    if (status === ParseStatus.Incomplete) return false;
    if (status !== ParseStatus.Complete) return this.#link.fault(failures.backendMalformed);
    const { end, isError } = parser.frame;
    const { bytes } = buffer;
    if (!this.#link.hasAnswered) this.#link.answered(isError);
    const isUnderstood = this.#listener.said(bytes, start, end, isError);
    // What was said may have been a reason to close.
    if (this.#link.socket === null) return false;
    if (!isUnderstood) return this.#link.fault(failures.backendStray);
    buffer.consume(end);
    return true;
  }
}
