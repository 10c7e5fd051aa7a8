/**
 * One TCP connection, for both sides: one read and one write in flight at most, closed exactly once. The only
 * place where bytes are awaited.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Chunk } from "../bytes/chunk_pool.ts";
import type { SendLog } from "../bytes/send_log.ts";
import type { ByteReceiver } from "./byte_receiver.ts";

/** A connected socket that reads for a receiver and writes from its send log. */
export class Socket {
  /** Whether the flush queue has it; only the queue writes it. */
  isDirty = false;
  /** When the write in flight began or last made progress, on the clock's scale; 0 when none is in flight. */
  writingSinceMs = 0;
  /** While true nothing of the log is written: a handshake is under way. */
  isGated = false;
  readonly #connection: Deno.TcpConn;
  readonly #receiver: ByteReceiver;
  readonly #log: SendLog;
  readonly #clock: Clock;
  #isReading = false;
  #isEnded = false;
  #isClosed = false;
  #closesWhenWritten = false;
  #writing: Uint8Array | null = null;
  /** Whether the bytes being written stand in the log. */
  #writesLog = false;
  /** Chunk that a write may still read after close. */
  #pinned: Chunk | null = null;
  readonly #onRead = (byteCount: number | null) => this.#read(byteCount);
  readonly #onReadFailed = (error: unknown) => this.#readFailed(error);
  readonly #onWrote = (byteCount: number) => this.#wrote(byteCount);
  readonly #onWriteFailed = (error: unknown) => this.#writeFailed(error);

  constructor(connection: Deno.TcpConn, receiver: ByteReceiver, log: SendLog, clock: Clock) {
    this.#connection = connection;
    this.#receiver = receiver;
    this.#log = log;
    this.#clock = clock;
    connection.setNoDelay(true);
    connection.setKeepAlive(true);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Reads on if the receiver has room. Called once at the start and after a null `reserve()`. */
  resume(): void {
    if (this.#isReading || this.#isEnded || this.#isClosed) return;
    const space = this.#receiver.reserve();
    if (space === null) return;
    this.#isReading = true;
    const { bytes, start, end } = space;
    // An empty buffer is read into as it is: thousands of idle clients each save a view.
    const room = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
    this.#connection.read(room).then(this.#onRead, this.#onReadFailed);
  }

  /** Starts a write of what the log has, unless one is in flight: then it follows by itself. */
  flush(): void {
    if (this.#writing !== null || this.#isClosed || this.isGated) return;
    const bytes = this.#log.handOver();
    if (bytes === null) {
      if (this.#closesWhenWritten) this.close(null);
      return;
    }
    this.#writesLog = true;
    this.writingSinceMs = this.#clock.nowMs;
    this.#write(bytes);
  }

  /** Writes a handshake ahead of the log, whose bytes wait until `isGated` is false again. */
  writeFirst(bytes: Uint8Array): void {
    this.isGated = true;
    this.#writesLog = false;
    this.writingSinceMs = this.#clock.nowMs;
    this.#write(bytes);
  }

  /** Closes as soon as everything in the log is written. */
  closeWhenWritten(): void {
    this.#closesWhenWritten = true;
    this.flush();
  }

  /**
   * Closes now. The receiver hears of it before this returns, once; buffers in use by a pending read or write
   * stay untouched until that settles.
   */
  close(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.writingSinceMs = 0;
    // Deno goes on with a write after close: its bytes must not become somebody else's meanwhile.
    if (this.#writing !== null && this.#writesLog) this.#pinned = this.#log.pinOldest();
    try {
      this.#connection.close();
    } catch {
      // Deno throws when the other side's reset has closed the resource already: it is closed either way.
    }
    this.#receiver.closed(error);
  }

  #read(byteCount: number | null): void {
    this.#isReading = false;
    if (this.#isClosed) return;
    this.#clock.readNow();
    if (byteCount === null) {
      this.#isEnded = true;
      this.#receiver.ended();
      return;
    }
    this.#receiver.commit(byteCount);
    this.resume();
  }

  #readFailed(error: unknown): void {
    this.#isReading = false;
    this.close(error);
  }

  #write(bytes: Uint8Array): void {
    this.#writing = bytes;
    this.#connection.write(bytes).then(this.#onWrote, this.#onWriteFailed);
  }

  #wrote(byteCount: number): void {
    const bytes = this.#writing!;
    this.#writing = null;
    if (this.#isClosed) return this.#unpin();
    this.#clock.readNow();
    if (this.#writesLog) this.#log.wrote(byteCount);
    if (byteCount < bytes.length) {
      this.writingSinceMs = this.#clock.nowMs;
      this.#write(bytes.subarray(byteCount));
      this.#receiver.wrote();
      return;
    }
    this.writingSinceMs = 0;
    this.#receiver.wrote();
    this.flush();
  }

  #writeFailed(error: unknown): void {
    this.#writing = null;
    if (this.#isClosed) this.#unpin();
    else this.close(error);
  }

  #unpin(): void {
    if (this.#pinned !== null) this.#log.letGo(this.#pinned);
    this.#pinned = null;
  }
}
