/**
 * What a worker gives a cluster, written down.
 *
 * @module
 */
import type { ClusterContext } from "../../../src/cluster/cluster.ts";
import type { ClusterConfig } from "../../../src/config/config.ts";
import { DenoEngine } from "../../../src/net/deno/deno_engine.ts";
import { DialPace } from "../../../src/backend/dial_pace.ts";
import { ServerOrders } from "../../../src/backend/server_orders.ts";
import { LoopGuard } from "../../../src/cluster/loop_guard.ts";
import { Audit, type AuditRecord } from "../../../src/observe/audit.ts";
import { ClientRoom, createClientMemory } from "../../../src/observe/client_room.ts";
import { type ClusterMemory, createClusterMemories } from "../../../src/observe/cluster_memory.ts";
import { createMemoryRoom, MemoryRoom } from "../../../src/observe/memory_room.ts";
import { Log, type LogRecord } from "../../../src/observe/log.ts";
import type {
  PeerMessage,
  SettingsAnswer,
  SettingsQuestion,
  SharedState,
} from "../../../src/worker/messages.ts";
import { clusterConfig } from "../rigs/cluster_config.ts";
import { ManualClock } from "./manual_clock.ts";

/** A context whose clock the test moves. */
export class RecordingClusterContext implements ClusterContext {
  readonly config: ClusterConfig;
  readonly workerNumber: number;
  readonly clientsBefore = 0;
  readonly clock = new ManualClock();
  readonly engine = new DenoEngine(this.clock);
  readonly records: LogRecord[] = [];
  readonly log = new Log("debug", (record) => this.records.push(record));
  readonly audits: AuditRecord[] = [];
  readonly audit = new Audit("test", (record) => this.audits.push(record));
  readonly orders = new ServerOrders();
  readonly dials = new DialPace(this.clock);
  readonly loopGuard = new LoopGuard(new SharedArrayBuffer(1), [], "");
  readonly memoryRoom = new MemoryRoom(createMemoryRoom(1), 0);
  readonly clientRoom = new ClientRoom(createClientMemory(1), 0);
  readonly clusterRoom = new ClientRoom(createClientMemory(1), 0);
  memory: ClusterMemory;
  readonly ticketSeed = new Uint8Array(32);
  advertisedAddress = { address: "127.0.0.1", isExplicit: true };
  readonly zone = "";
  readonly sharesPort = false;
  readonly listensAside = false;
  readonly socketsAt = () => [];
  readonly published: SharedState[] = [];
  /** How often the leader was asked for a fresh map. */
  refreshRequests = 0;
  /** The nodes that it was told to ask first. */
  readonly refreshNodes: string[] = [];

  readonly publish = (state: SharedState): void => {
    this.published.push(structuredClone(state));
  };

  readonly posted: PeerMessage[] = [];

  readonly post = (note: PeerMessage): void => {
    this.posted.push(structuredClone(note));
  };

  readonly requestRefresh = (node?: string): void => {
    this.refreshRequests += 1;
    if (node !== undefined) this.refreshNodes.push(node);
  };

  /** What was asked about settings. */
  readonly settingsAsked: SettingsQuestion[] = [];

  readonly askSettings = (
    asked: SettingsQuestion,
    answered: (answer: SettingsAnswer) => void,
  ): void => {
    this.settingsAsked.push(asked);
    answered({ settings: [], problem: null });
  };

  constructor(config: Partial<ClusterConfig>, workerNumber = 0) {
    this.config = clusterConfig(config);
    this.memory = createClusterMemories([this.config], 1).get(this.config.name)!;
    this.workerNumber = workerNumber;
  }

  /** The messages logged so far, with their levels. */
  messages(): string[] {
    return this.records.map(({ level, message }) => `${level}: ${message}`);
  }
}
