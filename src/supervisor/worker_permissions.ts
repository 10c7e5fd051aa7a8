/**
 * What a worker may do: reach the network, and nothing else.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import { formatSocketAddress } from "../config/socket_address.ts";

/** Returns every address that the workers of `config` listen on or connect to, once. */
export function workerAddresses(config: Config): string[] {
  const addresses = new Set<string>();
  for (const cluster of config.clusters) {
    addresses.add(formatSocketAddress(cluster.listen));
    for (const server of cluster.servers) addresses.add(formatSocketAddress(server));
  }
  return [...addresses];
}

/**
 * Returns the permissions of a worker. With `network = "config"` that is the exact list of the addresses in
 * the configuration, less those that this process itself may not reach: a worker cannot be given more than
 * its maker has, and must report such a backend as denied instead of not starting.
 */
export function workerPermissions(config: Config): Deno.PermissionOptionsObject {
  const net = config.runtime.network === "process" ? "inherit" as const : workerAddresses(config)
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
