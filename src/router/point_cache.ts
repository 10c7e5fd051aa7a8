/**
 * The points that servers have on a ketama ring, computed once: a server that leaves or comes back changes which points
 * are on the ring, not where the others are, and digests are nearly all that a ring costs.
 *
 * @module
 */
import { md5Digest } from "../hash/mod.ts";

/** One digest of a label yields this many points. */
export const POINTS_PER_DIGEST = 4;

/** Servers kept beyond twice those of the last ring, so that one that comes and goes is known. */
const SPARE_SERVERS = 64;

/** Points by server; one for each ring that changes. */
export class PointCache {
  readonly #known = new Map<string, Uint32Array>();

  /** Servers whose points are kept. */
  get size(): number {
    return this.#known.size;
  }

  /** The points of the server with this label, in the order of its digests: those of `digestCount` of them at least. */
  pointsOf(label: Uint8Array, digestCount: number): Uint32Array {
    const key = decoder.decode(label);
    const known = this.#known.get(key);
    if (known !== undefined && known.length >= digestCount * POINTS_PER_DIGEST) return known;
    const points = computePoints(label, digestCount);
    this.#known.set(key, points);
    return points;
  }

  /** A ring was made of servers with these labels: others are forgotten where they are many. */
  madeOf(labels: readonly Uint8Array[]): void {
    if (this.#known.size <= 2 * labels.length + SPARE_SERVERS) return;
    const used = new Set(labels.map((label) => decoder.decode(label)));
    for (const key of this.#known.keys()) if (!used.has(key)) this.#known.delete(key);
  }
}

/** Each byte is a character, so that no two labels are one key. */
const decoder = new TextDecoder("latin1");
const encoder = new TextEncoder();

function computePoints(label: Uint8Array, digestCount: number): Uint32Array {
  const points = new Uint32Array(digestCount * POINTS_PER_DIGEST);
  for (let number = 0; number < digestCount; number++) {
    const digest = md5Digest(pointLabel(label, number));
    const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
    for (let at = 0; at < POINTS_PER_DIGEST; at++) {
      points[number * POINTS_PER_DIGEST + at] = view.getUint32(at * 4, true);
    }
  }
  return points;
}

/** The bytes of `label-number`. */
function pointLabel(label: Uint8Array, number: number): Uint8Array {
  const suffix = encoder.encode(`-${number}`);
  const bytes = new Uint8Array(label.length + suffix.length);
  bytes.set(label);
  bytes.set(suffix, label.length);
  return bytes;
}
