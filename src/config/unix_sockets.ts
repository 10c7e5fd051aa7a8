/**
 * What Deno has to grant for the unix sockets of a cluster, on Deno's sockets: on epoll they need no grant.
 *
 * @module
 */
import {
  formatEndpoint,
  listenEndpoints,
  unixAsidePath,
  unixBindPath,
  unixEndpoint,
  unixWorkshop,
} from "../endpoint.ts";
import type { ClusterConfig } from "./config.ts";

/**
 * The addresses that a cluster listens at and connects to, as grants for the network name them. A unix socket is made
 * in another place than where it is found.
 */
export function listenGrants(cluster: ClusterConfig): string[] {
  return listenEndpoints(cluster).flatMap((endpoint) => {
    if (endpoint.kind !== "unix") return [formatEndpoint(endpoint)];
    const { path } = endpoint;
    const sockets = [path, unixBindPath(path), unixAsidePath(path)];
    return sockets.map((each) => formatEndpoint(unixEndpoint(each)));
  });
}

/** The files that have to be read and written: whoever connects to a unix socket does both, as far as Deno is concerned. */
export function socketFiles({ listen, servers }: ClusterConfig): string[] {
  const own = listen.kind === "unix" ? [listen.path, unixWorkshop(listen.path)] : [];
  const others = servers.flatMap(({ endpoint }) => endpoint.kind === "unix" ? [endpoint.path] : []);
  return [...new Set([...own, ...others])];
}
