/**
 * A ring of servers: from a key to the number of the server that owns it (ketama, modula or random).
 *
 * The placement is a contract: it is twemproxy 0.5's, down to the rounding of single-precision floats and
 * the order of servers, or aster 1.x's. A ring does not change; when a server leaves or comes back, another
 * one is built from those that are live.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import { type HashFunction, hashFunction, HashTag, type Placement } from "../hash/mod.ts";
import { PointCache, POINTS_PER_DIGEST, type SortedPoints } from "./point_cache.ts";

/** What a ring needs to know of a server. */
export interface RingServer {
  endpoint: Endpoint;
  /** Share of the keys relative to the other servers; a whole number, at least 1. */
  weight: number;
  /** Stands for the server in the ring when not null. */
  alias: string | null;
}

/** How keys are placed. The names are those of the configuration. */
export interface RingOptions {
  /** One of `HASH_NAMES`. */
  hash: string;
  /** One of {@link DISTRIBUTION_NAMES}. */
  distribution: string;
  placement: Placement;
  /** Two delimiters, or null: see {@link HashTag}. */
  hashTag: string | null;
  /** Source of `random`: numbers from 0 up to, not including, 1. `Math.random` unless given. */
  random?: () => number;
  /** Points of the last ring, with some of the same servers. */
  points?: PointCache;
}

/** The names that `distribution` may have in the configuration. */
export const DISTRIBUTION_NAMES = ["ketama", "modula", "random"] as const;

/** From a hash to the number of a server. */
interface OwnerTable {
  ownerOf(hash: number): number;
}

/** `Ring.#only` when there is a choice between servers. */
const MANY = -2;

/** A ring of at least one live server, or of none. Servers are numbered as in the list it was built from. */
export class Ring {
  /** Number of servers that can own keys. */
  readonly liveCount: number;
  /** The only server, -1 without any, or MANY. */
  readonly #only: number;
  readonly #table: OwnerTable;
  readonly #hash: HashFunction;
  readonly #tag: HashTag | null;
  /** Whether an empty key hashes to 0 instead of the hash function's own value. */
  readonly #emptyIsZero: boolean;
  /** Whether the hash is of no use, since the table picks at random. */
  readonly #isRandom: boolean;

  /** Use {@link buildRing}. */
  constructor(liveNumbers: readonly number[], table: OwnerTable, options: RingOptions) {
    this.liveCount = liveNumbers.length;
    this.#only = liveNumbers.length > 1 ? MANY : liveNumbers[0] ?? -1;
    this.#table = table;
    this.#hash = hashFunction(options.hash, options.placement);
    this.#tag = options.hashTag === null ? null : new HashTag(options.hashTag);
    this.#emptyIsZero = options.placement === "twemproxy";
    this.#isRandom = options.distribution === "random";
  }

  /** The number of the server that owns the key `bytes[start..end)`; -1 when no server is live. */
  serverOfKey(bytes: Uint8Array, start: number, end: number): number {
    if (this.#only !== MANY) return this.#only;
    if (this.#isRandom) return this.#table.ownerOf(0);
    const tag = this.#tag;
    if (tag !== null && tag.find(bytes, start, end)) {
      return this.#table.ownerOf(this.#hash(bytes, tag.start, tag.end));
    }
    const hash = start === end && this.#emptyIsZero ? 0 : this.#hash(bytes, start, end);
    return this.#table.ownerOf(hash);
  }

  /** The number of the server that owns an unsigned 32-bit hash; -1 when no server is live. */
  serverOf(hash: number): number {
    return this.#only !== MANY ? this.#only : this.#table.ownerOf(hash);
  }
}

/**
 * Builds the ring of those servers that are live. Weights count relative to the live servers only, as in
 * twemproxy's ejection.
 *
 * @param isLive whether the server of that number owns keys; all do unless given.
 * @throws RangeError on an unknown name of hash or distribution, or a bad hash tag.
 */
export function buildRing(
  servers: readonly RingServer[],
  options: RingOptions,
  isLive: (serverNumber: number) => boolean = () => true,
): Ring {
  const labels = servers.map((server) => encoder.encode(ringLabel(server, options.placement)));
  const numbers = serverOrder(labels, options.placement).filter(isLive);
  return new Ring(numbers, buildTable(servers, labels, numbers, options), options);
}

const encoder = new TextEncoder();

/**
 * The text that stands for a server in the ring. twemproxy leaves the port away when it is memcached's own,
 * as libmemcached does, and knows no brackets; aster takes the address as it is written.
 *
 * Up to 269 bytes every label is safe. With a longer one, which only an alias can be, twemproxy hashes bytes
 * from beyond its buffer, which nobody can reproduce; here the whole label counts.
 */
export function ringLabel(server: RingServer, placement: Placement): string {
  const { alias, endpoint } = server;
  if (alias !== null) return alias;
  if (placement === "aster") return formatEndpoint(endpoint);
  // Behind a path twemproxy leaves the colon of a port that is not there.
  if (endpoint.kind === "unix") return `${endpoint.path}:`;
  const { hostname, port } = endpoint;
  return port === 11_211 ? hostname : `${hostname}:${port}`;
}

/**
 * Server numbers in the order in which the ring takes them: twemproxy sorts servers by the length of their
 * label, then by its bytes; aster keeps the order of the list.
 */
function serverOrder(labels: readonly Uint8Array[], placement: Placement): number[] {
  const numbers = labels.map((_, serverNumber) => serverNumber);
  if (placement === "aster") return numbers;
  return numbers.sort((a, b) => compareLabels(labels[a]!, labels[b]!));
}

function compareLabels(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return 0;
}

function buildTable(
  servers: readonly RingServer[],
  labels: readonly Uint8Array[],
  numbers: readonly number[],
  options: RingOptions,
): OwnerTable {
  const weights = numbers.map((serverNumber) => servers[serverNumber]!.weight);
  switch (options.distribution) {
    case "ketama": {
      // One server owns all, and none nothing.
      const placed = numbers.length < 2 ? [] : numbers;
      const points = (options.points ?? new PointCache()).sortedPoints(
        placed.map((serverNumber) => labels[serverNumber]!),
        digestCounts(placed.length === 0 ? [] : weights, options.placement),
      );
      return new KetamaTable(points, numbers);
    }
    case "modula":
      return new ModulaTable(weights, numbers);
    case "random":
      return new RandomTable(numbers, options.random ?? Math.random);
    default:
      throw new RangeError(`Cannot find distribution "${options.distribution}"`);
  }
}

/** Points of a server of average weight. */
const POINTS_PER_SERVER = 160;

/** How many digests each of these servers has on the ring. */
function digestCounts(weights: readonly number[], placement: Placement): number[] {
  const totalWeight = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) =>
    placement === "aster"
      ? asterDigestCount(weight, totalWeight, weights.length)
      : twemproxyDigestCount(weight, totalWeight, weights.length)
  );
}

/** Digests of one server: every step rounds to single precision, except the addition, as in C. */
function twemproxyDigestCount(weight: number, totalWeight: number, liveCount: number): number {
  const round = Math.fround;
  const share = round(round(weight) / round(totalWeight));
  const average = round(round(share * POINTS_PER_SERVER) / POINTS_PER_DIGEST);
  return Math.floor(round(round(average * round(liveCount)) + 1e-10));
}

/** Digests of one server, in double precision and rounded after the multiplication by 4. */
function asterDigestCount(weight: number, totalWeight: number, liveCount: number): number {
  const average = weight / totalWeight * POINTS_PER_SERVER / POINTS_PER_DIGEST;
  const points = Math.trunc((average * liveCount + 1e-10) * POINTS_PER_DIGEST);
  return Math.floor(points / POINTS_PER_DIGEST);
}

/**
 * Consistent hashing: the owner of a hash is the owner of the first point not below it, or of the very
 * first point when there is none. Buckets of equal width, about as many as points, say where to start.
 */
class KetamaTable implements OwnerTable {
  /** Ascending; a last one above all hashes stands for the first. */
  readonly #points: Uint32Array;
  readonly #owners: Int32Array;
  /** Index of the first point not below the bucket's start. */
  readonly #buckets: Int32Array;
  readonly #bucketShift: number;

  constructor({ values, ranks }: SortedPoints, numbers: readonly number[]) {
    const count = ranks.length;
    this.#points = values;
    const owners = new Int32Array(count + 1);
    for (let at = 0; at < count; at++) owners[at] = numbers[ranks[at]!]!;
    owners[count] = owners[0]!;
    this.#owners = owners;
    const bucketBits = Math.min(16, Math.max(8, Math.ceil(Math.log2(count + 1))));
    const bucketShift = 32 - bucketBits;
    const buckets = new Int32Array(2 ** bucketBits);
    let bucket = 0;
    for (let at = 0; at < count; at++) {
      // A bucket without a point starts where the next one that has some does.
      const bucketOfPoint = values[at]! >>> bucketShift;
      while (bucket <= bucketOfPoint) buckets[bucket++] = at;
    }
    buckets.fill(count, bucket);
    this.#buckets = buckets;
    this.#bucketShift = bucketShift;
  }

  ownerOf(hash: number): number {
    const points = this.#points;
    let point = this.#buckets[hash >>> this.#bucketShift]!;
    while (points[point]! < hash) point++;
    return this.#owners[point]!;
  }
}

/** Remainder of the hash: each server owns as many remainders in a row as it weighs. */
class ModulaTable implements OwnerTable {
  readonly #totalWeight: number;
  /** The remainder after the last one of each server. */
  readonly #ends: Float64Array;
  readonly #owners: Int32Array;

  constructor(weights: readonly number[], numbers: readonly number[]) {
    this.#ends = new Float64Array(weights.length);
    this.#owners = Int32Array.from(numbers);
    let total = 0;
    for (let i = 0; i < weights.length; i++) {
      total += weights[i]!;
      this.#ends[i] = total;
    }
    this.#totalWeight = total;
  }

  ownerOf(hash: number): number {
    const remainder = hash % this.#totalWeight;
    let low = 0;
    let high = this.#ends.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (remainder < this.#ends[middle]!) high = middle;
      else low = middle + 1;
    }
    return this.#owners[low]!;
  }
}

/** Any live server, whatever its weight. */
class RandomTable implements OwnerTable {
  readonly #owners: Int32Array;
  readonly #random: () => number;

  constructor(numbers: readonly number[], random: () => number) {
    this.#owners = Int32Array.from(numbers);
    this.#random = random;
  }

  ownerOf(_hash: number): number {
    return this.#owners[Math.floor(this.#random() * this.#owners.length)]!;
  }
}
