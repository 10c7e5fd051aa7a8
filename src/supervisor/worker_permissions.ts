/**
 * What a worker may do: reach the network, by the way its I/O engine takes, and the files of its unix sockets, and
 * nothing else.
 *
 * @module
 */
import type { ClusterConfig, IoChoice, RuntimeConfig } from "../config/config.ts";
import { allowsAddress, isSubnet } from "../config/network_list.ts";
import { listenGrants, socketFiles } from "../config/unix_sockets.ts";

/**
 * Returns the permissions of a worker that serves `clusters`. On Deno's sockets and with `network = "config"`
 * that is the exact list of their listeners and backends, less those that this process itself may not reach: a
 * worker cannot be given more than its maker has, and must report such a backend as denied instead of not
 * starting. A list adds what it names. On epoll it is the C library alone,
 * and OpenSSL where a cluster speaks TLS, which Deno's permission for the network does not bind.
 */
export function workerPermissions(
  clusters: readonly ClusterConfig[],
  network: RuntimeConfig["network"],
  io: IoChoice,
): Deno.PermissionOptionsObject {
  const files = io.engine === "epoll" ? [] : clusters.flatMap(socketFiles);
  return {
    net: io.engine === "epoll" ? false : grantedNetwork(clusters, network),
    read: grantedFiles(files, "read"),
    write: grantedFiles(files, "write"),
    env: false,
    sys: false,
    run: false,
    ffi: io.engine === "epoll" ? librariesOf(io) : false,
    import: false,
  };
}

function librariesOf({ libcPath, libsslPath }: IoChoice & { engine: "epoll" }): string[] {
  return libsslPath === undefined ? [libcPath] : [libcPath, libsslPath];
}

/**
 * Whether a worker that was given its permissions for `granted` may do what `clusters` need: permissions cannot be added
 * to a worker that runs.
 */
export function mayServe(
  granted: readonly ClusterConfig[],
  clusters: readonly ClusterConfig[],
  network: RuntimeConfig["network"],
  io: IoChoice,
): boolean {
  if (io.engine === "epoll") return true;
  const files = new Set(granted.flatMap(socketFiles));
  if (!clusters.flatMap(socketFiles).every((file) => files.has(file))) return false;
  if (network === "process") return true;
  if (inherits(network)) return workerAddresses(clusters).every(isGranted);
  const addresses = new Set(workerAddresses(granted));
  const entries = network === "config" ? [] : network.filter(isGranted);
  return workerAddresses(clusters).every((address) =>
    addresses.has(address) || entries.some((entry) => allowsAddress(entry, address))
  );
}

function grantedNetwork(
  clusters: readonly ClusterConfig[],
  network: RuntimeConfig["network"],
): "inherit" | string[] {
  if (inherits(network)) return "inherit";
  const entries = network === "config" || network === "process" ? [] : network;
  return [...workerAddresses(clusters), ...entries].filter(isGranted);
}

/**
 * Whether workers may reach what the process may. Deno hands a subnet on only where the process may reach everything;
 * where it was narrowed itself, by `--allow-net`, that is the limit.
 */
function inherits(network: RuntimeConfig["network"]): boolean {
  if (network === "process") return true;
  return network !== "config" && network.some(isSubnet) &&
    Deno.permissions.querySync({ name: "net" }).state !== "granted";
}

function isGranted(host: string): boolean {
  return Deno.permissions.querySync({ name: "net", host }).state === "granted";
}

function grantedFiles(files: readonly string[], name: "read" | "write"): string[] | false {
  const granted = files.filter((path) =>
    Deno.permissions.querySync({ name, path }).state === "granted"
  );
  return granted.length > 0 && [...new Set(granted)];
}

/** Where the clusters listen and what they connect to; of a Redis Cluster that is the seeds alone. */
function workerAddresses(clusters: readonly ClusterConfig[]): string[] {
  const addresses = clusters.flatMap((cluster) => [
    ...listenGrants(cluster),
    ...cluster.servers.map((server) => server.address),
  ]);
  return [...new Set(addresses)];
}
