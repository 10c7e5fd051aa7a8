/**
 * The address that cluster-aware clients are told to connect to.
 *
 * @module
 */

import { advertisableHost } from "../config/advertisable.ts";
import type { AdvertisedAddress } from "../endpoint.ts";

/** What the choice looks at, the strongest first. */
export interface AddressSources {
  /** Value of the flag, or null. */
  flag: string | null;
  /**
   * Value of the environment variable `HOST`, or undefined where it is not set or may not be read. Shells set
   * it to a host name as well: anything but an address counts as not set.
   */
  host: string | undefined;
  /** Network interfaces of this machine. */
  interfaces(): readonly Pick<Deno.NetworkInterfaceInfo, "family" | "address">[];
}

/**
 * Returns the flag's address, else that of `HOST`, which are explicit; else the first IPv4 address of an interface that
 * is not loopback, else 127.0.0.1.
 */
export function chooseAdvertisedAddress(sources: AddressSources): AdvertisedAddress {
  const said = sources.flag ?? advertisableHost(sources.host);
  if (said !== undefined) return { address: said, isExplicit: true };
  const found = sources.interfaces().find(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.")
  );
  return { address: found?.address ?? "127.0.0.1", isExplicit: false };
}

/** Returns the interfaces of this machine; none where reading them is not granted, without a question. */
export function grantedInterfaces(): Deno.NetworkInterfaceInfo[] {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "networkInterfaces" });
  return state === "granted" ? Deno.networkInterfaces() : [];
}
