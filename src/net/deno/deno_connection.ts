/**
 * Deno's connections over TCP and over unix sockets, and where their ends are.
 *
 * @module
 */
import { type Endpoint, shownPeer, tcpEndpoint, unixEndpoint, unixPlace } from "../../endpoint.ts";

/** A connection of Deno's. */
export type DenoConn = Deno.TcpConn | Deno.UnixConn;

/** The end of a connection that is here; null where it has no name. */
export function localEnd({ localAddr }: DenoConn): Endpoint | null {
  return endpointOf(localAddr);
}

/** The other end of a connection of Deno's; null where it has no name. */
export function peerEnd(connection: DenoConn): Endpoint | null {
  return shownPeer(localEnd(connection), endpointOf(connection.remoteAddr));
}

function endpointOf(address: Deno.NetAddr | Deno.UnixAddr): Endpoint | null {
  if ("hostname" in address) return tcpEndpoint(address.hostname, address.port);
  // Deno's types do not say so, but a socket without a name has null.
  const path = address.path as string | null;
  return path === null ? null : unixEndpoint(unixPlace(path));
}
