/**
 * One connection on Deno's own sockets, for both sides: one read and one write in flight at most, closed
 * exactly once.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Chunk } from "../../bytes/chunk_pool.ts";
import type { SendLog } from "../../bytes/send_log.ts";
import type { Endpoint } from "../../endpoint.ts";
import type { ByteReceiver } from "../byte_receiver.ts";
import type { Socket } from "../io_engine.ts";
import { type DenoConn, localEnd, peerEnd } from "./deno_connection.ts";
import type { WriteDelay } from "./write_delay.ts";

/** A {@link Socket} over one of Deno's connections. */
export class DenoSocket implements Socket {
  isDirty = false;
  mayBeLate = false;
  writingSinceMs = 0;
  isGated = false;
  readonly #connection: DenoConn;
  readonly #receiver: ByteReceiver;
  readonly #log: SendLog;
  readonly #clock: Clock;
  readonly #writeDelay: WriteDelay;
  #isReading = false;
  #isEnded = false;
  #isClosed = false;
  #closesWhenWritten = false;
  /** Whether the write in flight is the rest of one that was taken in part. */
  #isRemainder = false;
  #writing: Uint8Array | null = null;
  /** Whether the bytes being written stand in the log. */
  #writesLog = false;
  /** Chunk that a write may still read after close. */
  #pinned: Chunk | null = null;
  readonly #onRead = (byteCount: number | null) => this.#read(byteCount);
  readonly #onReadFailed = (error: unknown) => this.#readFailed(error);
  readonly #onWrote = (byteCount: number) => this.#wrote(byteCount);
  readonly #onWriteFailed = (error: unknown) => this.#writeFailed(error);

  constructor(
    connection: DenoConn,
    receiver: ByteReceiver,
    log: SendLog,
    clock: Clock,
    writeDelay: WriteDelay,
  ) {
    this.#connection = connection;
    this.#receiver = receiver;
    this.#log = log;
    this.#clock = clock;
    this.#writeDelay = writeDelay;
    if (!("setNoDelay" in connection)) return;
    try {
      connection.setNoDelay(true);
      connection.setKeepAlive(true);
    } catch {
      // Some systems refuse it of a connection that is lost already; the first read says so.
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get local(): Endpoint | null {
    return localEnd(this.#connection);
  }

  get peer(): Endpoint | null {
    return peerEnd(this.#connection);
  }

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

  writeFirst(bytes: Uint8Array): void {
    this.isGated = true;
    this.#writesLog = false;
    this.writingSinceMs = this.#clock.nowMs;
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
    if (this.#isClosed) this.#receiver.rested();
    else this.resume();
  }

  #readFailed(error: unknown): void {
    this.#isReading = false;
    if (this.#isClosed) return;
    this.#clock.readNow();
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
    const { nowMs } = this.#clock;
    const isWhole = byteCount === bytes.length;
    // What a client takes piece by piece takes as long as the client makes it.
    if (isWhole && !this.#isRemainder) this.#writeDelay.count(nowMs - this.writingSinceMs, nowMs);
    this.#isRemainder = !isWhole;
    if (this.#writesLog) this.#log.wrote(byteCount);
    if (!isWhole) {
      this.writingSinceMs = nowMs;
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
    if (this.#isClosed) return this.#unpin();
    this.#clock.readNow();
    this.close(error);
  }

  #unpin(): void {
    if (this.#pinned !== null) this.#log.letGo(this.#pinned);
    this.#pinned = null;
  }
}
