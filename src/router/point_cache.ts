/**
 * The points that servers have on a ketama ring, computed once and kept sorted. A server that leaves or comes back
 * changes which points are on the ring, not where the others are, and a weight only how many of its own a server has:
 * so the next ring is the last one without the points that left, merged with the points that came. A thousand servers
 * have 160,000 points, and sorting them all would keep a worker's clients waiting at each ejection.
 *
 * @module
 */
import { md5Digest } from "../hash/mod.ts";

/** One digest of a label yields this many points. */
export const POINTS_PER_DIGEST = 4;

/** Servers kept beyond twice those of the last ring, so that one that comes and goes is known. */
const SPARE_SERVERS = 64;

/** A point and the rank of its server in one exact double: value × this + rank. */
const RANK_LIMIT = 2 ** 20;

/**
 * The points of a ring, ascending. Equal ones stand in the order of their servers: twemproxy sorts with the C library's
 * stable `qsort`, and looks up the first.
 */
export interface SortedPoints {
  /** One more than there are points: the last is above all hashes, and stands for the first. */
  readonly values: Uint32Array;
  /** For each point the rank of its server: its index in the list that the ring was made of. */
  readonly ranks: Int32Array;
}

/** Servers of a ring by label, in their order, with their numbers of digests. */
interface RankedServers {
  readonly keys: readonly string[];
  readonly digestCounts: readonly number[];
}

/** Some digests of one server that stand in a row. */
interface DigestRun {
  /** The rank of the server on the next ring. */
  readonly server: number;
  /** The rank that its points are sorted by: the same, or that on the last ring. */
  readonly rank: number;
  /** The first digest, counted from 0, and the one behind the last. */
  readonly from: number;
  readonly to: number;
}

/** Points by server, and those of the last ring; one for each ring that changes. */
export class PointCache {
  readonly #known = new Map<string, Uint32Array>();
  #last: RankedServers = { keys: [], digestCounts: [] };
  #lastPoints: SortedPoints = toSorted(new Float64Array(0));

  /** Servers whose points are kept. */
  get size(): number {
    return this.#known.size;
  }

  /**
   * All points of the servers with these labels, of so many digests each.
   *
   * @throws {RangeError} If there are more servers than a point can tell.
   */
  sortedPoints(labels: readonly Uint8Array[], digestCounts: readonly number[]): SortedPoints {
    if (labels.length > RANK_LIMIT) {
      throw new RangeError(`Cannot build a ring of ${labels.length} servers`);
    }
    const next = { keys: labels.map((label) => decoder.decode(label)), digestCounts };
    const ranks = ranksOfKept(this.#last, next);
    const { keptCount, left, come } = changedDigests(this.#last, next, ranks);
    const points = mergePoints({
      last: this.#lastPoints,
      ranks,
      keptCount,
      left: this.#sort(left, labels),
      come: this.#sort(come, labels),
    });
    this.#last = next;
    this.#lastPoints = points;
    this.#forget(next.keys);
    return points;
  }

  /** The points of these digests. */
  #sort(runs: readonly DigestRun[], labels: readonly Uint8Array[]): SortedPoints {
    const digestTotal = runs.reduce((sum, { from, to }) => sum + to - from, 0);
    const points = new Float64Array(digestTotal * POINTS_PER_DIGEST);
    let count = 0;
    for (const { server, rank, from, to } of runs) {
      const own = this.#pointsOf(labels[server]!, to);
      for (let at = from * POINTS_PER_DIGEST; at < to * POINTS_PER_DIGEST; at++) {
        points[count++] = own[at]! * RANK_LIMIT + rank;
      }
    }
    return toSorted(points);
  }

  /** The points of one server in the order of its digests: those of `digestCount` of them at least. */
  #pointsOf(label: Uint8Array, digestCount: number): Uint32Array {
    const key = decoder.decode(label);
    const known = this.#known.get(key);
    if (known !== undefined && known.length >= digestCount * POINTS_PER_DIGEST) return known;
    const points = computePoints(label, digestCount);
    this.#known.set(key, points);
    return points;
  }

  /** Forgets servers that are not of the last ring where they are many. */
  #forget(used: readonly string[]): void {
    if (this.#known.size <= 2 * used.length + SPARE_SERVERS) return;
    const kept = new Set(used);
    for (const key of this.#known.keys()) if (!kept.has(key)) this.#known.delete(key);
  }
}

/**
 * For each rank of `last` the rank in `next` of the same server, where that stands in the same order among those of the
 * others that stay; else -1.
 */
function ranksOfKept(last: RankedServers, next: RankedServers): Int32Array {
  const lastRanks = new Map(last.keys.map((key, rank) => [key, rank]));
  const ranks = new Int32Array(last.keys.length).fill(-1);
  let before = -1;
  next.keys.forEach((key, rank) => {
    const lastRank = lastRanks.get(key) ?? -1;
    if (lastRank <= before) return;
    ranks[lastRank] = rank;
    before = lastRank;
  });
  return ranks;
}

/** What becomes of servers' digests where the servers get these ranks: points that stay, and digests that go and come. */
function changedDigests(
  last: RankedServers,
  next: RankedServers,
  ranks: Int32Array,
): { keptCount: number; left: DigestRun[]; come: DigestRun[] } {
  const left: DigestRun[] = [];
  const come: DigestRun[] = [];
  const kept = new Uint32Array(next.keys.length);
  ranks.forEach((server, rank) => {
    if (server < 0) return;
    const to = last.digestCounts[rank]!;
    const from = Math.min(to, next.digestCounts[server]!);
    kept[server] = from;
    if (from < to) left.push({ server, rank, from, to });
  });
  next.digestCounts.forEach((to, server) => {
    const from = kept[server]!;
    if (from < to) come.push({ server, rank: server, from, to });
  });
  const keptDigests = kept.reduce((sum, count) => sum + count, 0);
  return { keptCount: keptDigests * POINTS_PER_DIGEST, left, come };
}

/** How the points of a ring become those of the next one. */
interface PointsChange {
  readonly last: SortedPoints;
  /** See {@link ranksOfKept}. */
  readonly ranks: Int32Array;
  /** Points of {@link PointsChange.last} that stay. */
  readonly keptCount: number;
  /** Points that leave although their servers stay, with the ranks that those had. */
  readonly left: SortedPoints;
  /** Points that come. */
  readonly come: SortedPoints;
}

/**
 * The points of the next ring. All clients of a worker wait for it, and most often it is run before the runtime has
 * compiled it: so its loop has only numbers and arrays of them.
 */
function mergePoints({ last, ranks, keptCount, left, come }: PointsChange): SortedPoints {
  if (keptCount === 0) return come;
  const { values: lastValues, ranks: lastRanks } = last;
  const { values: leftValues, ranks: leftRanks } = left;
  const { values: comeValues, ranks: comeRanks } = come;
  const lastCount = lastRanks.length;
  const leftCount = leftRanks.length;
  const comeCount = comeRanks.length;
  const count = keptCount + comeCount;
  const values = new Uint32Array(count + 1);
  const mergedRanks = new Int32Array(count);
  let filled = 0;
  let leftAt = 0;
  let comeAt = 0;
  for (let at = 0; at < lastCount; at++) {
    const lastRank = lastRanks[at]!;
    const rank = ranks[lastRank]!;
    if (rank < 0) continue;
    const value = lastValues[at]!;
    if (leftAt < leftCount && leftValues[leftAt] === value && leftRanks[leftAt] === lastRank) {
      leftAt += 1;
      continue;
    }
    while (comeAt < comeCount) {
      const coming = comeValues[comeAt]!;
      if (coming > value || (coming === value && comeRanks[comeAt]! > rank)) break;
      values[filled] = coming;
      mergedRanks[filled++] = comeRanks[comeAt++]!;
    }
    values[filled] = value;
    mergedRanks[filled++] = rank;
  }
  values.set(comeValues.subarray(comeAt, comeCount), filled);
  mergedRanks.set(comeRanks.subarray(comeAt), filled);
  values[count] = ABOVE_ALL;
  return { values, ranks: mergedRanks };
}

/** Sorts points with their ranks, each in one number; see {@link RANK_LIMIT}. */
function toSorted(points: Float64Array): SortedPoints {
  points.sort();
  const values = new Uint32Array(points.length + 1);
  const ranks = new Int32Array(points.length);
  for (let at = 0; at < points.length; at++) {
    const value = Math.floor(points[at]! / RANK_LIMIT);
    values[at] = value;
    ranks[at] = points[at]! - value * RANK_LIMIT;
  }
  values[points.length] = ABOVE_ALL;
  return { values, ranks };
}

/** What no hash is above. */
const ABOVE_ALL = 0xffffffff;

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
