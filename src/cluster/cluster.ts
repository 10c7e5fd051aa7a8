/**
 * One `[[clusters]]` entry as it runs in one worker: its listener, its clients and its backends.
 *
 * @module
 */
import type { DialPace } from "../backend/dial_pace.ts";
import type { ServerOrders } from "../backend/server_orders.ts";
import type { Clock } from "../clock.ts";
import type { ClusterConfig } from "../config/config.ts";
import type { AdvertisedAddress, Endpoint, GivenSocket } from "../endpoint.ts";
import type { IoEngine } from "../net/io_engine.ts";
import type { Audit } from "../observe/audit.ts";
import type { ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";
import type { ClientRoom } from "../observe/client_room.ts";
import type { ClusterMemory } from "../observe/cluster_memory.ts";
import type { Log } from "../observe/log.ts";
import type { MemoryRoom } from "../observe/memory_room.ts";
import type {
  DrainTimes,
  InspectTopic,
  PauseCount,
  PeerMessage,
  ServerOrder,
  SettingsAnswer,
  SettingsQuestion,
  SharedSocket,
  SharedState,
} from "../worker/messages.ts";
import type { HoldingCluster } from "./memory_limit.ts";
import type { LoopGuard } from "./loop_guard.ts";

/** What a cluster gets from its worker. */
export interface ClusterContext {
  readonly config: ClusterConfig;
  readonly workerNumber: number;
  /** Clients before the first of this cluster: those of whom it takes the place. */
  readonly clientsBefore: number;
  readonly clock: Clock;
  readonly engine: IoEngine;
  readonly log: Log;
  readonly audit: Audit;
  /** Whether there may be one more client, by what all workers have. */
  readonly clientRoom: ClientRoom;
  /** What the buffers of all workers take, and whether the process takes too much. */
  readonly memoryRoom: MemoryRoom;
  /** The clients of this cluster, those of whom it takes the place included, in all workers. */
  readonly clusterRoom: ClientRoom;
  /** What else its workers count together; a reload may bring more. */
  readonly memory: ClusterMemory;
  /** Knows the proxy when a connection to a backend leads back to it. */
  readonly loopGuard: LoopGuard;
  /** What operators have ordered; shared with the clusters of whom it takes the place. */
  readonly orders: ServerOrders;
  /** How fast the worker connects to backends, those of all its clusters. */
  readonly dials: DialPace;
  /** What keys of TLS tickets are made of, the same in all workers. */
  readonly ticketSeed: Uint8Array;
  /** What cluster-aware clients are told where nothing nearer is known. */
  readonly advertisedAddress: AdvertisedAddress;
  /** The proxy's own availability zone; "" for none. */
  readonly zone: string;
  /** Whether the listener shares its port with other workers or another process. */
  readonly sharesPort: boolean;
  /** Whether a unix socket is not to be found yet when it is listened at: the main thread sees to that. */
  readonly listensAside: boolean;
  /** Sockets to listen by at an address; none: it opens its own. */
  socketsAt(endpoint: Endpoint): readonly GivenSocket[];
  /** Tells the other workers of this cluster what this one, as its leader, found. */
  publish(state: SharedState): void;
  /** Carries a message to other workers of this cluster. */
  post(peerMessage: PeerMessage): void;
  /** Asks the leader of this cluster for a fresh slot map; `node`, by `host:port`, knows better than others. */
  requestRefresh(node?: string): void;
  /** Asks for settings of the process, or changes some; `answered` is called once. */
  askSettings(asked: SettingsQuestion, answered: (answer: SettingsAnswer) => void): void;
}

/** A running cluster. */
export interface Cluster extends HoldingCluster {
  readonly name: string;
  /**
   * Begins to find out where keys are, ahead of {@link Cluster.start}. Settles when that is known, or was waited for
   * for `dial_timeout`; a leader has to lead meanwhile.
   */
  prepare(): Promise<void>;
  /**
   * Opens the listener and begins to accept.
   *
   * @throws {Error} If the address cannot be bound.
   */
  start(): void;
  /**
   * Takes over other settings: those that take effect at once (`config/reload.ts`), so nothing else may differ.
   *
   * @throws {Error} If another address cannot be bound; then nothing has changed.
   */
  reconfigure(config: ClusterConfig): void;
  /**
   * Another takes its place: accepts nobody any more, finds nothing out any more, and serves its clients until they
   * have left, or `timeoutMs` are over. Settles then.
   *
   * @param isTaken Whether others serve at its address: clients that want to know it are told where to go on. Null:
   * nobody is told, as its clients are not to go.
   */
  retire(timeoutMs: number, isTaken: boolean | null): Promise<void>;
  /** Its clients, which are leaving, have no longer than this from when they began to. */
  leaveBy(timeoutMs: number): void;
  /** Number of the client that connected last; ids are made of it. */
  readonly clientCount: number;
  /** From now on this worker pings the backends or fetches the topology, and publishes what it finds. */
  lead(): void;
  /** Takes over what the leader found. */
  follow(state: SharedState): void;
  /** As leader: fetch the topology soon; `node`, by `host:port`, knows better than others. */
  refresh(node?: string): void;
  /** Does what an operator orders; `answer` is called once, when it is done. */
  obey(order: ServerOrder, answer: (count: PauseCount) => void): void;
  /** Another worker's word. */
  hear(peerMessage: PeerMessage): void;
  /** What was counted so far. */
  metrics(): ClusterMetricsSnapshot;
  /**
   * Accepts nobody any more, and goes on serving. Settles when its address is free.
   *
   * @param isHandedOver Whether another process listens by the same sockets.
   */
  stopAccepting(isHandedOver: boolean): Promise<void>;
  /** Settles when every address that it has left so far, by whatever call, is free. */
  readonly freed: Promise<void>;
  /** What it listens by, for another process. */
  share(): SharedSocket[];
  /** This worker's part of a list, plain data. */
  inspect(topic: InspectTopic): readonly unknown[];
  /**
   * Stops accepting, tells the clients that want to know it where to go on, and lets them leave by themselves or when they are idle. Settles when nobody is left, at
   * the latest somewhat after `times.timeoutMs`, if clients take their replies.
   */
  drain(times: DrainTimes): Promise<void>;
  /** Stops accepting and closes every connection before it returns. Settles when its address is free. */
  stop(): Promise<void>;
}
