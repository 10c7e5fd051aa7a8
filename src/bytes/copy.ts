/**
 * Copying between byte arrays, the proxy's most frequent act.
 *
 * @module
 */

/** Below this length a byte loop beats `set(subarray)`, which makes a view object (measured in `bench/`). */
const LOOP_BYTES_MAX = 64;

/** Copies `source[start, end)` to `target` at `position`; the caller has made sure of the room. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  position: number,
): void {
  if (end - start <= LOOP_BYTES_MAX) {
    while (start < end) target[position++] = source[start++]!;
  } else {
    target.set(source.subarray(start, end), position);
  }
}

/** Joins arrays into one. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  let byteCount = 0;
  for (const part of parts) byteCount += part.length;
  const joined = new Uint8Array(byteCount);
  let position = 0;
  for (const part of parts) {
    joined.set(part, position);
    position += part.length;
  }
  return joined;
}
