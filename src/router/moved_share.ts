/**
 * How many keys get another server when a ring changes, told from a sample.
 *
 * @module
 */
import { PointCache } from "./point_cache.ts";
import { buildRing, type Ring, type RingOptions, type RingServer } from "./ring.ts";

/** Keys that are looked at: the share is right within about 1 %. */
export const SAMPLE_KEYS = 20_000;

/** A ring as a configuration describes it. */
export interface RingDescription extends RingOptions {
  readonly servers: readonly (RingServer & { readonly address: string })[];
}

/**
 * The share of keys, from 0 to 1, that `after` gives to another server than `before` does. A server is its alias, or
 * its address where it has none: one that moved and kept its alias kept its keys.
 */
export function movedShare(before: RingDescription, after: RingDescription): number {
  const points = new PointCache();
  const [former, next] = [before, after].map((ring) =>
    buildRing(ring.servers, { ...ring, points })
  ) as [Ring, Ring];
  const encoder = new TextEncoder();
  let movedCount = 0;
  for (let index = 0; index < SAMPLE_KEYS; index++) {
    const key = encoder.encode(`key:${index}`);
    const from = labelOf(before, former.serverOfKey(key, 0, key.length));
    if (from !== labelOf(after, next.serverOfKey(key, 0, key.length))) movedCount += 1;
  }
  return movedCount / SAMPLE_KEYS;
}

function labelOf({ servers }: RingDescription, server: number): string | null {
  const found = servers[server];
  return found === undefined ? null : found.alias ?? found.address;
}
