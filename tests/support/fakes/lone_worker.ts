/**
 * What the only worker of a process gives a cluster, for tests that run one in their own.
 *
 * @module
 */
import { DialPace } from "../../../src/backend/dial_pace.ts";
import { ServerOrders } from "../../../src/backend/server_orders.ts";
import type { Clock } from "../../../src/clock.ts";
import type { ClusterContext } from "../../../src/cluster/cluster.ts";
import { LoopGuard } from "../../../src/cluster/loop_guard.ts";
import type { ClusterConfig } from "../../../src/config/config.ts";
import type { IoEngine } from "../../../src/net/io_engine.ts";
import { Audit } from "../../../src/observe/audit.ts";
import { ClientRoom, createClientMemory } from "../../../src/observe/client_room.ts";
import { createClusterMemories } from "../../../src/observe/cluster_memory.ts";
import { Log, type LogRecord } from "../../../src/observe/log.ts";
import { createMemoryRoom, MemoryRoom } from "../../../src/observe/memory_room.ts";
import type { SharedState } from "../../../src/worker/messages.ts";

/** What differs from test to test. */
export interface LoneWorkerOptions {
  readonly config: ClusterConfig;
  readonly clock: Clock;
  readonly engine: IoEngine;
  /** Gets what is logged, from level debug on. */
  readonly records: LogRecord[];
  /** Gets what the cluster finds for other workers. */
  readonly published: SharedState[];
  requestRefresh?(): void;
}

/** A context with room for everybody, no other worker and nothing to inherit. */
export function loneWorker(options: LoneWorkerOptions): ClusterContext {
  const { config, clock, engine, records, published } = options;
  return {
    config,
    workerNumber: 0,
    clientsBefore: 0,
    clock,
    engine,
    log: new Log("debug", (record) => records.push(record)),
    audit: new Audit("test", null),
    ticketSeed: new Uint8Array(32),
    advertisedAddress: { address: "127.0.0.1", isExplicit: true },
    zone: "",
    sharesPort: false,
    listensAside: false,
    socketsAt: () => [],
    orders: new ServerOrders(),
    dials: new DialPace(clock),
    loopGuard: new LoopGuard(new SharedArrayBuffer(1), [], ""),
    memoryRoom: new MemoryRoom(createMemoryRoom(1), 0),
    clientRoom: new ClientRoom(createClientMemory(1), 0),
    clusterRoom: new ClientRoom(createClientMemory(1), 0),
    memory: createClusterMemories([config], 1).get(config.name)!,
    publish: (state) => published.push(state),
    post: () => {},
    askSettings: (_asked, answered) => answered({ settings: [], problem: "none here" }),
    requestRefresh: () => options.requestRefresh?.(),
  };
}
