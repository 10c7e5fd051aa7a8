/**
 * `aster route FILE CLUSTER [KEY…]`: where keys live, told from the file alone, with nothing started or asked.
 *
 * @module
 */
import type { ClusterConfig, Config } from "./config/config.ts";
import { slotOf } from "./hash/mod.ts";
import { UNEVEN_FACTOR, unevenServers } from "./router/key_shares.ts";
import { movedShare, type RingDescription } from "./router/moved_share.ts";
import { buildRing } from "./router/ring.ts";

const encoder = new TextEncoder();

/** Says of a key where it lives: columns for people, which a script can cut at tabs. */
export type Route = (key: string) => string;

/** How keys of this cluster are placed: key, server and address in a ring; key and slot in a Redis Cluster. */
export function routeOf(cluster: ClusterConfig): Route {
  if (cluster.type === "redis_cluster") {
    return (key) => {
      const bytes = encoder.encode(key);
      return `${key}\tslot ${slotOf(bytes, 0, bytes.length)}`;
    };
  }
  const ring = buildRing(cluster.servers, cluster);
  return (key) => {
    const bytes = encoder.encode(key);
    const { alias, address } = cluster.servers[ring.serverOfKey(bytes, 0, bytes.length)]!;
    return `${key}\t${alias ?? address}\t${address}`;
  };
}

/** Servers that are named in one warning; the others are counted. */
const NAMED_MAX = 3;

/** Warnings about clusters whose servers get far more or fewer keys than their weights say. */
export function spreadWarnings(config: Config): string[] {
  return config.clusters.flatMap((cluster) => {
    if (cluster.type === "redis_cluster") return [];
    const uneven = unevenServers(cluster);
    if (uneven.length === 0) return [];
    const named = uneven.slice(0, NAMED_MAX).map(({ server, share, expectedShare }) => {
      const { alias, address } = cluster.servers[server]!;
      return `${alias ?? address} gets ${percent(share)} instead of ${percent(expectedShare)}`;
    });
    if (uneven.length > NAMED_MAX) named.push(`and ${uneven.length - NAMED_MAX} more`);
    return [
      `cluster "${cluster.name}": keys are spread otherwise than weights say, by a factor of ` +
      `${UNEVEN_FACTOR} or more, as a sample shows: ${
        named.join(", ")
      }; another hash or distribution, or ` +
      "weights that differ less, spread them better, and move keys",
    ];
  });
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

/**
 * The share of keys, from 0 to 1, that live elsewhere by the other `placement`; 0 for a Redis Cluster, and where keys
 * are placed at random.
 */
export function placementShare(cluster: ClusterConfig): number {
  if (cluster.type === "redis_cluster" || cluster.distribution === "random") return 0;
  const placed = (placement: RingDescription["placement"]) => ({ ...cluster, placement });
  return movedShare(placed("twemproxy"), placed("aster"));
}
