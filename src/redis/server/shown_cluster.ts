/**
 * The cluster that cluster-aware clients are shown: this proxy alone, or with its siblings, each of which has a run of
 * the slots. Any of them serves any key, so it only says where a client begins; but all have to say the same.
 *
 * @module
 */
import { formatEndpoint, type TcpEndpoint } from "../../endpoint.ts";
import { sha1Hex, SLOT_COUNT } from "../../hash/mod.ts";
import type { ShownProxy } from "../../protocol/resp/mod.ts";

/** What clients are shown. */
export interface ClusterView {
  /** In the order of their slots. */
  readonly proxies: readonly ShownProxy[];
  /** This proxy's node id; it may not be among them. */
  readonly ownId: string;
}

const encoder = new TextEncoder();

/** A node's id: the same for the same address, in every process. */
export function nodeId(endpoint: TcpEndpoint): string {
  return sha1Hex(encoder.encode(formatEndpoint(endpoint)));
}

/** The id of a node's shard: each proxy is one of its own, which has another id than its node, as servers have it. */
export function shardId(endpoint: TcpEndpoint): string {
  return sha1Hex(encoder.encode(`shard ${formatEndpoint(endpoint)}`));
}

/**
 * The view of these siblings, which are no two the same, whatever their order; of `own` alone without any.
 */
export function clusterView(siblings: readonly TcpEndpoint[], own: TcpEndpoint): ClusterView {
  const members = siblings.length === 0 ? [own] : siblings;
  const sorted = members.map((endpoint) => ({ endpoint, address: formatEndpoint(endpoint) }))
    .sort((one, other) => one.address < other.address ? -1 : 1);
  const proxies = sorted.map(({ endpoint: { hostname, port }, address }, index) => ({
    hostname,
    port,
    id: sha1Hex(encoder.encode(address)),
    firstSlot: Math.floor(index * SLOT_COUNT / sorted.length),
    lastSlot: Math.floor((index + 1) * SLOT_COUNT / sorted.length) - 1,
  }));
  return { proxies, ownId: nodeId(own) };
}
