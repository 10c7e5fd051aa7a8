/**
 * The kernel's socket addresses as endpoints.
 *
 * @module
 */
import { type Endpoint, tcpEndpoint } from "../../endpoint.ts";
import { AF_INET6, sockaddrLayout } from "./libc.ts";
import { familyOf, portOf } from "./name_lookup.ts";

const IPV4_BYTES = 4;
const IPV6_GROUPS = 8;

/** What a `sockaddr_in` or `sockaddr_in6` says; null for no address. */
export function endpointOf(address: Uint8Array): Endpoint | null {
  if (address.length === 0) return null;
  const port = portOf(address);
  if (familyOf(address) !== AF_INET6) {
    const start = sockaddrLayout.ipv4;
    return tcpEndpoint(address.subarray(start, start + IPV4_BYTES).join("."), port);
  }
  const groups: string[] = [];
  for (let group = 0; group < IPV6_GROUPS; group++) {
    const start = sockaddrLayout.ipv6 + 2 * group;
    groups.push((address[start]! << 8 | address[start + 1]!).toString(16));
  }
  // The longest run of zeros is left out, as the URL standard writes it.
  return tcpEndpoint(new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1), port);
}
