/**
 * What every connection that epoll waits for does alike, whatever it speaks below: it writes its log at the end of the
 * turn, no more than its share at once, goes on when the kernel has room, and is closed exactly once.
 *
 * @module
 */
import type { SendLog } from "../../bytes/send_log.ts";
import type { Endpoint } from "../../endpoint.ts";
import type { ByteReceiver } from "../byte_receiver.ts";
import type { Socket } from "../io_engine.ts";
import type { EpollLoop, EventHandler, Resumable } from "./epoll_loop.ts";
import { ECONNRESET } from "./libc.ts";
import { localEnd, peerEnd } from "./socket_endpoint.ts";

/** Most bytes written to one socket in one turn: what a fast reader may take from the others. */
export const FLUSH_BYTES_MAX: number = 1024 * 1024;

/** A {@link Socket} that epoll waits for. Who extends it reads, and says how bytes are written. */
export abstract class EpollStream implements EventHandler, Resumable, Socket {
  isDirty = false;
  mayBeLate = false;
  isWaitingToGoOn = false;
  writingSinceMs = 0;
  isGated = false;
  isClosed = false;
  protected readonly loop: EpollLoop;
  protected readonly descriptor: number;
  protected readonly receiver: ByteReceiver;
  /** Nobody wants to read: before the first {@link Socket.resume}, or since there was no room. */
  protected isPaused = true;
  /** The kernel takes no more bytes for now. */
  protected isFull = false;
  readonly #log: SendLog;
  #closesWhenWritten = false;
  /** What is left of a handshake of the protocol within. */
  #first: Uint8Array | null = null;

  constructor(loop: EpollLoop, descriptor: number, receiver: ByteReceiver, log: SendLog) {
    this.loop = loop;
    this.descriptor = descriptor;
    this.receiver = receiver;
    this.#log = log;
    loop.own(descriptor, this);
  }

  get local(): Endpoint | null {
    return this.isClosed ? null : localEnd(this.loop.system, this.descriptor);
  }

  get peer(): Endpoint | null {
    return this.isClosed ? null : peerEnd(this.loop.system, this.descriptor);
  }

  abstract resume(): void;
  abstract onEvents(events: number): void;
  abstract abandon(): void;

  /** Reads what there may be without an event. */
  protected abstract readOn(): void;
  /**
   * Writes once. Returns how many bytes were taken, and sets {@link EpollStream.isFull} where that is all for now; or
   * closes.
   */
  protected abstract write(bytes: Uint8Array, byteCount: number): number;
  /** Asks to be told when the kernel has room. */
  protected abstract askForRoom(): void;
  /** The connection is about to be closed. `isClean`: the other side may be told so. */
  protected abstract release(isClean: boolean): void;

  flush(): void {
    if (this.isFull || this.isGated || this.isClosed) return;
    const log = this.#log;
    let written = 0;
    for (;;) {
      if (written >= FLUSH_BYTES_MAX && log.hasUnhanded()) return this.#flushLater();
      const chunk = log.handOverChunk();
      if (chunk === null) break;
      const byteCount = chunk.filled - chunk.written;
      const bytes = chunk.written === 0 ? chunk.bytes : chunk.bytes.subarray(chunk.written);
      const taken = this.write(bytes, byteCount);
      if (this.isClosed) return;
      written += taken;
      if (taken > 0) {
        log.wrote(taken);
        this.writingSinceMs = 0;
      }
      if (this.isFull) this.#waitForRoom();
      // What it appends is written in the same turn.
      if (taken > 0) this.receiver.wrote();
      if (this.isFull || this.isClosed) return;
    }
    // What was left for this turn may have been dropped meanwhile.
    this.writingSinceMs = 0;
    if (this.#closesWhenWritten) this.close(null);
  }

  writeFirst(bytes: Uint8Array): void {
    this.isGated = true;
    this.#first = bytes;
    this.#flushFirst(bytes);
  }

  closeWhenWritten(): void {
    this.#closesWhenWritten = true;
    this.flush();
  }

  close(error: unknown): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.writingSinceMs = 0;
    this.release(error === null);
    this.loop.close(this.descriptor);
    this.receiver.closed(error);
  }

  goOn(): void {
    if (this.writingSinceMs !== 0 && !this.isFull) this.flush();
    this.readOn();
  }

  /** The kernel has room again: what waited for that is written. */
  protected hasRoom(): void {
    this.isFull = false;
    if (this.#first === null) this.flush();
    else this.#flushFirst(this.#first);
  }

  /** Has the kernel wait for events. */
  protected register(events: number): void {
    const result = this.loop.register(this.descriptor, this, events);
    if (result < 0) this.close(this.loop.system.error(result));
  }

  /** The error that the kernel holds ready, of a connection that is lost. */
  protected waitingError(): unknown {
    const { system } = this.loop;
    const errno = system.socketError(this.descriptor);
    return system.error(errno === 0 ? -ECONNRESET : -errno);
  }

  #flushFirst(first: Uint8Array): void {
    let rest = first;
    while (rest.length > 0) {
      const taken = this.write(rest, rest.length);
      if (this.isClosed) return;
      if (taken > 0) this.writingSinceMs = 0;
      rest = rest.subarray(taken);
      if (!this.isFull) continue;
      this.#first = rest;
      return this.#waitForRoom();
    }
    this.#first = null;
    this.flush();
  }

  /** A write is under way from here on; it goes on when the kernel says that it has room. */
  #waitForRoom(): void {
    if (this.writingSinceMs === 0) this.writingSinceMs = this.loop.clock.nowMs;
    this.askForRoom();
  }

  /** The kernel has room, but others have waited long enough. */
  #flushLater(): void {
    this.writingSinceMs = this.loop.clock.nowMs;
    this.loop.goOn(this);
  }
}
