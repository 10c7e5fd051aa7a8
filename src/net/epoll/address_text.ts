/**
 * The kernel's addresses as people write them.
 *
 * @module
 */
import { AF_INET6, sockaddrLayout } from "./libc.ts";
import { familyOf, portOf } from "./name_lookup.ts";

const IPV4_BYTES = 4;
const IPV6_GROUPS = 8;

/** `host:port` of a `sockaddr_in`, `[host]:port` of a `sockaddr_in6`; "" for no address. */
export function addressText(address: Uint8Array): string {
  if (address.length === 0) return "";
  const port = portOf(address);
  if (familyOf(address) !== AF_INET6) {
    const start = sockaddrLayout.ipv4;
    return `${address.subarray(start, start + IPV4_BYTES).join(".")}:${port}`;
  }
  const groups: string[] = [];
  for (let group = 0; group < IPV6_GROUPS; group++) {
    const start = sockaddrLayout.ipv6 + 2 * group;
    groups.push((address[start]! << 8 | address[start + 1]!).toString(16));
  }
  // The longest run of zeros is left out, as the URL standard writes it.
  return `${new URL(`http://[${groups.join(":")}]`).hostname}:${port}`;
}
