/**
 * Ties a {@link ClusterHost} to the thread it runs in: its messages, and the errors that nothing caught.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import type { Cluster, ClusterContext } from "../cluster/cluster.ts";
import { ClusterHost } from "./cluster_host.ts";
import type { SupervisorMessage } from "./messages.ts";

/** Runs the clusters that the supervisor names, until it says stop or an error ends the thread. */
export function runWorkerThread(createCluster: (context: ClusterContext) => Cluster): void {
  const host = new ClusterHost(createCluster, (message) => self.postMessage(message));
  self.onmessage = (event: MessageEvent<SupervisorMessage>) => host.onMessage(event.data);
  self.addEventListener("error", (event) => endAfter(host, event, event.error));
  self.addEventListener("unhandledrejection", (event) => endAfter(host, event, event.reason));
}

/** Reports the error as a message: so it reaches the log, and not standard error beside it. */
async function endAfter(host: ClusterHost, event: Event, error: unknown): Promise<void> {
  event.preventDefault();
  try {
    await host.crash(error);
  } finally {
    self.close();
  }
}
