/**
 * Which of a cluster's addresses a client has connected to, as TLS may have one of its own, and which one it is told.
 *
 * @module
 */
import {
  type AdvertisedAddress,
  type Endpoint,
  portOf,
  type TcpEndpoint,
  tcpEndpoint,
} from "../../endpoint.ts";
import { isWildcard } from "../../net/ip_address.ts";

/** The addresses of a cluster. */
export interface ClusterListens {
  readonly listen: Endpoint;
  /** Null without TLS; its `listen` is null where TLS is spoken at the other one. */
  readonly tls: { readonly listen: Endpoint | null } | null;
}

/** Whether the client speaks TLS. */
export function speaksTls(
  listens: ClusterListens,
  client: { readonly local: Endpoint | null },
): boolean {
  return listens.tls !== null &&
    listenerOf(listens, client) === (listens.tls.listen ?? listens.listen);
}

/** Where the client has connected to, as it is configured. */
export function listenerOf(
  { listen, tls }: ClusterListens,
  { local }: { readonly local: Endpoint | null },
): Endpoint {
  const secured = tls?.listen ?? null;
  const isThere = secured !== null && local?.kind === "tcp" && local.port === portOf(secured);
  return isThere ? secured : listen;
}

/**
 * Where a cluster-aware client is told that the proxy is: at an explicit address, else at the one that is listened at,
 * else, where that is every address of the machine or a unix socket, at the address found. The port is that of
 * {@link listenerOf}.
 */
export function advertisedTo(
  listens: ClusterListens,
  client: { readonly local: Endpoint | null },
  { address, isExplicit }: AdvertisedAddress,
): TcpEndpoint {
  const listener = listenerOf(listens, client);
  const isOwn = !isExplicit && listener.kind === "tcp" && !isWildcard(listener.hostname);
  return isOwn ? listener : tcpEndpoint(address, portOf(listener));
}
