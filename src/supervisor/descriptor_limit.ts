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

/**
 * Most clients at once. Where the limit is low, backends get half of what there is.
 *
 * @param workers The clusters of each worker.
 * @param clients Clients that are connected already, among the open descriptors.
 */
export function clientsMaxOf(
  { limit, open }: DescriptorUse,
  workers: readonly (readonly ClusterConfig[])[],
  clients: number,
): number {
  let wanted = 0;
  let listeners = 0;
  for (const clusters of workers) {
    listeners += clusters.length;
    for (const cluster of clusters) wanted += connectionsOf(cluster);
  }
  // Each listener may have one more client at hand before it looks at the count again.
  const left = limit - (open - clients) - SPARE_DESCRIPTORS - listeners;
  return Math.max(1, left - Math.min(wanted, Math.floor(left / 2)));
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
