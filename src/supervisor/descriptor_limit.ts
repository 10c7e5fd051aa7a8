/**
 * How many clients may be connected, so that descriptors are left for what serves them: `ulimit -n` less what is
 * open already, less a reserve for connections to backends, for the admin server and for replaced workers.
 *
 * @module
 */
import type { ClusterConfig } from "../config/config.ts";
import { HANDSHAKES_MAX } from "../net/tls.ts";

/** Descriptors that nobody plans with: scrapes, lookups of names, a worker that is replaced. */
export const SPARE_DESCRIPTORS = 16;
/** Dedicated connections of each cluster and worker that the reserve provides for. */
export const RESERVED_DEDICATED = 16;
/** Nodes of a Redis Cluster that the reserve provides for: the file names some of them only. */
export const RESERVED_NODES = 16;

/** Profiles with connections of their own to each backend: RESP2 and RESP3. */
const PROFILES = 2;
/** Further connections to each backend: for messages, and for pings. */
const FURTHER_CONNECTIONS = 2;

/** What the system says of this process. */
export interface DescriptorUse {
  /** How many may be open. */
  readonly limit: number;
  /** How many are. */
  readonly open: number;
}

/** Asks Linux; null where there is no limit, or where nobody may ask or can answer. */
export function readDescriptorUse(folder = "/proc/self"): DescriptorUse | null {
  // Without the right to read, asking anyway would make Deno ask the terminal.
  if (Deno.permissions.querySync({ name: "read", path: folder }).state !== "granted") return null;
  try {
    const found = /^Max open files +(\d+)/m.exec(Deno.readTextFileSync(`${folder}/limits`));
    if (found === null) return null;
    return { limit: Number(found[1]), open: [...Deno.readDirSync(`${folder}/fd`)].length };
  } catch {
    return null;
  }
}

/** How descriptors are shared out. */
export interface DescriptorShares {
  /** Most clients at once. */
  readonly clientsMax: number;
  /** Connections to backends that are provided for. */
  readonly backendsMax: number;
  /** Connections to backends as soon as each worker has asked every server. */
  readonly backendsNeeded: number;
}

/**
 * Who gets how many. Where the limit is low, backends get half of what there is.
 *
 * @param use Without the connections of clients and to backends among those that are open.
 * @param workers The clusters of each worker.
 */
export function shareDescriptors(
  { limit, open }: DescriptorUse,
  workers: readonly (readonly ClusterConfig[])[],
): DescriptorShares {
  const clusters = workers.flat();
  const wanted = clusters.reduce((sum, cluster) => sum + connectionsOf(cluster), 0);
  // Each listener may have one more client at hand before it looks at the count again.
  const left = limit - open - SPARE_DESCRIPTORS - clusters.length;
  const backendsMax = Math.max(0, Math.min(wanted, Math.floor(left / 2)));
  return {
    clientsMax: Math.max(1, left - backendsMax),
    backendsMax,
    backendsNeeded: neededConnections(clusters),
  };
}

/** One connection of each worker to each server, or as many as are configured, and one for its pings. */
function neededConnections(clusters: readonly ClusterConfig[]): number {
  const pings = new Map<string, number>();
  let count = 0;
  for (const { name, servers, nodeConnections, pingFailLimit } of clusters) {
    count += servers.length * nodeConnections;
    // One worker pings for all.
    if (pingFailLimit > 0) pings.set(name, servers.length);
  }
  for (const pinged of pings.values()) count += pinged;
  return count;
}

/** Connections to backends of one cluster in one worker, and clients that are none yet. */
function connectionsOf(cluster: ClusterConfig): number {
  const { servers, type, nodeConnections, dedicatedConnections, tls } = cluster;
  const nodes = type === "redis_cluster"
    ? Math.max(servers.length, RESERVED_NODES)
    : servers.length;
  const dedicated = Math.min(dedicatedConnections, RESERVED_DEDICATED);
  const handshakes = tls === null ? 0 : HANDSHAKES_MAX;
  return nodes * (PROFILES * nodeConnections + FURTHER_CONNECTIONS) + dedicated + handshakes;
}
