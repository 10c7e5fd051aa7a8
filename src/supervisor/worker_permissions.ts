/**
 * What a worker may do: reach the network, and nothing else.
 *
 * @module
 */
import type { ClusterConfig, RuntimeConfig } from "../config/config.ts";
import { formatSocketAddress } from "../config/socket_address.ts";

/**
 * Returns the permissions of a worker that serves `clusters`. With `network = "config"` that is the exact list
 * of their listeners and backends, less those that this process itself may not reach: a worker cannot be given more than
 * its maker has, and must report such a backend as denied instead of not starting.
 */
export function workerPermissions(
  clusters: readonly ClusterConfig[],
  network: RuntimeConfig["network"],
): Deno.PermissionOptionsObject {
  const net = network === "process" ? "inherit" as const : workerAddresses(clusters)
    .filter((host) => Deno.permissions.querySync({ name: "net", host }).state === "granted");
  return {
    net,
    read: false,
    write: false,
    env: false,
    sys: false,
    run: false,
    ffi: false,
    import: false,
  };
}

/** Where the clusters listen and what they connect to; of a Redis Cluster that is the seeds alone. */
function workerAddresses(clusters: readonly ClusterConfig[]): string[] {
  const addresses = clusters.flatMap(({ listen, servers }) => [
    formatSocketAddress(listen),
    ...servers.map((server) => formatSocketAddress(server)),
  ]);
  return [...new Set(addresses)];
}
