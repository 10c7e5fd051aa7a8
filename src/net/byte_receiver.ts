/**
 * What a socket tells whoever reads it. A socket asks for room only when it is about to read, says how much
 * came, and all that follows is synchronous code of the receiver, whichever engine reads.
 *
 * @module
 */

/** Room for the next bytes. Whoever gets one reads it at once: there is one object for all. */
export interface Space {
  bytes: Uint8Array;
  /** First free byte. */
  start: number;
  /** One past the last free byte. */
  end: number;
}

const space: Space = { bytes: new Uint8Array(0), start: 0, end: 0 };

/** Names the room `bytes[start, end)`; valid until the next call. */
export function spaceOf(bytes: Uint8Array, start: number, end: number): Space {
  space.bytes = bytes;
  space.start = start;
  space.end = end;
  return space;
}

/** Who reads from a socket: a session or a backend connection. */
export interface ByteReceiver {
  /**
   * Whether what came is still being parsed, so that it has no room and will read on by itself. A connection lost
   * meanwhile is closed behind the last byte that came. False if left out.
   */
  readonly isBehind?: boolean;
  /**
   * Room for the next bytes, at least one. From here to {@link ByteReceiver.commit} the room is the
   * socket's: nobody compacts, grows or recycles it. Null: do not read until `socket.resume()`.
   */
  reserve(): Space | null;
  /** `byteCount` bytes are there: parse. */
  commit(byteCount: number): void;
  /**
   * Nothing is read before the next {@link ByteReceiver.reserve}: room that holds nothing may go to others.
   * Called by engines that ask for room only when there are bytes, and by all where the connection was closed within
   * {@link ByteReceiver.commit}.
   */
  rested(): void;
  /** Bytes were written; the send log may have room again. */
  wrote(): void;
  /** The other side will send no more; writing still works. */
  ended(): void;
  /**
   * The connection is gone; called once, and nothing after it but {@link ByteReceiver.rested}. `error` is null when
   * closed on purpose.
   */
  closed(error: unknown): void;
}
