/**
 * Which addresses cluster-aware clients can be told, and whether one is needed at all.
 *
 * @module
 */
import { listenEndpoints } from "../endpoint.ts";
import { isWildcard } from "../net/ip_address.ts";
import type { Config } from "./config.ts";
import { isIpv4, isIpv6 } from "./socket_address.ts";

/** Whether clients can be told this text: one IPv4 or IPv6 address, no wildcard, no multicast. */
export function isAdvertisable(text: string): boolean {
  if (isIpv4(text)) return !isWildcard(text) && Number(text.split(".")[0]) < 224;
  return isIpv6(text) && !isWildcard(text) && !/^ff/i.test(text);
}

/**
 * Env `HOST` as far as it is an address. Shells set it to the name of the machine, which counts as
 * not set.
 */
export function advertisableHost(host: string | undefined): string | undefined {
  return host !== undefined && isAdvertisable(host) ? host : undefined;
}

/** Whether any cluster tells its clients an address. */
export function needsAdvertisedAddress(config: Config): boolean {
  return config.clusters.some((cluster) => cluster.type === "redis_cluster");
}

/** Whether one of them listens at no address in particular, so that the machine's own has to be found. */
export function needsMachineAddress(config: Config): boolean {
  return config.clusters.some((cluster) =>
    cluster.type === "redis_cluster" &&
    listenEndpoints(cluster).some((one) => one.kind === "unix" || isWildcard(one.hostname))
  );
}
