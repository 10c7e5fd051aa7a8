/**
 * A connection to a backend that speaks unasked: whatever it says is handed on, frame by frame, in the order
 * in which it came. What answers what is the listener's to know. Like any backend connection, the object
 * outlives its sockets.
 *
 * @module
 */
import { SendLog } from "../bytes/send_log.ts";
import type { Watched } from "../clock.ts";
import { type Failure, failures } from "../failure.ts";
import type { ByteReceiver, Space } from "../net/byte_receiver.ts";
import type { Connection, DialListener, Socket } from "../net/io_engine.ts";
import { isWriteOverdue } from "../net/write_deadline.ts";
import { ParseStatus, type Profile } from "../protocol/protocol.ts";
import type { BackendContext } from "./backend_context.ts";
import type { ConnectionOwner } from "./connection_owner.ts";
import { ConnectionState, type ConnectionStateCode } from "./connection_state.ts";
import { Connector } from "./connector.ts";
import { ReplyStream } from "./reply_stream.ts";

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
export class PushConnection implements ByteReceiver, DialListener, Watched {
  isWatched = false;
  readonly #context: BackendContext;
  readonly #owner: ConnectionOwner;
  readonly #listener: PushListener;
  readonly #connector: Connector;
  readonly #replies: ReplyStream;
  readonly #log: SendLog;
  #state: ConnectionStateCode = ConnectionState.Idle;
  #socket: Socket | null = null;
  #closeReason: Failure = failures.backendClosed;
  #isClosing = false;
  /** While true what has come waits, and nothing more is read. */
  #isHeld = false;

  constructor(
    owner: ConnectionOwner,
    profile: Profile,
    context: BackendContext,
    listener: PushListener,
  ) {
    this.#owner = owner;
    this.#context = context;
    this.#listener = listener;
    const options = { profile, limits: context.limits, keepsBackoff: true };
    this.#connector = new Connector(owner, context, options, this);
    const { arrays, chunks, engine, protocol } = context;
    this.#replies = new ReplyStream(
      arrays,
      protocol.createReplyParser(profile),
      engine.readBytesMin,
    );
    this.#log = new SendLog(chunks);
  }

  /** Whether it has a socket that went through its handshake. */
  get isOpen(): boolean {
    return this.#state === ConnectionState.Ready;
  }

  /** Whether the backend is to be left alone for a while. */
  get isInBackoff(): boolean {
    return this.#state === ConnectionState.Idle && !this.#connector.mayConnect;
  }

  /** Why the last attempt to connect failed. */
  get lastFailure(): Failure {
    return this.#connector.lastFailure;
  }

  /** Begins to connect, unless it has begun or is in back-off. */
  open(): void {
    if (this.#state !== ConnectionState.Idle || !this.#connector.mayConnect) return;
    this.#state = ConnectionState.Connecting;
    this.#connector.connect();
  }

  /** Sends `bytes[0, end)`, copied; only while {@link isOpen}. */
  send(bytes: Uint8Array, end: number = bytes.length): void {
    this.#log.append(bytes, 0, end);
    this.#context.engine.flushQueue.add(this.#socket!);
    this.#context.clock.watch(this);
  }

  /** Takes no further frame before {@link PushConnection.goOn}. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Goes on with what has come; never called while a frame is being handed over. */
  goOn(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#parse();
    // It may be held again, or have been closed.
    if (!this.#isHeld) this.#socket?.resume();
  }

  /** Gives the socket up; the listener hears of it. */
  drop(failure: Failure): void {
    this.#closeReason = failure;
    this.#socket?.close(null);
  }

  /** Closes; the listener hears nothing of it. */
  close(failure: Failure): void {
    this.#isClosing = true;
    this.#connector.cancel();
    if (this.#socket !== null) this.drop(failure);
    this.#state = ConnectionState.Idle;
    this.#isClosing = false;
  }

  connected(connection: Connection): void {
    const socket = connection.open(this, this.#log);
    this.#socket = socket;
    this.#context.metrics.messageConnections += 1;
    this.#replies.begin(this.#context.clock.nowMs);
    const handshake = this.#connector.beginHandshake();
    if (handshake === null) {
      this.#becomeOpen();
    } else {
      this.#state = ConnectionState.Handshaking;
      socket.writeFirst(handshake);
      this.#context.clock.watch(this);
    }
    socket.resume();
  }

  dialFailed(failure: Failure): void {
    this.#state = ConnectionState.Idle;
    this.#listener.lost(failure);
  }

  reserve(): Space | null {
    return this.#isHeld ? null : this.#replies.reserve();
  }

  commit(byteCount: number): void {
    this.#replies.commit(byteCount, this.#context.clock.nowMs);
    this.#parse();
  }

  rested(): void {
    this.#replies.buffer.rest();
  }

  wrote(): void {}

  ended(): void {
    this.drop(failures.backendClosed);
  }

  closed(error: unknown): void {
    const failure = error === null ? this.#closeReason : failures.backendReset;
    this.#isHeld = false;
    this.#socket = null;
    this.#context.metrics.messageConnections -= 1;
    this.#state = ConnectionState.Idle;
    this.#replies.buffer.abandon();
    this.#log.clear();
    if (this.#isClosing) return;
    this.#connector.lost(failure, this.#listener.isReplyDue);
    this.#listener.lost(failure);
  }

  onTick(nowMs: number): boolean {
    const socket = this.#socket;
    if (socket === null) return false;
    const { engine, limits } = this.#context;
    if (this.#state === ConnectionState.Handshaking) {
      if (!this.#connector.isOverdue(nowMs)) return true;
      this.drop(failures.connectTimeout);
      return false;
    }
    if (socket.writingSinceMs === 0) return false;
    if (!isWriteOverdue(socket, engine, nowMs, limits.writeTimeoutMs)) return true;
    this.drop(failures.backendWriteTimeout);
    return false;
  }

  #becomeOpen(): void {
    this.#state = ConnectionState.Ready;
    this.#socket!.isGated = false;
    this.#listener.opened();
  }

  #parse(): void {
    const { buffer } = this.#replies;
    while (buffer.consumed < buffer.received && !this.#isHeld && this.#parseOne()) continue;
  }

  /** Takes one frame; false when the rest must wait or the socket is gone. */
  #parseOne(): boolean {
    const { buffer, parser } = this.#replies;
    const start = buffer.consumed;
    const status = this.#replies.parse(false);
    if (status === ParseStatus.Incomplete) return false;
    if (status !== ParseStatus.Complete) return this.#fault(failures.backendMalformed);
    const { end, isError } = parser.frame;
    const { bytes } = buffer;
    if (this.#state === ConnectionState.Handshaking) {
      const failure = this.#connector.acceptHandshake(bytes, start, end);
      if (failure !== null) {
        // It is logged as the reason why the backend cannot be had, once for as long as that lasts.
        this.drop(failure);
        return false;
      }
      buffer.consume(end);
      if (this.#connector.isHandshakeDone) this.#becomeOpen();
      return true;
    }
    if (!this.#connector.hasAnswered) this.#connector.answered(isError);
    const isUnderstood = this.#listener.said(bytes, start, end, isError);
    // What was said may have been a reason to close.
    if (this.#socket === null) return false;
    if (!isUnderstood) return this.#fault(failures.backendStray);
    buffer.consume(end);
    return true;
  }

  #fault(failure: Failure): false {
    this.#context.log.warning("Backend connection closed: its replies cannot be trusted", {
      backend: this.#owner.address,
      reason: failure.name,
    });
    this.drop(failure);
    return false;
  }
}
