/**
 * How the proxy asks nodes on its own behalf: what becomes of such a question is nobody's request.
 *
 * @module
 */
import type { BackendContext } from "../backend/backend_context.ts";
import { ClusterMetrics } from "../observe/cluster_metrics.ts";
import { Log } from "../observe/log.ts";

/**
 * A context whose failures are neither logged nor counted.
 *
 * @param timeoutMs Longest time to connect, and longest wait for an answer, milliseconds; a shorter `dial_timeout` holds.
 */
export function quietContext(context: BackendContext, timeoutMs: number): BackendContext {
  return {
    ...context,
    // Nodes that do not answer are expected here; whoever asks says so once when that matters.
    log: new Log("error", () => {}),
    // What is counted are clients' requests.
    metrics: new ClusterMetrics(context.metrics.cluster),
    takeUnsent: () => false,
    backendUnreachable: () => {},
    circuitOpened: () => {},
    limits: {
      ...context.limits,
      dialTimeoutMs: Math.min(context.limits.dialTimeoutMs, timeoutMs),
      readTimeoutMs: timeoutMs,
      circuitTimeouts: 0,
      failoverWaitMs: 0,
    },
  };
}
