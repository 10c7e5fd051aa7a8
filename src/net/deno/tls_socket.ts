/**
 * One connection that speaks TLS on the sockets that Deno has for Node's programs, for both sides.
 *
 * @module
 */
import type { Chunk } from "../../bytes/chunk_pool.ts";
import { copyBytes } from "../../bytes/copy.ts";
import type { SendLog } from "../../bytes/send_log.ts";
import { type Clock, Deadline } from "../../clock.ts";
import { type Endpoint, tcpEndpoint } from "../../endpoint.ts";
import type { Failure } from "../../failure.ts";
import type { ByteReceiver } from "../byte_receiver.ts";
import type { Connection, Socket } from "../io_engine.ts";
import { TlsError } from "../tls.ts";
import { errorName } from "./error_name.ts";
import type { NodeSocket, NodeTlsSocket } from "./node_tls.ts";
import type { WriteDelay } from "./write_delay.ts";

/** Most bytes of one write: what a slow client takes of a long value shows piece by piece. */
const WRITE_BYTES_MAX = 64 * 1024;
/** Bytes of memory that Deno keeps for such a socket at rest, as measured, rounded up. */
const SOCKET_BYTES = 44 * 1024;
/** How long a connection that was closed may take to say so to the other side, milliseconds. */
const FAREWELL_MS = 1_000;

/** What all connections of one engine share. */
export interface TlsSocketContext {
  readonly clock: Clock;
  readonly writeDelay: WriteDelay;
  /** The reason behind the library's sentence. */
  failureOf(reason: string): Failure;
}

/** A connection that has gone through its handshake and that nobody reads yet. */
export class DenoTlsConnection implements Connection {
  readonly #socket: NodeTlsSocket;
  readonly #context: TlsSocketContext;

  constructor(socket: NodeTlsSocket, context: TlsSocketContext) {
    this.#socket = socket;
    this.#context = context;
    // Nothing is lost before somebody listens.
    socket.pause();
    // Only now: a client that ends within its handshake is gone.
    socket.allowHalfOpen = true;
  }

  get local(): Endpoint | null {
    return localOf(this.#socket);
  }

  get peer(): Endpoint | null {
    return peerOf(this.#socket);
  }

  get certificateName(): string | null {
    const { subject } = this.#socket.getPeerCertificate() as { subject?: { CN?: unknown } };
    return typeof subject?.CN === "string" && subject.CN !== "" ? subject.CN : null;
  }

  open(receiver: ByteReceiver, log: SendLog): Socket {
    return new DenoTlsSocket(this.#socket, receiver, log, this.#context);
  }

  discard(): void {
    this.#socket.on("error", () => {});
    this.#socket.destroy();
  }
}

/** A {@link Socket} that speaks TLS by Node's module. */
export class DenoTlsSocket implements Socket {
  isDirty = false;
  mayBeLate = false;
  writingSinceMs = 0;
  isGated = false;
  readonly local: Endpoint | null;
  readonly peer: Endpoint | null;
  readonly #socket: NodeTlsSocket;
  readonly #receiver: ByteReceiver;
  readonly #log: SendLog;
  readonly #context: TlsSocketContext;
  #isClosed = false;
  /** Nobody wants to read: before the first {@link DenoTlsSocket.resume}, or since there was no room. */
  #isPaused = true;
  /** What came and found no room. */
  #rest: Uint8Array | null = null;
  /** The other side has sent its last. */
  #isEnding = false;
  #isEnded = false;
  #closesWhenWritten = false;
  /** Bytes being written; 0 where none are. */
  #writingBytes = 0;
  /** Bytes of the same array behind them. */
  #remainder: Uint8Array | null = null;
  /** Whether the bytes being written stand in the log. */
  #writesLog = false;
  /** Chunk that a write may still read after close. */
  #pinned: Chunk | null = null;
  readonly #onWrote = (error?: Error | null) => this.#wrote(error ?? null);

  constructor(
    socket: NodeTlsSocket,
    receiver: ByteReceiver,
    log: SendLog,
    context: TlsSocketContext,
  ) {
    this.#socket = socket;
    this.#receiver = receiver;
    this.#log = log;
    this.#context = context;
    this.local = localOf(socket);
    this.peer = peerOf(socket);
    socket.on("data", (bytes: Uint8Array) => this.#received(bytes));
    socket.on("end", () => this.#ending());
    socket.on("error", (error: Error) => this.#failed(error));
    socket.on("close", () => this.#failed(new Error("connection lost")));
    socket.pause();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get ownBytes(): number {
    if (this.#isClosed) return 0;
    // What is being written is there twice: encrypted, too.
    return SOCKET_BYTES + (this.#rest?.length ?? 0) + this.#writingBytes;
  }

  resume(): void {
    if (!this.#isPaused || this.#isClosed) return;
    this.#isPaused = false;
    if (this.#rest !== null) {
      const rest = this.#rest;
      this.#rest = null;
      // Not within the receiver's own turn.
      queueMicrotask(() => this.#deliver(rest));
    } else if (this.#isEnding) queueMicrotask(() => this.#ending());
    else this.#socket.resume();
  }

  flush(): void {
    if (this.#writingBytes !== 0 || this.#isClosed || this.isGated) return;
    const bytes = this.#log.handOver();
    if (bytes === null) {
      if (this.#closesWhenWritten) this.close(null);
      return;
    }
    this.#writesLog = true;
    this.writingSinceMs = this.#context.clock.nowMs;
    this.#write(bytes);
  }

  writeFirst(bytes: Uint8Array): void {
    this.isGated = true;
    this.#writesLog = false;
    this.writingSinceMs = this.#context.clock.nowMs;
    this.#write(bytes);
  }

  closeWhenWritten(): void {
    this.#closesWhenWritten = true;
    this.flush();
  }

  close(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.writingSinceMs = 0;
    const isWriting = this.#writingBytes !== 0;
    // The write may still be read from: its bytes must not become somebody else's meanwhile.
    if (isWriting && this.#writesLog) this.#pinned = this.#log.pinOldest();
    if (error === null && !isWriting) farewell(this.#socket, this.#context.clock);
    else this.#socket.destroy();
    this.#receiver.closed(error);
  }

  #received(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#context.clock.readNow();
    if (this.#rest === null) this.#deliver(bytes);
    else this.#rest = joined(this.#rest, bytes);
  }

  /** Hands over what there is room for; the rest waits. */
  #deliver(bytes: Uint8Array): void {
    const receiver = this.#receiver;
    for (let at = 0; at < bytes.length && !this.#isClosed;) {
      const space = this.#isPaused ? null : receiver.reserve();
      if (space === null) {
        this.#isPaused = true;
        this.#rest = at === 0 ? bytes : bytes.subarray(at);
        this.#socket.pause();
        return;
      }
      const end = Math.min(bytes.length, at + space.end - space.start);
      copyBytes(bytes, at, end, space.bytes, space.start);
      const byteCount = end - at;
      at = end;
      receiver.commit(byteCount);
      receiver.rested();
    }
    if (this.#isClosed) return;
    if (this.#isEnding) this.#ending();
    else if (!this.#isPaused) this.#socket.resume();
  }

  #ending(): void {
    this.#isEnding = true;
    if (this.#isClosed || this.#isEnded || this.#isPaused || this.#rest !== null) return;
    this.#isEnded = true;
    this.#context.clock.readNow();
    this.#receiver.ended();
  }

  #failed(error: Error): void {
    if (this.#isClosed) return;
    this.#context.clock.readNow();
    if (error instanceof TlsError || errorName(error)?.startsWith("ERR_SSL") !== true) {
      return this.close(error);
    }
    this.close(new TlsError(this.#context.failureOf(error.message), error.message));
  }

  #write(bytes: Uint8Array): void {
    const isLong = bytes.length > WRITE_BYTES_MAX;
    const piece = isLong ? bytes.subarray(0, WRITE_BYTES_MAX) : bytes;
    this.#remainder = isLong ? bytes.subarray(WRITE_BYTES_MAX) : null;
    this.#writingBytes = piece.length;
    this.#socket.write(piece, this.#onWrote);
  }

  #wrote(error: Error | null): void {
    const byteCount = this.#writingBytes;
    this.#writingBytes = 0;
    if (this.#isClosed) return this.#unpin();
    const { clock, writeDelay } = this.#context;
    clock.readNow();
    if (error !== null) return this.#failed(error);
    const { nowMs } = clock;
    const remainder = this.#remainder;
    if (this.#writesLog) this.#log.wrote(byteCount);
    if (remainder !== null) {
      this.writingSinceMs = nowMs;
      this.#write(remainder);
      this.#receiver.wrote();
      return;
    }
    writeDelay.count(nowMs - this.writingSinceMs, nowMs);
    this.writingSinceMs = 0;
    this.#receiver.wrote();
    this.flush();
  }

  #unpin(): void {
    if (this.#pinned !== null) this.#log.letGo(this.#pinned);
    this.#pinned = null;
  }
}

/** Says that no more comes, and closes; at once where the other side does not take even that. */
function farewell(socket: NodeTlsSocket, clock: Clock): void {
  const deadline = new Deadline(clock, FAREWELL_MS, () => socket.destroy());
  socket.once("close", () => deadline.cancel());
  socket.destroySoon();
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}

function localOf({ localAddress, localPort }: NodeSocket): Endpoint | null {
  return localAddress === undefined ? null : tcpEndpoint(localAddress, localPort!);
}

/** The other end of one of Node's sockets; null where it cannot be told any more. */
export function peerOf({ remoteAddress, remotePort }: NodeSocket): Endpoint | null {
  return remoteAddress === undefined ? null : tcpEndpoint(remoteAddress, remotePort!);
}
