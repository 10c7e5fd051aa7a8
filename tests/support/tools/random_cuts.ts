/**
 * Cuts byte streams at random places, again the same with the same seed.
 *
 * @module
 */
import type { Random } from "./seed.ts";

/** One piece in this many is as short as a byte, or ends where a frame's parts often do. */
const SHORT_PIECE_CHANCE = 0.4;
const SHORT_PIECE_BYTES = 4;

/**
 * Lengths of the pieces of a stream: none is 0, together they are `byteCount`. Short and long pieces both
 * occur, since a parser's mistakes hide at line ends as well as in bodies.
 */
export function randomCuts(random: Random, byteCount: number): number[] {
  const lengths: number[] = [];
  for (let left = byteCount; left > 0;) {
    const limit = random.chance(SHORT_PIECE_CHANCE) ? Math.min(SHORT_PIECE_BYTES, left) : left;
    const length = random.between(1, limit);
    lengths.push(length);
    left -= length;
  }
  return lengths;
}

/** Lengths of pieces of `pieceBytes` each; the last one may be shorter. */
export function evenCuts(byteCount: number, pieceBytes: number): number[] {
  const lengths: number[] = [];
  for (let left = byteCount; left > 0; left -= pieceBytes) {
    lengths.push(Math.min(pieceBytes, left));
  }
  return lengths;
}
