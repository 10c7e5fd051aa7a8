/**
 * Where a worker's thread starts. Its import graph holds no npm package and nothing of the supervisor.
 *
 * @module
 */
import { createCluster } from "../cluster/create_cluster.ts";
import { runWorkerThread } from "./thread.ts";

runWorkerThread(createCluster);
