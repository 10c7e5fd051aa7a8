/**
 * The kernel's socket addresses as endpoints, and those of files as the kernel wants them.
 *
 * @module
 */
import { type Endpoint, shownPeer, tcpEndpoint, unixEndpoint, unixPlace } from "../../endpoint.ts";
import { AF_INET6, AF_UNIX, sockaddrLayout, unixAddressLayout } from "./libc.ts";
import { familyOf, portOf, type SocketAddressBytes } from "./name_lookup.ts";
import type { System } from "./system.ts";

const IPV4_BYTES = 4;
const IPV6_GROUPS = 8;

/** The `sockaddr_un` of a path, which has to fit. */
export function unixAddress(path: string): SocketAddressBytes {
  const bytes = new TextEncoder().encode(path);
  const address = new Uint8Array(unixAddressLayout.path + bytes.length + 1);
  address[sockaddrLayout.family] = AF_UNIX;
  address.set(bytes, unixAddressLayout.path);
  return address;
}

/** What a `sockaddr_in`, `sockaddr_in6` or `sockaddr_un` says; null for no address, and for a socket without a name. */
export function endpointOf(address: Uint8Array): Endpoint | null {
  if (address.length === 0) return null;
  if (familyOf(address) === AF_UNIX) return unixEndpointOf(address);
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

/** The end of a connection that is here; null where it cannot be told. */
export function localEnd(system: System, descriptor: number): Endpoint | null {
  return endpointOf(system.address(descriptor, false));
}

/** The other end of a connection; null where it cannot be told. */
export function peerEnd(system: System, descriptor: number): Endpoint | null {
  const peer = endpointOf(system.address(descriptor, true));
  return peer ?? shownPeer(localEnd(system, descriptor), null);
}

function unixEndpointOf(address: Uint8Array): Endpoint | null {
  const path = address.subarray(unixAddressLayout.path);
  const end = path.indexOf(0);
  const bytes = end < 0 ? path : path.subarray(0, end);
  return bytes.length === 0 ? null : unixEndpoint(unixPlace(new TextDecoder().decode(bytes)));
}
