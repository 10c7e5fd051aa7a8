/**
 * Clusters that lead back to themselves: a request would go round until its connections break. What the file
 * alone shows is found here, the rest when it is connected to (`cluster/loop_guard.ts`).
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../endpoint.ts";
import type { ServerConfig } from "./config.ts";
import { reaches } from "./socket_address.ts";

/** One cluster as far as loops go. */
export interface LoopNode {
  /** Path of its `listen_addr`, as problems name it. */
  readonly listenPath: string;
  /** Where it listens, and by what path the file says so. */
  readonly listeners: readonly { readonly path: string; readonly endpoint: Endpoint }[];
  readonly servers: readonly LoopServer[];
}

/** One entry of `servers`. */
export interface LoopServer {
  readonly server: ServerConfig;
  readonly path: string;
  readonly line: unknown;
}

/** A server that closes a loop, and what to say of it. */
export interface Loop {
  readonly path: string;
  readonly line: unknown;
  readonly message: string;
}

/** One problem for each server that leads to its own cluster, and at least one for each longer loop. */
export function findLoops(nodes: readonly LoopNode[]): Loop[] {
  const loops: Loop[] = [];
  const targets = nodes.map(({ servers }) =>
    servers.map(({ server }) => listenersAt(nodes, server))
  );
  const isReachable = (from: number, to: number) => reachable(targets, from).has(to);
  for (const [index, { servers }] of nodes.entries()) {
    for (const [at, { path, line, server }] of servers.entries()) {
      for (const target of targets[index]![at]!) {
        const listener = reachedBy(nodes[target]!, server)!;
        const found = `${listener.path} is ${formatEndpoint(listener.endpoint)}`;
        if (target === index) {
          const message = `expected another address than the cluster's own: ${found}; ` +
            "give the cluster another listen_addr, or name the server's own port here";
          loops.push({ path, line, message });
        } else if (target < index && isReachable(target, index)) {
          const message = `expected a server, and no way back to this cluster: ${found}, ` +
            `and leads to ${nodes[index]!.listenPath} again; name the servers' own addresses`;
          loops.push({ path, line, message });
        }
      }
    }
  }
  return loops;
}

/** The clusters that listen where `server` is. */
function listenersAt(nodes: readonly LoopNode[], server: ServerConfig): number[] {
  return nodes.flatMap((node, index) => reachedBy(node, server) === undefined ? [] : [index]);
}

function reachedBy({ listeners }: LoopNode, server: ServerConfig) {
  return listeners.find(({ endpoint }) => reaches(server.endpoint, endpoint));
}

/** All clusters that a request to `from` can come to. */
function reachable(targets: readonly (readonly number[][])[], from: number): Set<number> {
  const found = new Set<number>();
  const next = [from];
  for (let index = next.pop(); index !== undefined; index = next.pop()) {
    for (const target of targets[index]!.flat()) {
      if (found.has(target)) continue;
      found.add(target);
      next.push(target);
    }
  }
  return found;
}
