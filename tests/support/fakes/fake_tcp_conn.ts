/**
 * A connection whose reads and writes settle when the test says so, and never by themselves. It fails when two
 * reads or two writes are in flight, or when bytes change while a write has them.
 *
 * @module
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface PendingRead {
  room: Uint8Array;
  resolve(byteCount: number | null): void;
  reject(error: unknown): void;
}

interface PendingWrite {
  bytes: Uint8Array;
  /** What the bytes were when the write began. */
  snapshot: Uint8Array;
  resolve(byteCount: number): void;
  reject(error: unknown): void;
}

/** Runs everything that is ready now: all microtasks. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** The part of `Deno.TcpConn` that sockets use, driven by a test. */
export class FakeTcpConn {
  /** Everything that writes have taken. */
  written = "";
  /** How often it was closed. */
  closeCount = 0;
  /** Whether writes are taken whole by themselves. */
  takesWrites = true;
  /** Called when what a step has caused is over. */
  afterStep: (() => void) | null = null;
  /** Breaches of the rules; a test asserts that there are none. */
  readonly breaches: string[] = [];
  #incoming: Uint8Array[] = [];
  #hasEnded = false;
  #read: PendingRead | null = null;
  #write: PendingWrite | null = null;

  /** As the type that the code under test wants. */
  get asTcpConn(): Deno.TcpConn {
    return this as unknown as Deno.TcpConn;
  }

  get isClosed(): boolean {
    return this.closeCount > 0;
  }

  get isReading(): boolean {
    return this.#read !== null;
  }

  /** Room that the pending read offers, in bytes. */
  get roomBytes(): number {
    return this.#read!.room.length;
  }

  /** Text of the write in flight, or null. */
  get writing(): string | null {
    return this.#write === null ? null : decoder.decode(this.#write.bytes);
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  read(room: Uint8Array): Promise<number | null> {
    if (this.#read !== null) this.breaches.push("two reads in flight");
    if (this.isClosed) this.breaches.push("read after close");
    if (room.length === 0) this.breaches.push("read without room");
    return new Promise((resolve, reject) => {
      this.#read = { room, resolve, reject };
      this.#fill();
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#write !== null) this.breaches.push("two writes in flight");
    if (this.isClosed) this.breaches.push("write after close");
    if (bytes.length === 0) this.breaches.push("write without bytes");
    return new Promise((resolve, reject) => {
      this.#write = { bytes, snapshot: bytes.slice(), resolve, reject };
      if (this.takesWrites) this.#take(bytes.length);
    });
  }

  close(): void {
    this.closeCount += 1;
  }

  /** The other side sends. */
  async receives(...contents: (string | Uint8Array)[]): Promise<void> {
    for (const content of contents) {
      this.#incoming.push(typeof content === "string" ? encoder.encode(content) : content);
    }
    do {
      this.#fill();
      await this.#turn();
    } while (this.#incoming.length > 0 && this.#read !== null);
  }

  /** The other side sends no more. */
  async ends(): Promise<void> {
    this.#hasEnded = true;
    this.#fill();
    await this.#turn();
  }

  /** The pending read fails. */
  async failsRead(error: unknown = new Error("connection reset")): Promise<void> {
    this.#settleRead().reject(error);
    await this.#turn();
  }

  /** The system takes bytes of the write in flight, all of them unless told otherwise. */
  async takes(byteCount: number = this.#write!.bytes.length): Promise<void> {
    this.#take(byteCount);
    await this.#turn();
  }

  /** From now on writes are taken whole by themselves, the one in flight included. */
  async takesAll(): Promise<void> {
    this.takesWrites = true;
    if (this.#write !== null) this.#take(this.#write.bytes.length);
    await this.#turn();
  }

  /** The write in flight fails. */
  async failsWrite(error: unknown = new Error("broken pipe")): Promise<void> {
    const { reject } = this.#write!;
    this.#write = null;
    reject(error);
    await this.#turn();
  }

  /** Returns what was written since the last call. */
  takeWritten(): string {
    const written = this.written;
    this.written = "";
    return written;
  }

  async #turn(): Promise<void> {
    await turn();
    this.afterStep?.();
  }

  #fill(): void {
    if (this.#read === null) return;
    const next = this.#incoming[0];
    if (next === undefined) {
      if (this.#hasEnded) this.#settleRead().resolve(null);
      return;
    }
    const { room } = this.#read;
    const byteCount = Math.min(room.length, next.length);
    room.set(next.subarray(0, byteCount));
    if (byteCount === next.length) this.#incoming.shift();
    else this.#incoming[0] = next.subarray(byteCount);
    this.#settleRead().resolve(byteCount);
  }

  #settleRead(): PendingRead {
    const read = this.#read!;
    this.#read = null;
    return read;
  }

  #take(byteCount: number): void {
    const { bytes, snapshot, resolve } = this.#write!;
    for (let index = 0; index < bytes.length; index++) {
      if (bytes[index] !== snapshot[index]) {
        this.breaches.push(`byte ${index} changed while it was being written`);
        break;
      }
    }
    this.written += decoder.decode(bytes.subarray(0, byteCount));
    this.#write = null;
    resolve(byteCount);
  }
}
