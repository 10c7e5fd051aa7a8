/**
 * A worker's thread that serves as every other, but that the first one stands still for a moment each time that it is
 * asked for its slow log: as it would if something in it took so long.
 *
 * @module
 */
import { createCluster } from "../../src/cluster/create_cluster.ts";
import { runWorkerThread } from "../../src/worker/thread.ts";

/** For how long, milliseconds, and how long at least it works again in between. */
const BLOCKED_MS = 300;
const WORKING_MS = 1_000;

let blockedAtMs = -Infinity;

runWorkerThread((context) => {
  const cluster = createCluster(context);
  return new Proxy(cluster, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "inspect" || context.workerNumber !== 0) return value.bind(target);
      return (topic: string) => {
        const nowMs = performance.now();
        if (topic === "slowlog" && nowMs - blockedAtMs > WORKING_MS) {
          blockedAtMs = nowMs;
          while (performance.now() < nowMs + BLOCKED_MS);
        }
        return value.call(target, topic);
      };
    },
  });
});
