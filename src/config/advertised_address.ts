/**
 * The address that cluster-aware clients are told: the flag, else env `HOST`, else the first IPv4 address
 * of the machine that is not its loopback.
 *
 * @module
 */
import type { Config } from "./config.ts";
import { isIpv4, isIpv6, isWildcard } from "./socket_address.ts";

/** What is told where no address can be found: right for clients on the same machine. */
export const ADVERTISED_FALLBACK = "127.0.0.1";

/** The part of Deno's network interfaces that counts. */
export interface InterfaceAddress {
  family: "IPv4" | "IPv6";
  address: string;
}

/** Where an advertised address can come from. */
export interface AdvertisedSources {
  /** The flag `--ip`, checked, or null. */
  flag: string | null;
  /** Env `HOST`. Shells set it to a host name as well: anything but an address counts as not set. */
  host: string | undefined;
  /** Called only if neither of the two says it. */
  interfaces(): InterfaceAddress[];
}

/** Chooses the address, IPv6 without brackets. */
export function chooseAdvertisedAddress(sources: AdvertisedSources): string {
  const said = saidAddress(sources);
  if (said !== null) return said;
  const found = sources.interfaces().find(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.")
  );
  return found?.address ?? ADVERTISED_FALLBACK;
}

/** The address that flag or environment say, or null if it has to be found. */
export function saidAddress({ flag, host }: Omit<AdvertisedSources, "interfaces">): string | null {
  if (flag !== null) return flag;
  return host !== undefined && isAdvertisable(host) ? host : null;
}

/** Whether clients can be told this text: one IPv4 or IPv6 address, no wildcard, no multicast. */
export function isAdvertisable(text: string): boolean {
  if (isIpv4(text)) return !isWildcard(text) && Number(text.split(".")[0]) < 224;
  return isIpv6(text) && !isWildcard(text) && !/^ff/i.test(text);
}

/** Whether any cluster tells its clients an address. */
export function needsAdvertisedAddress(config: Config): boolean {
  return config.clusters.some((cluster) => cluster.type === "redis_cluster");
}

/** The machine's addresses, or none if asking is not granted. */
export function processInterfaces(): InterfaceAddress[] {
  const permission = Deno.permissions.querySync({ name: "sys", kind: "networkInterfaces" });
  return permission.state === "granted" ? Deno.networkInterfaces() : [];
}
