/**
 * A receiver of bytes that writes down what a socket tells it, and what a socket must not do.
 *
 * @module
 */
import { type ByteReceiver, type Space, spaceOf } from "../../../src/net/byte_receiver.ts";

/** Room offered to each read, bytes. */
const ROOM_BYTES = 32 * 1024;
/** Bytes around the room that nobody may touch. */
const GUARD_BYTES = 8;
const GUARD = 0xee;

const decoder = new TextDecoder();

/** Keeps all bytes, unless the test takes them. */
export class RecordingByteReceiver implements ByteReceiver {
  /** What was told besides bytes: `ended`, `closed`, `closed: <message>`. */
  readonly heard: string[] = [];
  /** Breaches of the rules; a test asserts that there are none. */
  readonly breaches: string[] = [];
  /** Whether there is room. */
  hasRoom = true;
  isBehind = false;
  receivedBytes = 0;
  reserveCount = 0;
  restedCount = 0;
  wroteCount = 0;
  /** Whether a socket has the room. */
  isLent = false;
  /** Error of {@link ByteReceiver.closed}. */
  error: unknown = undefined;
  /** Takes the bytes of each read; they are another read's afterwards. */
  onBytes: (bytes: Uint8Array) => void = (bytes) => this.#pieces.push(bytes.slice());
  onWrote: () => void = () => {};
  onClosed: () => void = () => {};
  readonly #pieces: Uint8Array[] = [];
  readonly #bytes: Uint8Array = new Uint8Array(ROOM_BYTES + 2 * GUARD_BYTES).fill(GUARD);
  #start = 0;

  /** Room that each read is offered, bytes. */
  readonly roomBytes = ROOM_BYTES;

  /** Everything received, as text. */
  get text(): string {
    return this.#pieces.map((piece) => decoder.decode(piece, { stream: true })).join("");
  }

  reserve(): Space | null {
    this.#check("reserve");
    if (this.isLent) this.breaches.push("reserve while the room is lent");
    this.reserveCount += 1;
    if (!this.hasRoom) return null;
    this.isLent = true;
    // Room at the start of an array is read into in another way.
    this.#start = this.reserveCount % 2 === 0 ? 0 : GUARD_BYTES;
    return spaceOf(this.#bytes, this.#start, this.#start + ROOM_BYTES);
  }

  commit(byteCount: number): void {
    this.#check("commit");
    if (!this.isLent) this.breaches.push("commit without reserve");
    if (byteCount < 1 || byteCount > ROOM_BYTES) this.breaches.push(`commit of ${byteCount}`);
    this.isLent = false;
    this.receivedBytes += byteCount;
    this.onBytes(this.#bytes.subarray(this.#start, this.#start + byteCount));
    this.#checkGuards();
  }

  /** May follow the close: a receiver that closes within a read gets its room back behind it. */
  rested(): void {
    this.isLent = false;
    this.restedCount += 1;
  }

  wrote(): void {
    this.#check("wrote");
    this.wroteCount += 1;
    this.onWrote();
  }

  ended(): void {
    this.#check("ended");
    this.heard.push("ended");
  }

  closed(error: unknown): void {
    this.#check("closed");
    this.error = error;
    this.heard.push(error === null ? "closed" : `closed: ${(error as Error).message}`);
    this.onClosed();
  }

  /** Whether the connection is gone. */
  get isClosed(): boolean {
    return this.error !== undefined;
  }

  #check(what: string): void {
    if (this.isClosed) this.breaches.push(`${what} after closed`);
  }

  #checkGuards(): void {
    const end = this.#start + ROOM_BYTES;
    const stages = [this.#bytes.subarray(end, end + GUARD_BYTES)];
    if (this.#start > 0) stages.push(this.#bytes.subarray(0, this.#start));
    if (stages.some((stage) => stage.some((byte) => byte !== GUARD))) {
      this.breaches.push("bytes outside the room");
    }
    this.#bytes.fill(GUARD, 0, GUARD_BYTES);
    this.#bytes.fill(GUARD, ROOM_BYTES);
  }
}
