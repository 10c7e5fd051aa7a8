/**
 * A worker's thread that serves as every other, until it is asked for its slow log: then the first one stands still for
 * longer than a worker may.
 *
 * @module
 */
import { createCluster } from "../../src/cluster/create_cluster.ts";
import { SILENT_MS } from "../../src/supervisor/silence_watch.ts";
import { runWorkerThread } from "../../src/worker/thread.ts";

runWorkerThread((context) => {
  const cluster = createCluster(context);
  return new Proxy(cluster, {
    get(target, name) {
      if (name === "inspect" && context.workerNumber === 0) return standStill;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
});

function standStill(): unknown[] {
  const endMs = performance.now() + SILENT_MS + 4_000;
  while (performance.now() < endMs);
  return [];
}
