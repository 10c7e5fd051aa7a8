/**
 * What the nodes of a real Redis Cluster say of the commands they were sent.
 *
 * @module
 */
import type { ClusterNode } from "../support/servers/cluster_node.ts";

/** How often a node was sent a command since the last reset. */
export interface CommandCalls {
  /** Calls that ran. */
  run: number;
  /** Calls refused before they ran: redirections, writes to a replica. */
  rejected: number;
}

/** The calls of one command at one node. */
export async function callsOf(node: ClusterNode, command: string): Promise<CommandCalls> {
  const statistics = String(await node.call("INFO", "commandstats"));
  const line = new RegExp(`cmdstat_${command}:calls=(\\d+).*?rejected_calls=(\\d+)`).exec(
    statistics,
  );
  return { run: Number(line?.[1] ?? 0), rejected: Number(line?.[2] ?? 0) };
}

/** Forgets the calls so far at every node. */
export async function forgetCalls(nodes: readonly ClusterNode[]): Promise<void> {
  for (const node of nodes) await node.call("CONFIG", "RESETSTAT");
}
