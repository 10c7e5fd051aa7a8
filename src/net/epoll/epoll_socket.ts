/**
 * One TCP connection waited for by epoll, for both sides: read when it is readable, written at the end of the
 * turn, closed exactly once. While it is idle it has no buffer.
 *
 * It is registered once, for edges of everything: what is readable, and whether the kernel has room, is known
 * here from then on, so that neither pausing nor a full send buffer costs a system call.
 *
 * @module
 */
import type { SendLog } from "../../bytes/send_log.ts";
import type { Endpoint } from "../../endpoint.ts";
import type { ByteReceiver } from "../byte_receiver.ts";
import type { Connection, Socket } from "../io_engine.ts";
import { localEnd, peerEnd } from "./socket_endpoint.ts";
import type { EpollLoop, EventHandler, Resumable } from "./epoll_loop.ts";
import {
  EAGAIN,
  ECONNRESET,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
} from "./libc.ts";

/** Most bytes written to one socket in one turn: what a fast reader may take from the others. */
export const FLUSH_BYTES_MAX = 1024 * 1024;

/** A descriptor that is connected and that nobody waits for yet. */
export class EpollConnection implements Connection, EventHandler {
  readonly #loop: EpollLoop;
  readonly #descriptor: number;

  constructor(loop: EpollLoop, descriptor: number) {
    this.#loop = loop;
    this.#descriptor = descriptor;
    loop.own(descriptor, this);
  }

  get local(): Endpoint | null {
    return localEnd(this.#loop.system, this.#descriptor);
  }

  get peer(): Endpoint | null {
    return peerEnd(this.#loop.system, this.#descriptor);
  }

  open(receiver: ByteReceiver, log: SendLog): Socket {
    return new EpollSocket(this.#loop, this.#descriptor, receiver, log);
  }

  discard(): void {
    this.#loop.close(this.#descriptor);
  }

  /** Its descriptor, for another owner; this object is of no use any more. */
  take(): number {
    return this.#descriptor;
  }

  onEvents(): void {}

  abandon(): void {
    this.#loop.system.close(this.#descriptor);
  }
}

/** See {@link Socket}. */
export class EpollSocket implements EventHandler, Resumable, Socket {
  isDirty = false;
  mayBeLate = false;
  isWaitingToGoOn = false;
  writingSinceMs = 0;
  isGated = false;
  isClosed = false;
  readonly #loop: EpollLoop;
  readonly #descriptor: number;
  readonly #receiver: ByteReceiver;
  readonly #log: SendLog;
  #isRegistered = false;
  /** Nobody wants to read: before the first {@link EpollSocket.resume}, or since there was no room. */
  #isPaused = true;
  /** There may be bytes to read. */
  #isReadable = false;
  /** The other side has sent its last: what is read ends with the end of the stream. */
  #isEnding = false;
  /** The end of the stream was read. */
  #isEnded = false;
  /** The kernel takes no more bytes for now. */
  #isFull = false;
  #closesWhenWritten = false;
  /** What is left of a handshake. */
  #first: Uint8Array | null = null;

  constructor(loop: EpollLoop, descriptor: number, receiver: ByteReceiver, log: SendLog) {
    this.#loop = loop;
    this.#descriptor = descriptor;
    this.#receiver = receiver;
    this.#log = log;
    loop.own(descriptor, this);
  }

  get local(): Endpoint | null {
    return this.isClosed ? null : localEnd(this.#loop.system, this.#descriptor);
  }

  get peer(): Endpoint | null {
    return this.isClosed ? null : peerEnd(this.#loop.system, this.#descriptor);
  }

  resume(): void {
    if (!this.#isPaused || this.isClosed) return;
    this.#isPaused = false;
    if (this.#isReadable) this.#loop.goOn(this);
    else this.#register();
  }

  flush(): void {
    if (this.#isFull || this.isGated || this.isClosed) return;
    const log = this.#log;
    let written = 0;
    for (;;) {
      if (written >= FLUSH_BYTES_MAX && log.hasUnhanded()) return this.#flushLater();
      const chunk = log.handOverChunk();
      if (chunk === null) break;
      const byteCount = chunk.filled - chunk.written;
      const bytes = chunk.written === 0 ? chunk.bytes : chunk.bytes.subarray(chunk.written);
      const taken = this.#send(bytes, byteCount);
      if (this.isClosed) return;
      written += taken;
      if (taken > 0) {
        log.wrote(taken);
        this.writingSinceMs = 0;
      }
      if (taken < byteCount) this.#waitForRoom();
      // What it appends is written in the same turn.
      if (taken > 0) this.#receiver.wrote();
      if (this.#isFull || this.isClosed) return;
    }
    // What was left for this turn may have been dropped meanwhile.
    this.writingSinceMs = 0;
    if (this.#closesWhenWritten) this.close(null);
  }

  writeFirst(bytes: Uint8Array): void {
    this.isGated = true;
    this.#first = bytes;
    this.#flushFirst();
  }

  closeWhenWritten(): void {
    this.#closesWhenWritten = true;
    this.flush();
  }

  close(error: unknown): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.writingSinceMs = 0;
    this.#loop.close(this.#descriptor);
    this.#receiver.closed(error);
  }

  onEvents(events: number): void {
    const isLost = (events & (EPOLLERR | EPOLLHUP)) !== 0;
    // Where bytes may still be read, the read meets the error behind them.
    const hasRest = !this.#isEnded && (events & EPOLLIN) !== 0;
    if (isLost && !(hasRest && (!this.#isPaused || this.#receiver.isBehind === true))) {
      return this.close(this.#waitingError());
    }
    if ((events & EPOLLOUT) !== 0 && this.#isFull) this.#hasRoom();
    if (this.#isEnded || (events & (EPOLLIN | EPOLLRDHUP)) === 0) return;
    if ((events & EPOLLRDHUP) !== 0) this.#isEnding = true;
    this.#isReadable = true;
    this.#read();
  }

  goOn(): void {
    if (this.writingSinceMs !== 0 && !this.#isFull) this.flush();
    this.#read();
  }

  abandon(): void {
    this.isClosed = true;
    this.#loop.system.close(this.#descriptor);
  }

  /** Reads once: a socket with more to give goes on behind all others. */
  #read(): void {
    if (!this.#isReadable || this.#isPaused || this.isClosed) return;
    const receiver = this.#receiver;
    const space = receiver.reserve();
    if (space === null) {
      this.#isPaused = true;
      return;
    }
    const { bytes, start, end } = space;
    const room = start === 0 ? bytes : bytes.subarray(start, end);
    const received = this.#loop.system.receive(this.#descriptor, room, end - start);
    if (received > 0) {
      // Less than there was room for is all there was: whatever comes now is a new edge.
      this.#isReadable = received === end - start || this.#isEnding;
      if (this.#isReadable) this.#loop.goOn(this);
      receiver.commit(received);
      if (!this.isClosed) receiver.rested();
    } else if (received === 0) {
      this.#isReadable = false;
      this.#isEnded = true;
      receiver.rested();
      receiver.ended();
    } else if (received === -EAGAIN) {
      this.#isReadable = false;
      receiver.rested();
    } else {
      this.close(this.#loop.system.error(received));
    }
  }

  /** Sends once; returns how many bytes were taken, 0 where there is no room, or closes. */
  #send(bytes: Uint8Array, byteCount: number): number {
    const { system } = this.#loop;
    const taken = system.send(this.#descriptor, bytes, byteCount);
    if (taken >= 0) return taken;
    if (taken !== -EAGAIN) this.close(system.error(taken));
    return 0;
  }

  #flushFirst(): void {
    const first = this.#first!;
    const taken = this.#send(first, first.length);
    if (this.isClosed) return;
    if (taken > 0) this.writingSinceMs = 0;
    this.#first = taken === first.length ? null : first.subarray(taken);
    if (this.#first !== null) this.#waitForRoom();
    else this.flush();
  }

  /** A write is under way from here on; it goes on when the kernel says that it has room. */
  #waitForRoom(): void {
    this.#isFull = true;
    if (this.writingSinceMs === 0) this.writingSinceMs = this.#loop.clock.nowMs;
    this.#register();
  }

  #hasRoom(): void {
    this.#isFull = false;
    if (this.#first === null) this.flush();
    else this.#flushFirst();
  }

  /** The kernel has room, but others have waited long enough. */
  #flushLater(): void {
    this.writingSinceMs = this.#loop.clock.nowMs;
    this.#loop.goOn(this);
  }

  #register(): void {
    if (this.#isRegistered || this.isClosed) return;
    this.#isRegistered = true;
    const events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    const result = this.#loop.register(this.#descriptor, this, events);
    if (result < 0) this.close(this.#loop.system.error(result));
  }

  #waitingError(): unknown {
    const { system } = this.#loop;
    const errno = system.socketError(this.#descriptor);
    return system.error(errno === 0 ? -ECONNRESET : -errno);
  }
}
