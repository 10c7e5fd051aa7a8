/**
 * Which servers of a ring get far more or fewer keys than their weights say, told from a sample.
 *
 * @module
 */
import type { RingDescription } from "./moved_share.ts";
import { buildRing } from "./ring.ts";

/** Keys that are looked at in a ring of few servers. */
export const SAMPLE_KEYS_MIN = 20_000;
/** Keys that are looked at for each server of a ring of many, so that what chance does is no more than a third. */
export const SAMPLE_KEYS_PER_SERVER = 200;
/** How many times the share of keys by its weight, or one of how many parts of it, makes a server uneven. */
export const UNEVEN_FACTOR = 2;
/** What is less than so many standard deviations from its share may be chance. */
const DEVIATIONS = 5;

/** A server with far more or fewer keys than its weight says. */
export interface UnevenServer {
  /** Its number in the ring's list. */
  readonly server: number;
  /** The share of all keys that it gets, 0 to 1. */
  readonly share: number;
  /** The share by its weight. */
  readonly expectedShare: number;
}

/**
 * The servers of a ring that get at least twice, or at most half of, the share of keys that their weights say; the one with
 * most keys comes first. None where keys are placed at random. At most 204,800 keys are looked at, in a ring of 1,024
 * servers; the hash tag has no say.
 */
export function unevenServers(ring: RingDescription): UnevenServer[] {
  const { servers } = ring;
  if (ring.distribution === "random" || servers.length < 2) return [];
  const keyCount = Math.max(SAMPLE_KEYS_MIN, SAMPLE_KEYS_PER_SERVER * servers.length);
  const counts = countKeys(ring, keyCount);
  const weightSum = servers.reduce((sum, { weight }) => sum + weight, 0);
  return servers.map(({ weight }, server) => ({
    server,
    share: counts[server]! / keyCount,
    expectedShare: weight / weightSum,
  })).filter((one) => isUneven(one, keyCount)).sort((one, other) => other.share - one.share);
}

function isUneven({ share, expectedShare }: UnevenServer, keyCount: number): boolean {
  const isFar = share >= UNEVEN_FACTOR * expectedShare || share <= expectedShare / UNEVEN_FACTOR;
  const deviation = Math.sqrt(expectedShare * keyCount);
  return isFar && Math.abs(share - expectedShare) * keyCount > DEVIATIONS * deviation;
}

function countKeys(description: RingDescription, keyCount: number): Uint32Array {
  const ring = buildRing(description.servers, { ...description, hashTag: null });
  const counts = new Uint32Array(description.servers.length);
  const encoder = new TextEncoder();
  for (let index = 0; index < keyCount; index++) {
    const key = encoder.encode(sampleKey(index));
    counts[ring.serverOfKey(key, 0, key.length)]! += 1;
  }
  return counts;
}

/** Keys that differ in many places: of those that only count up some hashes make runs of neighbours. */
function sampleKey(index: number): string {
  const mixed = (number: number) => (Math.imul(number + 1, 0x9e3779b1) >>> 0).toString(36);
  return `user:${mixed(index)}:${mixed(7 * index + 3)}`;
}
