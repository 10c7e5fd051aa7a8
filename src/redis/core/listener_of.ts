/**
 * Which of a cluster's addresses a client has connected to: TLS may have one of its own.
 *
 * @module
 */
import { type Endpoint, portOf } from "../../endpoint.ts";

/** The addresses of a cluster. */
export interface ClusterListens {
  readonly listen: Endpoint;
  /** Null without TLS; its `listen` is null where TLS is spoken at the other one. */
  readonly tls: { readonly listen: Endpoint | null } | null;
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
