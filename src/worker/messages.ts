/**
 * What supervisor and workers say to each other. Everything is plain data, but for memories that
 * workers share: how many clients there are, what each cluster may have, and which clusters lead to which.
 *
 * @module
 */
import type { ClusterConfig, IoChoice, LogLevel } from "../config/config.ts";
import type { AdvertisedAddress, Endpoint, GivenSocket } from "../endpoint.ts";
import type { AuditRecord } from "../observe/audit.ts";
import type { LogRecord } from "../observe/log.ts";
import type { ClusterMemory } from "../observe/cluster_memory.ts";
import type {
  BackendMetricsSnapshot,
  ClusterMetricsSnapshot,
  HistogramSnapshot,
} from "../observe/cluster_metrics.ts";

/** What a worker is told once, first. */
export interface StartMessage {
  kind: "start";
  /** Pauses that are on; none if left out. */
  orders?: ServerOrder[];
  /** Number of this worker, from 0; part of client ids. */
  workerNumber: number;
  /** The clusters it serves. */
  clusters: ClusterConfig[];
  /** Names of the clusters whose backends this worker pings and whose topology it fetches, for all workers. */
  leads: string[];
  logLevel: LogLevel;
  /** Whether there is an audit log. */
  isAudited: boolean;
  io: IoChoice;
  /** What cluster-aware clients are told where nothing nearer is known. */
  advertisedAddress: AdvertisedAddress;
  /** The proxy's own availability zone; "" for none. */
  zone: string;
  /** Whether listeners share their port (`reusePort`); false when embedded with one worker. */
  sharesPort: boolean;
  /** Whether another process serves meanwhile: the ports open when it is known where keys are. */
  isTakeover: boolean;
  /** Sockets that it listens by, by their address as text; where there are none it opens its own. */
  sockets?: SocketsByAddress;
  /** Where its engine notes the descriptors that it has open, so that they can be closed for it; nowhere if left out. */
  descriptorMemory?: SharedArrayBuffer;
  /** What keys of TLS tickets are made of, the same for all workers; one of the worker's own if left out. */
  ticketSeed?: Uint8Array;
  /** Memory of a `ClientRoom`, shared by all workers. */
  clientMemory: SharedArrayBuffer;
  /** Memory of a `MemoryRoom`, shared by all workers. */
  memoryRoom: SharedArrayBuffer;
  /** What the workers of a cluster count together, by its name. */
  clusterMemories: Map<string, ClusterMemory>;
  /** Where all clusters of the process listen. */
  listeners: ListenerAddress[];
  /** Memory of every `LoopGuard`, shared by all workers. */
  loopMemory: SharedArrayBuffer;
}

/** Sockets that came from another process, by the addresses that the configuration has for them. */
export type SocketsByAddress = ReadonlyMap<string, readonly GivenSocket[]>;

/** A socket that a worker listens by. */
export interface SharedSocket {
  /** As the configuration has it. */
  endpoint: Endpoint;
  /** Another descriptor than the worker's own: whoever gets it closes it. */
  descriptor: number;
}

/** Where a cluster listens. */
export interface ListenerAddress {
  /** Name of the cluster. */
  name: string;
  endpoint: Endpoint;
  /** Where it listens for TLS, if that is elsewhere; nowhere if left out. */
  tlsEndpoint?: Endpoint;
}

/** What a worker that runs is to run from now on. */
export interface ConfigureMessage {
  kind: "configure";
  /** What operators have ordered, for clusters that it does not serve yet; none if left out. */
  orders?: ServerOrder[];
  /** The clusters it serves: those that it does not know come, those that are missing go. */
  clusters: ClusterConfig[];
  /** Names of the clusters that it leads. */
  leads: string[];
  /** As in {@link StartMessage}. */
  clusterMemories: Map<string, ClusterMemory>;
  /** Listeners of all clusters, and the memory in which their loops are noted, as in {@link StartMessage}. */
  listeners: ListenerAddress[];
  loopMemory: SharedArrayBuffer;
  logLevel: LogLevel;
  /** As in {@link StartMessage}: those that stay open elsewhere. */
  sockets?: SocketsByAddress;
  /** How long clients of what goes may take to leave, milliseconds; Infinity: as long as they like. */
  retireTimeoutMs: number;
}

/** State that one leading worker finds and all workers of the cluster follow. */
export type SharedState =
  /** A ring's servers that are ejected, by `host:port`; replaces the former list. */
  | { kind: "ejected"; cluster: string; addresses: string[] }
  /** A cluster's slot map as ranges, which replaces the former map; and every master so far, by its number. */
  | { kind: "slots"; cluster: string; ranges: SlotRange[]; masters: string[] }
  /** What is known of the nodes that reads may go to; by `host:port`, see `NodeStates`. */
  | {
    kind: "nodes";
    cluster: string;
    out: Set<string>;
    latencies: Map<string, number>;
    zones: Map<string, string>;
  };

/** Consecutive slots with the same owner. */
export interface SlotRange {
  /** First slot, 0 to 16,383. */
  first: number;
  /** Last slot, included. */
  last: number;
  /** `host:port` of the master. */
  master: string;
  /** `host:port` of each replica. */
  replicas: string[];
  /** Configuration epoch under which the master has them: of two nodes that disagree the higher one knows better. */
  epoch?: number;
  /** The master's node id. */
  id?: string;
}

/** What a worker says to others that serve the same cluster. */
export interface PeerMessage {
  cluster: string;
  topic: string;
  /** Plain data. */
  body: unknown;
  /** Number of the worker that sent it. */
  from: number;
  /** Number of the worker it is for; null: all others. */
  to: number | null;
  /** Number of the question that it asks or answers; 0: it does neither. */
  question: number;
  isAnswer: boolean;
}

/** How long the clients may take to leave. */
export interface DrainTimes {
  /** A client is idle when it has asked for nothing for so long, milliseconds. */
  readonly idleMs: number;
  /** When all are to be gone, milliseconds from the beginning. */
  readonly timeoutMs: number;
  /** Whether the process ends behind it: then its workers wait for each other's busy clients. */
  readonly isLast?: boolean;
  /** Names of the clusters at whose addresses others serve from now on; none if left out. */
  readonly takenOver?: readonly string[];
}

/** What an operator orders of a cluster; servers by their alias, else `host:port`; null: all of it. */
export type ServerOrder =
  /** Requests wait; 1: those that write, 2: all. */
  | {
    kind: "pause";
    cluster: string;
    server: string | null;
    mode: 1 | 2;
    durationMs: number;
  }
  /** What is still in flight? */
  | { kind: "count"; cluster: string; server: string | null }
  /** Servers of a ring that an operator has taken out, or given another weight. */
  | {
    kind: "set";
    cluster: string;
    server: string;
    state: "ready" | "drain" | "maint";
    weight: number | null;
  }
  /** Requests go on; answered when they do. */
  | { kind: "resume"; cluster: string; server: string | null };

/** What a pause has to wait for in one worker, and whom it only mentions. */
export interface PauseCount {
  isPaused: boolean;
  /** Requests, and transactions that have begun. */
  inFlight: number;
  transactions: number;
  blocked: number;
  subscribed: number;
}

/** Lists that every worker has a part of. */
export type InspectTopic = "slowlog" | "hotkeys" | "bigkeys" | "clients";

/** What a client asks the supervisor, by way of its worker; all names are `cluster.<name>.<key>`. */
export type SettingsQuestion =
  /** The settings whose names match one of some patterns. */
  | { kind: "get"; patterns: string[] }
  /** Other values for some settings: all, or none. */
  | { kind: "set"; changes: [name: string, value: string][] };

/** The supervisor's answer. */
export interface SettingsAnswer {
  /** What was asked for; of a change nothing. */
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  /** Why it was not done, as a sentence; null: it was. */
  readonly problem: string | null;
}

/** What one worker has of such a list for one cluster; plain data. */
export interface InspectedPart {
  readonly cluster: string;
  readonly entries: readonly unknown[];
}

/** How a worker itself does. */
export interface WorkerVitals {
  /** Memory of its JavaScript objects, and of its byte arrays. */
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** How late its ticks came, in seconds. */
  readonly loopDelay: HistogramSnapshot;
  /** The longest of these in the last seconds, milliseconds. */
  readonly longestDelayMs: number;
}

/** From supervisor to worker. */
export type SupervisorMessage =
  | StartMessage
  /** Asks for a `metrics` message with the same number. */
  | { kind: "collect"; question: number }
  /** Another worker's finding. */
  | { kind: "follow"; state: SharedState }
  /** Another worker's word. */
  | { kind: "peer_message"; peerMessage: PeerMessage }
  /**
   * Asks the leader of `cluster` for a fresh slot map: a worker that does not lead met a redirect, to `node` if it is
   * there, or lost a backend.
   */
  | { kind: "refresh"; cluster: string; node?: string }
  /** This worker leads `cluster` from now on (its former leader ended). */
  | { kind: "lead"; cluster: string }
  /** Go over to these clusters and settings, answer `configured`. */
  | ConfigureMessage
  /**
   * What is configured now, for a worker that accepts nobody any more: its clients get what takes effect at once.
   * `keepsServers`: it may not reach others than it has.
   */
  | {
    kind: "follow_settings";
    clusters: ClusterConfig[];
    /** As in {@link StartMessage}. */
    clusterMemories: Map<string, ClusterMemory>;
    logLevel: LogLevel;
    keepsServers: boolean;
    /** As in {@link ConfigureMessage}: a longer one gives nobody more time. */
    retireTimeoutMs: number;
  }
  /** Do what an operator orders, answer `ordered` with the same number. */
  | { kind: "order"; question: number; order: ServerOrder }
  /** Answer `pong`. */
  | { kind: "ping" }
  /** Answer `shared` with the same number. */
  | { kind: "share"; question: number }
  /** Answer `freed` with the same number when every address that was left so far is free. */
  | { kind: "await_freed"; question: number }
  /** Stop accepting, answer `closed`. Another process listens by the sockets of the clusters of `handedOver`. */
  | { kind: "close"; handedOver: readonly string[] }
  /** Asks for an `inspected` message with the same number. */
  | { kind: "inspect"; question: number; topic: InspectTopic }
  /** The answer to `settings`. */
  | { kind: "settings"; question: number; answer: SettingsAnswer }
  /** Stop accepting, let the clients leave, answer `drained`. */
  | { kind: "drain"; times: DrainTimes }
  /** Stop accepting, close everything, answer `stopped`. */
  | { kind: "stop" };

/** From worker to supervisor. */
export type WorkerMessage =
  /** All listeners are open. */
  | { kind: "listening"; workerNumber: number }
  /**
   * A listener could not be opened, or the worker cannot go on: it ends. `cluster` is empty where the reason
   * lies in no single one.
   */
  | { kind: "failed"; workerNumber: number; cluster: string; reason: string }
  | { kind: "log"; record: LogRecord }
  | { kind: "audit"; record: AuditRecord }
  /** The answer to `collect`; with question 0 the last word of a worker that ends. */
  | {
    kind: "metrics";
    question: number;
    clusters: ClusterMetricsSnapshot[];
    vitals: WorkerVitals;
  }
  /** Goes ahead of a `metrics` with the same number, whose cluster of this name has these besides its own. */
  | {
    kind: "metrics_part";
    question: number;
    cluster: string;
    backends: readonly BackendMetricsSnapshot[];
    /** Series of durations, and their numbers. */
    keys: readonly string[];
    values: Float64Array;
  }
  /** The answer to `order`, with what is in flight in this worker. */
  | { kind: "ordered"; question: number; count: PauseCount }
  /** Asks for a `settings` message with the same number. */
  | { kind: "settings"; question: number; asked: SettingsQuestion }
  /** The answer to `inspect`. */
  | { kind: "inspected"; question: number; parts: InspectedPart[] }
  /** A finding for the other workers of the cluster, and for late starters. */
  | { kind: "found"; state: SharedState }
  | { kind: "refresh"; cluster: string; node?: string }
  | { kind: "peer_message"; peerMessage: PeerMessage }
  /**
   * The answer to `configure`; `problems` says what could not be done, one sentence each. What could be done is done.
   */
  | { kind: "configured"; problems: string[] }
  /** The answer to `ping`. */
  | { kind: "pong" }
  /** The answer to `share`: what it listens by, where its engine can tell. */
  | { kind: "shared"; question: number; sockets: SharedSocket[] }
  /** The answer to `await_freed`. */
  | { kind: "freed"; question: number }
  /** None is accepted any more. */
  | { kind: "closed" }
  /** No client is left, and none is accepted. */
  | { kind: "drained" }
  | { kind: "stopped" };
