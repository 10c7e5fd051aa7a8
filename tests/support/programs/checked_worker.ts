/**
 * A worker as the proxy has it, but that invariants are checked behind each of its turns, and it says when one is
 * broken.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { createCluster } from "../../../src/cluster/create_cluster.ts";
import { runWorkerThread } from "../../../src/worker/thread.ts";
import { checkTurns } from "../tools/turn_checks.ts";
import type { BrokenMessage } from "./checked_workers.ts";

checkTurns(({ stack, message }) => {
  const said: BrokenMessage = { kind: "broken", report: stack ?? message };
  self.postMessage(said);
});
runWorkerThread(createCluster);
