/**
 * Starts the workers, replaces those that die, carries messages between them and adds up what they count. No
 * client's byte passes here.
 *
 * @module
 */
import { Clock, Deadline } from "../clock.ts";
import type { ClusterConfig, Config, IoChoice } from "../config/config.ts";
import { compareConfigs } from "../config/reload.ts";
import {
  type AdvertisedAddress,
  type Endpoint,
  formatEndpoint,
  type GivenSocket,
  listenEndpoints,
  sameEndpoint,
} from "../endpoint.ts";
import { ClientRoom, createClientMemory } from "../observe/client_room.ts";
import {
  type ClusterMemory,
  createClusterMemories,
  forgetWorker,
} from "../observe/cluster_memory.ts";
import type { ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";
import { createMemoryRoom, MemoryRoom } from "../observe/memory_room.ts";
import type {
  ConfigureMessage,
  DrainTimes,
  InspectedPart,
  InspectTopic,
  ListenerAddress,
  PeerMessage,
  SettingsAnswer,
  SettingsQuestion,
  SharedSocket,
  SharedState,
  SlotRange,
  SocketsByAddress,
  StartMessage,
  WorkerMessage,
  WorkerVitals,
} from "../worker/messages.ts";
import { assignClusters, type Assignment, reassignClusters } from "./assignment.ts";
import { ChangeLog, describeFinding } from "./change_log.ts";
import { type DescriptorUse, shareDescriptors } from "./descriptor_limit.ts";
import type { AuditLog } from "./audit_log.ts";
import type { LogOutput } from "./log_output.ts";
import { MetricsSum } from "../observe/metrics_sum.ts";
import { MemoryWatch } from "./memory_watch.ts";
import { NumberedServers } from "./numbered_servers.ts";
import { OperatorOrders } from "./operator_orders.ts";
import { residentBytes } from "./process_usage.ts";
import { SilenceWatch } from "./silence_watch.ts";
import type { GivenSockets } from "./takeover/given_sockets.ts";
import type { WorkerRemains } from "./worker_remains.ts";
import { RestartBackoff } from "./restart_backoff.ts";
import { StartError } from "./start_error.ts";
import { WorkerHandle, type WorkerPort, type WorkerReceiver } from "./worker_handle.ts";

/** Bytes of what keys of TLS tickets are made of. */
export const TICKET_SEED_BYTES = 32;
/** Longest wait for all workers to listen, in milliseconds. */
export const START_TIMEOUT_MS = 30_000;
/** Longest wait for a worker's counts, in milliseconds. */
export const COLLECT_TIMEOUT_MS = 1_000;
/** Longest wait for a worker to close what it has, in milliseconds. */
export const STOP_TIMEOUT_MS = 2_000;

/** Most workers at once, those that only serve clients of former configurations included. */
export const WORKERS_MAX = 1024;

/** How long the number of a worker that was ended as silent is given to nobody, in milliseconds. */
const LOST_NUMBER_MS = 60_000;

/** What a supervisor needs. */
export interface SupervisorOptions {
  config: Config;
  io: IoChoice;
  output: LogOutput;
  /** What cluster-aware clients are told where nothing nearer is known. */
  advertisedAddress: AdvertisedAddress;
  /** Whether listeners share their port. */
  sharesPort: boolean;
  /** Whether another process serves until the workers listen. */
  isTakeover: boolean;
  /** What is left of workers that were ended from outside; null, or left out: nothing is. */
  remains?: WorkerRemains | null;
  /** Sockets to listen by that came from another process; none if left out. */
  sockets?: SocketSource;
  /** Takes the audit records of all workers; null: there are to be none. */
  audit: Pick<AuditLog, "write"> | null;
  /** Starts a thread that may do what these clusters need. */
  createWorker(clusters: readonly ClusterConfig[]): WorkerPort;
  /** Shows settings, or changes some; none can be if left out. */
  answerSettings?(asked: SettingsQuestion): Promise<SettingsAnswer>;
  /** Whether a thread that was started for some clusters may do what others need. */
  mayServe(granted: readonly ClusterConfig[], clusters: readonly ClusterConfig[]): boolean;
}

/** Where sockets that came from another process are had from. */
export interface SocketSource {
  /**
   * Those for one of the workers that serve a cluster, before the first of them has started.
   *
   * @param rank Which of them it is, from 0.
   * @param count How many serve it.
   */
  socketsFor(endpoint: Endpoint, rank: number, count: number): GivenSocket[];
  /** Those at an address that stay open for as long as the process: every worker listens by them. */
  heldAt(endpoint: Endpoint): GivenSocket[];
}

/** State of one worker. */
export interface WorkerState {
  number: number;
  /** Its listeners are open. */
  isListening: boolean;
  /** It answered the last question in time. */
  hasAnswered: boolean;
  /** How often it died and was replaced. */
  restarts: number;
  /** Names of the clusters it serves. */
  clusters: readonly string[];
  /** Names of the clusters it leads. */
  leads: string[];
  /** How it itself does; null where it never answered. */
  vitals: WorkerVitals | null;
  /** Its clients, and the requests it has read. */
  clientsConnected: number;
  requests: number;
}

/** A worker whose place another one has, as it is now. */
export type RetiredState = Pick<WorkerState, "number" | "clusters" | "vitals">;

/** What is known at one moment. */
export interface Collected {
  workers: WorkerState[];
  /** Workers that a reload took the place of, and that serve the clients they have by what was configured before. */
  retired: RetiredState[];
  /** How many workers were ended as they did not answer any more. */
  silentEnded: number;
  /** One per cluster, summed over workers. */
  clusters: ClusterMetricsSnapshot[];
}

/** A list of which the workers have parts. */
export interface Inspected {
  readonly parts: readonly InspectedPart[];
  /** Workers that did not answer in time. */
  readonly silentWorkers: number;
}

/** One place for a worker, filled again when its worker dies. */
interface Place {
  /** That of its worker. */
  number: number;
  clusters: ClusterConfig[];
  /** The clusters for which its worker was given its rights. */
  granted: readonly ClusterConfig[];
  readonly backoff: RestartBackoff;
  worker: WorkerHandle;
  /** Workers whose place this one takes: they accept clients until one listens here. */
  predecessors: WorkerHandle[];
  restarts: number;
  /** Sockets that its last worker listened by and did not close; null: none. */
  rescued: GivenSockets | null;
  restartTimer: ReturnType<typeof setTimeout> | null;
}

/** The workers of one process. */
export class Supervisor implements WorkerReceiver {
  readonly #options: SupervisorOptions;
  readonly #serverNumbers: NumberedServers = new NumberedServers();
  #config: Config;
  #assignment: Assignment;
  /**
   * Descriptors that were open for neither clients nor backends, and for how many workers: the fewest that were seen, as
   * backends are connected to by and by, and those connections have a share of their own.
   */
  readonly #ownDescriptors: { workers: number; open: number } = { workers: 0, open: Infinity };
  readonly #clientMemory: SharedArrayBuffer;
  readonly #memoryRoom: SharedArrayBuffer;
  readonly #memoryWatch: MemoryWatch;
  /** What the workers of each cluster count together, by its name. */
  #clusterMemories: Map<string, ClusterMemory>;
  /** Which clusters were seen to lead to which: a byte for each pair. */
  #loopMemory: SharedArrayBuffer;
  /** Sessions of TLS are resumed in whichever worker. */
  readonly #ticketSeed = crypto.getRandomValues(new Uint8Array(TICKET_SEED_BYTES));
  /** By their positions in {@link Supervisor.#assignment}, which are not their numbers. */
  #places: Place[] = [];
  /** Workers that a reload took the place of, until their clients have left; and what they were given rights for. */
  readonly #retired = new Map<WorkerHandle, readonly ClusterConfig[]>();
  /** What has changed of late. */
  readonly changes: ChangeLog = new ChangeLog();
  /** What operators have ordered meanwhile. */
  readonly orders: OperatorOrders;
  /** How long clients of what goes may stay, milliseconds; the last reload says. */
  #retireTimeoutMs = Infinity;
  readonly #metrics = new MetricsSum();
  readonly #clock = new Clock();
  /** What the leaders found last, by cluster and kind. */
  readonly #found: Map<string, SharedState> = new Map();
  readonly #started: PromiseWithResolvers<void> = Promise.withResolvers();
  #isStarted = false;
  /** It is to end: no worker is replaced any more. */
  #isStopping = false;
  #collecting: Promise<Collected> | null = null;
  readonly #silence: SilenceWatch<WorkerHandle> = new SilenceWatch(
    () => this.#workers(),
    (worker) => this.#endSilent(worker),
  );
  /** How many were ended as they were silent. */
  #silentEnded = 0;
  /** Numbers of those, and when: what they count in shared memory may still change for a moment. */
  readonly #lostNumbers: Map<number, number> = new Map();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#config = this.#serverNumbers.number(options.config);
    this.orders = new OperatorOrders(
      () => this.#workers(),
      this.#clock,
      options.output.log,
      (cluster, text) => this.changes.add(cluster, text),
    );
    this.#assignment = assignClusters(this.#config.clusters);
    this.#loopMemory = createLoopMemory(options.config);
    this.#clientMemory = createClientMemory(WORKERS_MAX);
    this.#memoryRoom = createMemoryRoom(WORKERS_MAX);
    const room = new MemoryRoom(this.#memoryRoom, 0);
    this.#memoryWatch = new MemoryWatch(room, options.output.log, residentBytes);
    room.limitBytes = options.config.runtime.maxMemoryBytes;
    this.#clusterMemories = createClusterMemories(options.config.clusters, WORKERS_MAX);
  }

  /** All workers listened once, and nobody asked to stop. */
  get isReady(): boolean {
    return this.#isStarted && !this.#isStopping;
  }

  /**
   * Starts all workers and waits until they listen.
   *
   * @throws {StartError} If one cannot; then all are ended.
   */
  async start(): Promise<void> {
    const deadline = new Deadline(
      this.#clock,
      START_TIMEOUT_MS,
      () => this.#started.reject(new StartError("Workers do not start in time")),
    );
    try {
      for (const clusters of this.#assignment.clusters) this.#openPlace(clusters);
      await this.#started.promise;
      this.#isStarted = true;
      this.#silence.start();
      this.#memoryWatch.limit(this.#config.runtime.maxMemoryBytes);
    } catch (error) {
      this.#isStopping = true;
      for (const place of this.#places) place.worker.terminate();
      throw error;
    } finally {
      deadline.cancel();
    }
  }

  /**
   * Keeps descriptors for the connections to backends, as far as the system says how many there are.
   *
   * @returns How many clients there may be from now on, or null where nobody can say.
   */
  limitClients(use: DescriptorUse | null): number | null {
    if (use === null) return null;
    const room = new ClientRoom(this.#clientMemory, 0);
    const { clusters } = this.#assignment;
    const own = this.#ownDescriptors;
    if (own.workers !== clusters.length) {
      Object.assign(own, { workers: clusters.length, open: Infinity });
    }
    own.open = Math.min(own.open, use.open - room.clientCount);
    const shares = shareDescriptors({ limit: use.limit, open: own.open }, clusters);
    room.clientsMax = shares.clientsMax;
    const { backendsMax, backendsNeeded } = shares;
    if (backendsNeeded > backendsMax) {
      this.#options.output.log.warning("Limit of open files is low for so many servers", {
        limit: use.limit,
        connectionsNeeded: backendsNeeded,
        connectionsProvided: backendsMax,
      });
    }
    return room.clientsMax;
  }

  /** Asks every worker for its counts; those who ask at the same time share the answer. */
  collect(): Promise<Collected> {
    this.#collecting ??= this.#collectNow().finally(() => this.#collecting = null);
    return this.#collecting;
  }

  /** Who owns which slots of a Redis Cluster; null: not known. */
  slotsOf(cluster: string): readonly SlotRange[] | null {
    const found = this.#found.get(`slots ${cluster}`);
    return found?.kind === "slots" ? found.ranges : null;
  }

  /** Asks every worker for its parts of a list. */
  async inspect(topic: InspectTopic): Promise<Inspected> {
    const listening = [...this.#workers()].filter(({ isListening }) => isListening);
    const answers = await Promise.all(
      listening.map((worker) => worker.inspect(topic, COLLECT_TIMEOUT_MS)),
    );
    return {
      parts: answers.flatMap((answer) => answer ?? []),
      silentWorkers: answers.filter((answer) => answer === null).length,
    };
  }

  /** What all workers listen by, where the engine can tell; the caller closes the descriptors. */
  async share(): Promise<SharedSocket[]> {
    const shared = this.#places.map(({ worker }) => worker.share(COLLECT_TIMEOUT_MS));
    return (await Promise.all(shared)).flat();
  }

  /** From now on it is not ready, and dead workers are not replaced. */
  leave(): void {
    this.#isStopping = true;
    this.#silence.stop();
    for (const place of this.#places) {
      if (place.restartTimer !== null) clearTimeout(place.restartTimer);
      place.restartTimer = null;
    }
  }

  /**
   * Goes over to another configuration while everything runs: a worker that may do what it asks for takes it over,
   * any other is replaced, and serves its clients until they have left.
   *
   * @param retireTimeoutMs How long clients of what goes may stay, milliseconds.
   * @returns What could not be done, one sentence each.
   */
  async reconfigure(wanted: Config, retireTimeoutMs: number): Promise<string[]> {
    const config = this.#serverNumbers.number(wanted);
    this.#forgetFound(this.#config, config);
    this.#config = config;
    this.#memoryWatch.limit(config.runtime.maxMemoryBytes);
    this.orders.keepOnly(config);
    this.#loopMemory = createLoopMemory(config);
    this.#clusterMemories = createClusterMemories(
      config.clusters,
      WORKERS_MAX,
      this.#clusterMemories,
    );
    this.#retireTimeoutMs = retireTimeoutMs;
    for (const [worker, granted] of this.#retired) this.#tellRetired(worker, granted);
    const former = this.#places;
    this.#assignment = reassignClusters(this.#assignment, config.clusters);
    const assigned = this.#assignment.clusters;
    this.#places = former.slice(0, assigned.length);
    for (const place of former.slice(assigned.length)) this.#retire(place);
    const problems = assigned.map((clusters, index) => this.#reconfigurePlace(clusters, index));
    return (await Promise.all(problems)).flat();
  }

  /**
   * Settles when nobody is accepted any more where former configurations listened and the newest does not, nor by
   * workers that retire: whoever connects behind that finds what is configured now. At the latest after
   * {@link STOP_TIMEOUT_MS}, as handshakes of TLS may be under way there.
   */
  async freed(): Promise<void> {
    await Promise.all([...this.#workers()].map((worker) => worker.freed(STOP_TIMEOUT_MS)));
  }

  /** Clients of a worker whose place another has taken are bound by what takes effect at once, as all are. */
  #tellRetired(worker: WorkerHandle, granted: readonly ClusterConfig[]): void {
    const { clusters, runtime } = this.#config;
    const own = clusters.filter(({ name }) => worker.clusterNames.includes(name));
    const keepsServers = !this.#options.mayServe(granted, own);
    const { logLevel } = runtime;
    const clusterMemories = this.#clusterMemories;
    worker.post({
      kind: "follow_settings",
      clusters: own,
      clusterMemories,
      logLevel,
      keepsServers,
      retireTimeoutMs: this.#retireTimeoutMs,
    });
  }

  async #reconfigurePlace(clusters: ClusterConfig[], index: number): Promise<string[]> {
    const place = this.#places[index];
    if (place === undefined) return await this.#listening(this.#openPlace(clusters).worker);
    place.clusters = clusters;
    // A dead one starts with what it is to serve now. Until then its predecessors serve the former configuration.
    if (place.restartTimer !== null) {
      return place.predecessors.length === 0 ? [] : [lateStart(place)];
    }
    const { worker } = place;
    if (this.#options.mayServe(place.granted, clusters)) {
      const known = new Set(worker.clusterNames);
      const configured = worker.configure(this.#configureMessage(index));
      this.#tellFound(worker, (cluster) => !known.has(cluster));
      const problems = await configured;
      // They leave when it listens.
      return place.predecessors.length === 0 ? problems : [...problems, lateStart(worker)];
    }
    const successor = this.#createPlace(clusters, index);
    successor.predecessors = [...place.predecessors, worker];
    successor.rescued = place.rescued;
    this.#places[index] = successor;
    this.#retired.set(worker, place.granted);
    this.#options.output.log.info(
      "Worker is replaced: it may not reach what is configured now, and keeps its clients as they are",
      { worker: worker.number, successor: successor.number },
    );
    return await this.#listening(successor.worker);
  }

  /** What was found of clusters that are gone, or that begin anew, is not true of those that come. */
  #forgetFound(former: Config, next: Config): void {
    const { removed, changed } = compareConfigs(former, next);
    const anew = changed.filter(({ newConnections }) => newConnections.length > 0);
    const names = new Set(
      [...removed, ...anew.map(({ before }) => before)].map(({ name }) => name),
    );
    for (const [key, { cluster }] of this.#found) if (names.has(cluster)) this.#found.delete(key);
  }

  /** Tells a worker what was found of those of its clusters that `isMeant` names. */
  #tellFound(worker: WorkerHandle, isMeant: (cluster: string) => boolean = () => true): void {
    for (const state of this.#found.values()) {
      const { cluster } = state;
      if (worker.clusterNames.includes(cluster) && isMeant(cluster)) {
        worker.post({ kind: "follow", state });
      }
    }
  }

  /** Settles when a worker listens, or has ended; its end is seen to elsewhere. */
  async #listening(worker: WorkerHandle): Promise<string[]> {
    const isListening = await worker.started(START_TIMEOUT_MS);
    return isListening ? [] : [lateStart(worker)];
  }

  #retire(place: Place): void {
    if (place.restartTimer !== null) clearTimeout(place.restartTimer);
    place.restartTimer = null;
    place.rescued?.close();
    for (const worker of [...place.predecessors, place.worker]) {
      this.#retireWorker(worker, place.granted);
    }
  }

  async #retireWorker(worker: WorkerHandle, granted: readonly ClusterConfig[]): Promise<void> {
    if (worker.hasEnded) {
      // Of one that died everything is counted already, and a predecessor's number may be another's by now.
      if (!this.#hasNumber(worker)) this.#clearRoom(worker);
      return;
    }
    this.#retired.set(worker, this.#retired.get(worker) ?? granted);
    this.#tellRetired(worker, this.#retired.get(worker)!);
    // One that is just being started is to get no clients: 'stop' stands behind its 'start'.
    if (!worker.isListening) worker.stop(STOP_TIMEOUT_MS);
    await worker.drain({
      idleMs: Infinity,
      timeoutMs: this.#retireTimeoutMs,
      takenOver: this.#servedElsewhere(worker),
    });
    if (!this.#retired.has(worker)) return;
    await worker.stop(STOP_TIMEOUT_MS);
    this.#takeRemains(worker)?.close();
    if (!this.#retired.delete(worker)) return;
    this.#metrics.retire(worker.snapshots);
    this.#clearRoom(worker);
  }

  /** Those of its clusters that workers of the newest configuration serve at the same address. */
  #servedElsewhere({ clusters }: WorkerHandle): string[] {
    const isServed = ({ name, listen }: ClusterConfig) => {
      const now = this.#config.clusters.find((cluster) => cluster.name === name)?.listen;
      return now !== undefined && sameEndpoint(now, listen);
    };
    return clusters.filter(isServed).map(({ name }) => name);
  }

  /** Whether another one that may have clients has the number of a worker that has ended. */
  #hasNumber({ number }: WorkerHandle): boolean {
    return [...this.#workers()].some((one) => one.number === number && !one.hasEnded);
  }

  /** A worker that has ended took its clients along, whatever it had counted. */
  #clearRoom({ number }: { readonly number: number }): void {
    new ClientRoom(this.#clientMemory, number).clear();
    new MemoryRoom(this.#memoryRoom, number).clear();
    for (const memory of this.#clusterMemories.values()) forgetWorker(memory, number);
  }

  #configureMessage(index: number): ConfigureMessage {
    return {
      kind: "configure",
      clusters: this.#places[index]!.clusters,
      leads: this.#leadsOf(index),
      clusterMemories: this.#clusterMemories,
      listeners: listenersOf(this.#config),
      loopMemory: this.#loopMemory,
      logLevel: this.#config.runtime.logLevel,
      orders: this.orders.ordersFor(this.#places[index]!.clusters.map(({ name }) => name)),
      sockets: this.#heldSockets(this.#places[index]!.clusters),
      retireTimeoutMs: this.#retireTimeoutMs,
    };
  }

  /** All that may have clients. */
  *#workers(): Generator<WorkerHandle> {
    for (const { worker } of this.#places) yield worker;
    yield* this.#retired.keys();
  }

  /**
   * Stops accepting and lets the clients leave; settles when they have, or `times.timeoutMs` are over.
   *
   * @param handedOver Names of the clusters by whose sockets another process listens.
   * @param findTakenOver Called when nobody is accepted any more; returns the names of the clusters at whose addresses
   * others are.
   */
  async drain(
    times: DrainTimes,
    handedOver: readonly string[],
    findTakenOver: () => string[] | Promise<string[]>,
  ): Promise<void> {
    this.leave();
    const workers = [...this.#workers()].filter(({ isListening }) => isListening);
    // Each counts as busy until it has looked at its clients.
    for (const { number } of workers) new ClientRoom(this.#clientMemory, number).changeBusy(1);
    await Promise.all(workers.map((worker) => worker.stopAccepting(STOP_TIMEOUT_MS, handedOver)));
    const takenOver = await findTakenOver();
    await Promise.all(workers.map((worker) => worker.drain({ ...times, isLast: true, takenOver })));
  }

  /** Stops all workers, within {@link STOP_TIMEOUT_MS}. */
  async stop(): Promise<void> {
    this.leave();
    await Promise.all([...this.#workers()].map((worker) => worker.stop(STOP_TIMEOUT_MS)));
    this.#started.resolve();
    this.#memoryWatch.stop();
    this.#clock.stop();
  }

  onListening(worker: WorkerHandle): void {
    // It has no clients yet, and is to get none.
    if (this.#isStopping) return worker.terminate();
    if (worker.isStopping) return;
    if (this.#isStarted) {
      const place = this.#places.find((place) => place.worker === worker);
      place?.rescued?.settle();
      if (place !== undefined) place.rescued = null;
      const message = place === undefined || place.restarts === 0
        ? "Worker serves"
        : "Worker is back";
      this.#options.output.log.info(message, { worker: worker.number });
      this.changes.add("", `worker ${worker.number} serves`);
      for (const former of place?.predecessors.splice(0) ?? []) {
        this.#retireWorker(former, place!.granted);
      }
    } else if (this.#places.every((place) => place.worker.isListening)) {
      this.#started.resolve();
    }
  }

  onMessage(worker: WorkerHandle, message: WorkerMessage): void {
    switch (message.kind) {
      case "audit":
        return this.#options.audit?.write(message.record);
      case "log":
        return this.#options.output.write(
          this.#places.length === 1 ? message.record : {
            ...message.record,
            fields: { ...message.record.fields, worker: worker.number },
          },
        );
      case "found":
        return this.#relay(worker, message.state);
      case "refresh":
        return this.#leader(message.cluster)?.post(message);
      case "peer_message":
        return this.#pass(message.peerMessage);
      case "settings":
        this.#answerSettings(worker, message.question, message.asked);
    }
  }

  async #answerSettings(
    worker: WorkerHandle,
    question: number,
    asked: SettingsQuestion,
  ): Promise<void> {
    const answer = await this.#options.answerSettings?.(asked) ??
      { settings: [], problem: "settings cannot be changed here" };
    worker.post({ kind: "settings", question, answer });
  }

  onEnd(worker: WorkerHandle, cluster: string, reason: string): void {
    if (!this.#isStarted) {
      this.#started.reject(new StartError(this.#describeStartFailure(cluster, reason)));
    } else if (!this.#isStopping) {
      this.#metrics.retire(worker.snapshots);
      const index = this.#places.findIndex((place) => place.worker === worker);
      if (index < 0) return this.#retiredEnded(worker, reason);
      this.#rescue(this.#places[index]!);
      this.#scheduleRestart(this.#places[index]!, cluster, reason);
      this.#moveLeadership(index);
    } else {
      // Nobody is to wait for its clients.
      this.#clearRoom(worker);
    }
  }

  #endSilent(worker: WorkerHandle): void {
    this.#silentEnded += 1;
    this.#lostNumbers.set(worker.number, this.#clock.realMs);
    worker.endSilent();
  }

  /** Whoever waits to be accepted by a worker that was ended is accepted by the next one. */
  #rescue(place: Place): void {
    const rescued = this.#takeRemains(place.worker);
    if (rescued === null) return;
    place.rescued?.close();
    place.rescued = rescued;
  }

  #takeRemains({ descriptorMemory, clusters }: WorkerHandle): GivenSockets | null {
    if (descriptorMemory === null) return null;
    return this.#options.remains?.take(descriptorMemory, clusters) ?? null;
  }

  /** Its clients are gone with it, and nobody takes its place. */
  #retiredEnded(worker: WorkerHandle, reason: string): void {
    this.#takeRemains(worker)?.close();
    this.#retired.delete(worker);
    this.#clearRoom(worker);
    this.#options.output.log.error("Worker ended", { worker: worker.number, reason });
  }

  #openPlace(clusters: ClusterConfig[]): Place {
    const place = this.#createPlace(clusters, this.#places.length);
    this.#places.push(place);
    return place;
  }

  #createPlace(clusters: ClusterConfig[], index: number): Place {
    const number = this.#freeNumber();
    const worker = this.#createWorker(clusters, number, index);
    const backoff = new RestartBackoff();
    return {
      number,
      clusters,
      granted: clusters,
      backoff,
      worker,
      predecessors: [],
      restarts: 0,
      rescued: null,
      restartTimer: null,
    };
  }

  /** The least number that no worker has: clients' ids are made of it. */
  #freeNumber(): number {
    this.#clock.readNow();
    for (const [number, lostMs] of this.#lostNumbers) {
      if (this.#clock.realMs - lostMs > LOST_NUMBER_MS) this.#lostNumbers.delete(number);
    }
    const taken = new Set([...this.#workers()].map(({ number }) => number));
    for (const number of this.#lostNumbers.keys()) taken.add(number);
    for (let number = 0; number < WORKERS_MAX; number++) if (!taken.has(number)) return number;
    throw new StartError("Too many workers still serve clients of former configurations");
  }

  #createWorker(clusters: ClusterConfig[], number: number, index: number): WorkerHandle {
    const { io, advertisedAddress, sharesPort, isTakeover } = this.#options;
    const config = this.#config;
    const start: StartMessage = {
      kind: "start",
      workerNumber: number,
      clusters,
      leads: this.#leadsOf(index),
      logLevel: config.runtime.logLevel,
      isAudited: this.#options.audit !== null,
      io,
      ticketSeed: this.#ticketSeed,
      advertisedAddress,
      zone: config.runtime.zone,
      sharesPort,
      clientMemory: this.#clientMemory,
      memoryRoom: this.#memoryRoom,
      clusterMemories: this.#clusterMemories,
      listeners: listenersOf(config),
      loopMemory: this.#loopMemory,
      isTakeover: isTakeover && !this.#isStarted,
      orders: this.orders.ordersFor(clusters.map(({ name }) => name)),
      sockets: this.#socketsFor(clusters, index),
      ...this.#options.remains ? { descriptorMemory: this.#options.remains.createMemory() } : {},
    };
    this.#clearRoom({ number });
    const worker = new WorkerHandle(this.#options.createWorker(clusters), start, this, this.#clock);
    this.#tellFound(worker);
    return worker;
  }

  #socketsFor(clusters: readonly ClusterConfig[], index: number): SocketsByAddress {
    const { sockets } = this.#options;
    if (this.#isStarted) {
      return this.#rescuedSockets(clusters, this.#places[index]?.rescued ?? null);
    }
    if (sockets === undefined) return new Map();
    const found = clusters.flatMap((cluster) => {
      const { name } = cluster;
      const serving = this.#assignment.clusters.flatMap((assigned, place) =>
        assigned.some((cluster) => cluster.name === name) ? [place] : []
      );
      return listenEndpoints(cluster).map((endpoint) => {
        const given = sockets.socketsFor(endpoint, serving.indexOf(index), serving.length);
        return [formatEndpoint(endpoint), given] as const;
      });
    });
    return new Map(found);
  }

  /** What is held is listened by always; what was rescued is where nothing is held. */
  #rescuedSockets(
    clusters: readonly ClusterConfig[],
    rescued: GivenSockets | null,
  ): SocketsByAddress {
    const sockets = new Map(this.#heldSockets(clusters));
    for (const listen of clusters.flatMap(listenEndpoints)) {
      const endpoint = formatEndpoint(listen);
      const isHeld = sockets.get(endpoint)!.length > 0;
      if (!isHeld) sockets.set(endpoint, rescued?.socketsFor(listen, 0, 1) ?? []);
    }
    return sockets;
  }

  #heldSockets(clusters: readonly ClusterConfig[]): SocketsByAddress {
    return new Map(
      clusters.flatMap(listenEndpoints).map((endpoint) => [
        formatEndpoint(endpoint),
        this.#options.sockets?.heldAt(endpoint) ?? [],
      ]),
    );
  }

  #leadsOf(index: number): string[] {
    const leads: string[] = [];
    for (const [name, leader] of this.#assignment.leaders) if (leader === index) leads.push(name);
    return leads;
  }

  #leader(cluster: string): WorkerHandle | undefined {
    const index = this.#assignment.leaders.get(cluster);
    return index === undefined ? undefined : this.#places[index]?.worker;
  }

  #relay(worker: WorkerHandle, state: SharedState): void {
    // A worker that led before may still have something under way.
    if (this.#leader(state.cluster) !== worker) return;
    const key = `${state.kind} ${state.cluster}`;
    for (const text of describeFinding(this.#found.get(key), state)) {
      this.changes.add(state.cluster, text);
    }
    this.#found.set(key, state);
    for (const other of this.#workers()) {
      if (other !== worker && other.clusterNames.includes(state.cluster)) {
        other.post({ kind: "follow", state });
      }
    }
  }

  /** Carries a message to the workers it is for. */
  #pass(peerMessage: PeerMessage): void {
    // A question counts the answers of those that serve the cluster now; whoever has retired may ask, and is told.
    const isQuestion = peerMessage.question !== 0 && !peerMessage.isAnswer;
    const workers = isQuestion ? this.#places.map(({ worker }) => worker) : this.#workers();
    for (const worker of workers) {
      const { number } = worker;
      const isMeant = peerMessage.to === null
        ? number !== peerMessage.from
        : number === peerMessage.to;
      if (isMeant && worker.clusterNames.includes(peerMessage.cluster)) {
        worker.post({ kind: "peer_message", peerMessage });
      }
    }
  }

  #scheduleRestart(place: Place, cluster: string, reason: string): void {
    this.changes.add(cluster, `worker ${place.number} ended: ${reason.split("\n")[0]}`);
    const restartInMs = place.backoff.next(place.worker.listenedMs);
    const named = cluster === "" ? {} : { cluster };
    this.#options.output.log.error("Worker ended", {
      worker: place.number,
      ...named,
      reason,
      restartInMs,
    });
    place.restarts++;
    place.restartTimer = setTimeout(() => this.#restart(place), restartInMs);
  }

  #restart(place: Place): void {
    place.restartTimer = null;
    try {
      const index = this.#places.indexOf(place);
      if (this.#lostNumbers.has(place.number)) {
        this.#clearRoom(place);
        place.number = this.#freeNumber();
      }
      place.worker = this.#createWorker(place.clusters, place.number, index);
      place.granted = place.clusters;
    } catch (error) {
      // A thread or its memory may be lacking just now; the next try may succeed.
      this.#scheduleRestart(place, "", error instanceof Error ? error.message : String(error));
    }
  }

  /** Hands what a dead worker led to workers that listen; what has none stays for its replacement. */
  #moveLeadership(from: number): void {
    for (const name of this.#leadsOf(from)) {
      const heir = this.#places.findIndex(({ worker }) =>
        worker.isListening && worker.clusterNames.includes(name)
      );
      if (heir < 0) continue;
      this.#assignment.leaders.set(name, heir);
      this.#places[heir]!.worker.post({ kind: "lead", cluster: name });
    }
  }

  async #collectNow(): Promise<Collected> {
    const retired = [...this.#retired.keys()].map((worker) => worker.collect(COLLECT_TIMEOUT_MS));
    const answered = await Promise.all(
      this.#places.map(({ worker }) => worker.collect(COLLECT_TIMEOUT_MS)),
    );
    const workers = this.#places.map(({ number, worker, restarts }, index) => ({
      number,
      isListening: worker.isListening,
      hasAnswered: answered[index]!,
      restarts,
      clusters: worker.clusterNames,
      leads: this.#leadsOf(index),
      vitals: worker.vitals,
      clientsConnected: sumOf(worker.snapshots, "clientsConnected"),
      requests: sumOf(worker.snapshots, "requests"),
    }));
    await Promise.all(retired);
    return {
      workers,
      retired: [...this.#retired.keys()].map(({ number, clusterNames, vitals }) => ({
        number,
        clusters: clusterNames,
        vitals,
      })),
      silentEnded: this.#silentEnded,
      clusters: this.#metrics.total(this.#livingSnapshots()),
    };
  }

  /** A dead worker's counts are already among the retired. */
  *#livingSnapshots(): Generator<readonly ClusterMetricsSnapshot[] | null> {
    for (const { worker, restartTimer } of this.#places) {
      if (restartTimer === null) yield worker.snapshots;
    }
    for (const worker of this.#retired.keys()) yield worker.snapshots;
  }

  #describeStartFailure(name: string, reason: string): string {
    const cluster = this.#config.clusters.find((one) => one.name === name);
    if (cluster === undefined) return `Cannot start a worker: ${reason}`;
    return `Cannot serve cluster "${name}" on ${formatEndpoint(cluster.listen)}: ${reason}`;
  }
}

function listenersOf({ clusters }: Config): ListenerAddress[] {
  return clusters.map(({ name, listen, tls }) => {
    const tlsEndpoint = tls?.listen ?? null;
    return { name, endpoint: listen, ...tlsEndpoint === null ? {} : { tlsEndpoint } };
  });
}

/** A byte for each pair of clusters. */
function createLoopMemory({ clusters }: Config): SharedArrayBuffer {
  return new SharedArrayBuffer(clusters.length ** 2);
}

function sumOf(
  snapshots: readonly ClusterMetricsSnapshot[] | null,
  field: "clientsConnected" | "requests",
): number {
  return (snapshots ?? []).reduce((sum, one) => sum + one[field], 0);
}

function lateStart({ number }: { readonly number: number }): string {
  return `worker ${number} does not start: see the log`;
}
