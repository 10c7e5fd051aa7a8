/**
 * Arrays that were given back to their pool are overwritten: whoever still reads them has nonsense, which a client or a
 * server sees, and whoever has written into them is found when they are taken again.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Chunk, ChunkPool } from "../../../src/bytes/chunk_pool.ts";
import { type ArrayPool, READ_HUGE_BYTES } from "../../../src/bytes/receive_buffer.ts";

/** No digit, letter or mark of a protocol, and nothing that UTF-8 has. */
const OVERWRITTEN_BY = 0xfe;

const pattern = new Uint8Array(READ_HUGE_BYTES).fill(OVERWRITTEN_BY);

/**
 * Overwrites what is given back from now on.
 *
 * @param report Hears of whatever is thrown ahead of that.
 */
export function overwriteReleased(
  chunks: ChunkPool,
  arrays: ArrayPool,
  report: (broken: Error) => void,
): void {
  const overwritten = new WeakSet<Uint8Array>();
  const overwrite = (bytes: Uint8Array) => {
    if (bytes.length === 0 || bytes.length > pattern.length) return;
    bytes.fill(OVERWRITTEN_BY);
    overwritten.add(bytes);
  };
  const check = (bytes: Uint8Array) => {
    if (!overwritten.delete(bytes)) return;
    if (Buffer.compare(bytes, pattern.subarray(0, bytes.length)) === 0) return;
    const at = bytes.findIndex((byte) => byte !== OVERWRITTEN_BY);
    const broken = new Error(
      `Invariant broken: what was given back is not written into: byte ${at} of ${bytes.length}, ` +
        `${new TextDecoder().decode(bytes.subarray(at, at + 40))}`,
    );
    report(broken);
    throw broken;
  };
  const { take: takeChunk, release: releaseChunk } = chunks;
  chunks.take = function (byteCount): Chunk {
    const chunk = takeChunk.call(this, byteCount);
    check(chunk.bytes);
    return chunk;
  };
  chunks.release = function (chunk) {
    releaseChunk.call(this, chunk);
    if (chunk.isPooled) overwrite(chunk.bytes);
  };
  const { take: takeArray, release: releaseArray } = arrays;
  arrays.take = function (size) {
    const bytes = takeArray.call(this, size);
    check(bytes);
    return bytes;
  };
  arrays.release = function (bytes) {
    releaseArray.call(this, bytes);
    overwrite(bytes);
  };
}
