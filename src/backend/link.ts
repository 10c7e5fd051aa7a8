/**
 * The link to a backend below everything that is said to it: dial, handshake, deadlines, close and back-off. The
 * object outlives its sockets:
 *
 * ```text
 *   idle ──connect──► connecting ──► handshaking ──last OK──► ready
 *    ▲                    │               │                     │
 *    └────── failed: back-off ◄───────────┴──── lost ◄──────────┘
 * ```
 *
 * What is said over a link that is ready, and what becomes of it when the link is lost, is its user's: a pipelined
 * connection or one that speaks unasked.
 *
 * @module
 */
import type { SendLog } from "../bytes/send_log.ts";
import type { Watched } from "../clock.ts";
import { type Failure, failures } from "../failure.ts";
import type { ByteReceiver, Space } from "../net/byte_receiver.ts";
import type { Connection, DialListener, Socket } from "../net/io_engine.ts";
import { type Listed, NOT_LISTED } from "../member_list.ts";
import { TlsError } from "../net/tls.ts";
import { isWriteOverdue } from "../net/write_deadline.ts";
import { ParseStatus, type ParseStatusCode, ReplyKind } from "../protocol/protocol.ts";
import type { RoutedClient } from "../request/exchange.ts";
import type { BackendContext } from "./backend_context.ts";
import type { ConnectionOwner } from "./connection_owner.ts";
import { Connector, type ConnectorOptions } from "./connector.ts";
import { ReplyStream } from "./reply_stream.ts";

/** Where a link is in its life. Nothing of its user is sent before `Ready`. */
export const LinkState = {
  /** No socket, and none wanted. */
  Idle: 0,
  Connecting: 1,
  /** Connected; the replies to the handshake are due. */
  Handshaking: 2,
  Ready: 3,
  /** No socket, and none is made: the backend is paused. */
  Parked: 4,
} as const;
/** One of the values of {@link LinkState}. */
export type LinkStateCode = 0 | 1 | 2 | 3 | 4;

/** Speaks over a link. */
export interface LinkUser {
  /** What the link writes while it is ready. */
  readonly log: SendLog;
  /** Whether the backend owes an answer: a socket lost meanwhile is a reason to leave it alone for a while. */
  readonly isReplyDue: boolean;
  /** While true nothing is read; the user has the socket read on. */
  readonly isHeld: boolean;
  /** Whether what came is still being parsed, in later turns. */
  readonly isBehind: boolean;
  /** What it keeps of what is to be sent or awaits a reply, bytes. */
  readonly queuedBytes: number;
  /** For whom the reply is that arrives now; null where that is nobody's. */
  readonly awaitedBy: RoutedClient | null;
  /** There is a socket; its handshake, if any, begins. */
  connected(): void;
  /** The link is ready. */
  opened(): void;
  /** Bytes have come, and stand in the link's replies. Called only while it is ready. */
  received(): void;
  /** Bytes were written; the log may have room again. */
  wrote(): void;
  /** Looks at the deadlines of what was said, at each tick while any runs. False: none runs any more. */
  checkDeadlines(nowMs: number): boolean;
  /** The socket is gone; what it has said and is not parsed yet counts all the same. */
  ending(): void;
  /** Lets go of all that it keeps. */
  shed(failure: Failure): void;
  /**
   * There is no socket any more, or none could be had.
   *
   * @param wasTrying Whether the link was not ready yet.
   */
  lost(failure: Failure, wasTrying: boolean): void;
}

/** Hears that a link is lost, or could not be had, behind its user and whatever was due; once for each time. */
export type EndListener = (failure: Failure) => void;

/** One link to a backend. */
export class BackendLink implements ByteReceiver, DialListener, Listed, Watched {
  isWatched = false;
  listedAt: number = NOT_LISTED;
  /** Only the link writes it. */
  state: LinkStateCode = LinkState.Idle;
  /** Null where there is none; only the link writes it. */
  socket: Socket | null = null;
  /** Whether it is being closed on purpose, and not merely lost; only the link writes it. */
  isClosing = false;
  readonly replies: ReplyStream;
  readonly #owner: ConnectionOwner;
  readonly #context: BackendContext;
  readonly #options: ConnectorOptions;
  readonly #user: LinkUser;
  readonly #connector: Connector;
  readonly #endListeners: EndListener[] = [];
  #closeReason: Failure = failures.backendClosed;

  constructor(
    owner: ConnectionOwner,
    context: BackendContext,
    options: ConnectorOptions,
    user: LinkUser,
  ) {
    this.#owner = owner;
    this.#context = context;
    this.#options = options;
    this.#user = user;
    this.#connector = new Connector(owner, context, options, this);
    const { arrays, engine, protocol } = context;
    const parser = protocol.createReplyParser(options.profile);
    this.replies = new ReplyStream(arrays, parser, engine.readBytesMin);
  }

  /** Whether it has a socket that went through its handshake. */
  get isReady(): boolean {
    return this.state === LinkState.Ready;
  }

  /** Whether it is being made. */
  get isConnecting(): boolean {
    return this.state === LinkState.Connecting || this.state === LinkState.Handshaking;
  }

  /** Whether it has no socket, and the backend is to be left alone for a while. */
  get isInBackoff(): boolean {
    return this.state === LinkState.Idle && !this.#connector.mayConnect;
  }

  /** Whether an attempt to connect may start now. */
  get mayConnect(): boolean {
    return this.#connector.mayConnect;
  }

  /** Why the last attempt to connect failed. */
  get lastFailure(): Failure {
    return this.#connector.lastFailure;
  }

  /** Whether this socket has answered other than by an error; until then {@link answered} wants to know. */
  get hasAnswered(): boolean {
    return this.#connector.hasAnswered;
  }

  /** This socket has answered. */
  answered(isError: boolean): void {
    this.#connector.answered(isError);
  }

  /** From now on nothing is connected to, for the reason of `failure`; it has no socket yet. */
  bar(failure: Failure): void {
    this.#connector.barredBy = failure;
  }

  /** Begins to connect, unless it has begun or is in back-off. */
  open(): void {
    if (this.state === LinkState.Idle && this.#connector.mayConnect) this.connect();
  }

  /** Begins to connect; only where it is idle. */
  connect(): void {
    this.#context.links.add(this);
    this.state = LinkState.Connecting;
    this.#closeReason = failures.backendClosed;
    this.#connector.connect();
  }

  /** Lets its socket go and makes no other. Only where nothing is in flight. */
  park(): void {
    if (this.state === LinkState.Parked) return;
    this.close(failures.backendClosed);
    this.state = LinkState.Parked;
    this.#context.links.add(this);
  }

  /** Connects again, if it was parked. */
  unpark(): void {
    if (this.state !== LinkState.Parked) return;
    this.state = LinkState.Idle;
    this.connect();
  }

  /** Writes what the log has at the end of this turn, and looks at the deadlines from the next tick on. */
  flush(): void {
    this.#context.engine.flushQueue.add(this.socket!);
    this.#context.clock.watch(this);
  }

  /** Reads on, if there is a socket. */
  resume(): void {
    this.socket?.resume();
  }

  /** Gives this socket up, if there is one: what was not sent may go out on the next one. */
  drop(failure: Failure): false {
    this.#closeReason = failure;
    this.socket?.close(null);
    return false;
  }

  /** Gives this socket up, since what it says cannot be trusted. */
  fault(failure: Failure): false {
    this.#context.log.warning("Backend connection closed: its replies cannot be trusted", {
      backend: this.#owner.address,
      reason: failure.name,
    });
    return this.drop(failure);
  }

  /** Closes, or gives the attempt to connect up; it may be opened again. */
  close(failure: Failure): void {
    this.#connector.cancel();
    this.#closeReason = failure;
    this.isClosing = true;
    if (this.socket !== null) this.socket.close(null);
    else this.#lost(failure);
    this.isClosing = false;
  }

  /** What it keeps of what is to be sent or awaits a reply, bytes. */
  get queuedBytes(): number {
    return this.#user.queuedBytes;
  }

  /** For whom the reply is that arrives now; null where that is nobody's. */
  get awaitedBy(): RoutedClient | null {
    return this.#user.awaitedBy;
  }

  /** What it is, for the log. */
  get holderFields(): Record<string, string> {
    return { backend: this.#owner.address };
  }

  /** Lets go of all that it keeps, and of its socket. */
  shed(failure: Failure): void {
    const wasParked = this.state === LinkState.Parked;
    this.#user.shed(failure);
    if (wasParked && this.state === LinkState.Idle) this.park();
  }

  /** Calls `listener` each time that the link is lost or could not be had. */
  addEndListener(listener: EndListener): void {
    this.#endListeners.push(listener);
  }

  /** Calls `listener` no more. */
  removeEndListener(listener: EndListener): void {
    const index = this.#endListeners.indexOf(listener);
    if (index >= 0) this.#endListeners.splice(index, 1);
  }

  /**
   * Drops a push that nobody asked for, which later servers may have invented: it answers nothing, so no reply is
   * mistaken for another by it. Its bytes are let go as they come.
   */
  dropPush(status: ParseStatusCode): boolean {
    if (status === ParseStatus.Incomplete) return false;
    if (status !== ParseStatus.Complete) return this.fault(failures.backendMalformed);
    const { buffer, parser } = this.replies;
    buffer.consume(parser.frame.end);
    parser.frame.kind = ReplyKind.Reply;
    this.#owner.pushDropped();
    return true;
  }

  connected(connection: Connection): void {
    const socket = connection.open(this, this.#user.log);
    this.socket = socket;
    this.#user.connected();
    this.replies.begin(this.#context.clock.nowMs);
    const handshake = this.#connector.beginHandshake();
    if (handshake === null) {
      this.#becomeReady();
    } else {
      this.state = LinkState.Handshaking;
      socket.writeFirst(handshake);
      this.#context.clock.watch(this);
    }
    socket.resume();
  }

  dialFailed(failure: Failure): void {
    this.#lost(failure);
  }

  get isBehind(): boolean {
    return this.#user.isBehind;
  }

  reserve(): Space | null {
    return this.#user.isHeld ? null : this.replies.reserve();
  }

  commit(byteCount: number): void {
    this.replies.commit(byteCount, this.#context.clock.nowMs);
    if (this.state === LinkState.Handshaking && !this.#parseHandshake()) return;
    this.#user.received();
  }

  rested(): void {
    this.replies.buffer.rest();
  }

  wrote(): void {
    this.#user.wrote();
  }

  ended(): void {
    this.drop(failures.backendClosed);
  }

  closed(error: unknown): void {
    const reason = error === null
      ? this.#closeReason
      : error instanceof TlsError
      ? error.failure
      : failures.backendReset;
    const failure = this.#connector.lossReason(reason);
    this.#user.ending();
    this.socket = null;
    if (!this.isClosing) this.#connector.lost(failure, this.#user.isReplyDue);
    this.#lost(failure);
  }

  onTick(nowMs: number): boolean {
    const { socket } = this;
    if (socket === null) return false;
    if (this.state === LinkState.Handshaking) {
      return !this.#connector.isOverdue(nowMs) || this.drop(failures.connectTimeout);
    }
    const { writeTimeoutMs } = this.#options.limits;
    if (isWriteOverdue(socket, this.#context.engine, nowMs, writeTimeoutMs)) {
      return this.drop(failures.backendWriteTimeout);
    }
    // What this turn's end will send has its deadline from then on.
    return this.#user.checkDeadlines(nowMs) || socket.writingSinceMs > 0 || socket.isDirty;
  }

  #becomeReady(): void {
    this.#connector.becameReady();
    this.state = LinkState.Ready;
    this.replies.pausedMs = 0;
    this.socket!.isGated = false;
    this.#user.opened();
  }

  /** Takes the replies to the handshake; true where it is over and the link ready. */
  #parseHandshake(): boolean {
    const { buffer, parser } = this.replies;
    while (this.state === LinkState.Handshaking) {
      if (buffer.consumed >= buffer.received) return false;
      const start = buffer.consumed;
      const status = this.replies.parse(parser.frame.kind === ReplyKind.Push);
      if (parser.frame.kind === ReplyKind.Push) {
        if (!this.dropPush(status)) return false;
      } else if (status === ParseStatus.Incomplete) {
        return false;
      } else if (status !== ParseStatus.Complete) {
        return this.fault(failures.backendMalformed);
      } else if (!this.#handshakeReply(start)) {
        return false;
      }
    }
    return this.isReady;
  }

  #handshakeReply(start: number): boolean {
    const { buffer, parser } = this.replies;
    const { attributeBytes, end } = parser.frame;
    const failure = this.#connector.acceptHandshake(buffer.bytes, start + attributeBytes, end);
    if (failure !== null) return this.drop(failure);
    buffer.consume(end);
    if (this.#connector.isHandshakeDone) this.#becomeReady();
    return true;
  }

  /** The socket is gone, or could not be had. */
  #lost(failure: Failure): void {
    const wasTrying = this.isConnecting;
    this.state = LinkState.Idle;
    this.#context.links.delete(this);
    this.replies.buffer.abandon();
    this.#user.lost(failure, wasTrying);
    for (const listener of [...this.#endListeners]) listener(failure);
  }
}
