/**
 * Starts the workers, replaces those that die, carries messages between them and adds up what they count. No
 * client's byte passes here.
 *
 * @module
 */
import { Clock, Deadline } from "../clock.ts";
import type { ClusterConfig, Config, IoChoice } from "../config/config.ts";
import { formatSocketAddress } from "../config/socket_address.ts";
import { ClientRoom, createClientMemory } from "../observe/client_room.ts";
import type { ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";
import type {
  ClusterNote,
  DrainTimes,
  SharedState,
  StartMessage,
  WorkerMessage,
} from "../worker/messages.ts";
import { assignClusters, type Assignment } from "./assignment.ts";
import { clientsMaxOf, type DescriptorUse } from "./descriptor_limit.ts";
import type { LogOutput } from "./log_output.ts";
import { MetricsSum } from "./metrics_sum.ts";
import { RestartBackoff } from "./restart_backoff.ts";
import { StartError } from "./start_error.ts";
import { WorkerHandle, type WorkerPort, type WorkerReceiver } from "./worker_handle.ts";

/** Longest wait for all workers to listen, in milliseconds. */
export const START_TIMEOUT_MS = 30_000;
/** Longest wait for a worker's counts, in milliseconds. */
export const COLLECT_TIMEOUT_MS = 1_000;
/** Longest wait for a worker to close what it has, in milliseconds. */
export const STOP_TIMEOUT_MS = 2_000;

/** What a supervisor needs. */
export interface SupervisorOptions {
  config: Config;
  io: IoChoice;
  output: LogOutput;
  /** Address for cluster-aware clients, without port. */
  advertisedAddress: string;
  /** Whether listeners share their port. */
  sharesPort: boolean;
  /** Starts a thread that may do what these clusters need. */
  createWorker(clusters: readonly ClusterConfig[]): WorkerPort;
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
}

/** What is known at one moment. */
export interface Collected {
  workers: WorkerState[];
  /** One per cluster, summed over workers. */
  clusters: ClusterMetricsSnapshot[];
}

/** One place for a worker, filled again when its worker dies. */
interface Place {
  readonly number: number;
  readonly clusters: ClusterConfig[];
  readonly backoff: RestartBackoff;
  worker: WorkerHandle;
  restarts: number;
  restartTimer: ReturnType<typeof setTimeout> | null;
}

/** The workers of one process. */
export class Supervisor implements WorkerReceiver {
  readonly #options: SupervisorOptions;
  readonly #assignment: Assignment;
  readonly #clientMemory: SharedArrayBuffer;
  /** Which clusters were seen to lead to which: a byte for each pair. */
  readonly #loopMemory: SharedArrayBuffer;
  readonly #places: Place[] = [];
  readonly #metrics = new MetricsSum();
  readonly #clock = new Clock();
  /** What the leaders found last, by cluster and kind. */
  readonly #found: Map<string, SharedState> = new Map();
  readonly #started: PromiseWithResolvers<void> = Promise.withResolvers();
  #isStarted = false;
  /** It is to end: no worker is replaced any more. */
  #isStopping = false;
  #collecting: Promise<Collected> | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#assignment = assignClusters(options.config.clusters);
    this.#loopMemory = new SharedArrayBuffer(options.config.clusters.length ** 2);
    this.#clientMemory = createClientMemory(this.#assignment.clusters.length);
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
      this.#assignment.clusters.forEach((clusters, number) => this.#openPlace(clusters, number));
      await this.#started.promise;
      this.#isStarted = true;
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
    room.clientsMax = clientsMaxOf(use, this.#assignment.clusters, room.clientCount);
    return room.clientsMax;
  }

  /** Asks every worker for its counts; those who ask at the same time share the answer. */
  collect(): Promise<Collected> {
    this.#collecting ??= this.#collectNow().finally(() => this.#collecting = null);
    return this.#collecting;
  }

  /** From now on it is not ready, and dead workers are not replaced. */
  leave(): void {
    this.#isStopping = true;
    for (const place of this.#places) {
      if (place.restartTimer !== null) clearTimeout(place.restartTimer);
      place.restartTimer = null;
    }
  }

  /** Stops accepting and lets the clients leave; settles when they have, or `times.timeoutMs` are over. */
  async drain(times: DrainTimes): Promise<void> {
    this.leave();
    await Promise.all(this.#places.map(({ worker }) => worker.drain(times)));
  }

  /** Stops all workers, within {@link STOP_TIMEOUT_MS}. */
  async stop(): Promise<void> {
    this.leave();
    await Promise.all(this.#places.map(({ worker }) => worker.stop(STOP_TIMEOUT_MS)));
    this.#started.resolve();
    this.#clock.stop();
  }

  onListening(worker: WorkerHandle): void {
    if (this.#isStarted) {
      this.#options.output.log.info("Worker is back", { worker: worker.number });
    } else if (this.#places.every((place) => place.worker.isListening)) {
      this.#started.resolve();
    }
  }

  onMessage(worker: WorkerHandle, message: WorkerMessage): void {
    switch (message.kind) {
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
      case "note":
        return this.#pass(message.note);
    }
  }

  onEnd(worker: WorkerHandle, cluster: string, reason: string): void {
    if (!this.#isStarted) {
      this.#started.reject(new StartError(this.#describeStartFailure(cluster, reason)));
    } else if (!this.#isStopping) {
      this.#metrics.retire(worker.snapshots);
      this.#scheduleRestart(this.#places[worker.number]!, cluster, reason);
      this.#moveLeadership(worker.number);
    }
  }

  #openPlace(clusters: ClusterConfig[], number: number): void {
    const worker = this.#createWorker(clusters, number);
    const backoff = new RestartBackoff();
    this.#places.push({ number, clusters, backoff, worker, restarts: 0, restartTimer: null });
  }

  #createWorker(clusters: ClusterConfig[], number: number): WorkerHandle {
    const { config, io, advertisedAddress, sharesPort } = this.#options;
    const start: StartMessage = {
      kind: "start",
      workerNumber: number,
      clusters,
      leads: this.#leadsOf(number),
      logLevel: config.runtime.logLevel,
      io,
      advertisedAddress,
      sharesPort,
      clientMemory: this.#clientMemory,
      listeners: config.clusters.map(({ name, listen }) => ({ name, ...listen })),
      loopMemory: this.#loopMemory,
    };
    // One that died took its clients along, whatever it had counted.
    new ClientRoom(this.#clientMemory, number).clear();
    const worker = new WorkerHandle(this.#options.createWorker(clusters), start, this, this.#clock);
    for (const state of this.#found.values()) {
      if (worker.clusterNames.includes(state.cluster)) worker.post({ kind: "follow", state });
    }
    return worker;
  }

  #leadsOf(number: number): string[] {
    const leads: string[] = [];
    for (const [name, leader] of this.#assignment.leaders) if (leader === number) leads.push(name);
    return leads;
  }

  #leader(cluster: string): WorkerHandle | undefined {
    const number = this.#assignment.leaders.get(cluster);
    return number === undefined ? undefined : this.#places[number]?.worker;
  }

  #relay(worker: WorkerHandle, state: SharedState): void {
    // A worker that led before may still have something under way.
    if (this.#assignment.leaders.get(state.cluster) !== worker.number) return;
    this.#found.set(`${state.kind} ${state.cluster}`, state);
    for (const place of this.#places) {
      if (place.worker !== worker && place.worker.clusterNames.includes(state.cluster)) {
        place.worker.post({ kind: "follow", state });
      }
    }
  }

  /** Carries a note to the workers it is for. */
  #pass(note: ClusterNote): void {
    for (const { number, worker } of this.#places) {
      const isMeant = note.to === null ? number !== note.from : number === note.to;
      if (isMeant && worker.clusterNames.includes(note.cluster)) {
        worker.post({ kind: "note", note });
      }
    }
  }

  #scheduleRestart(place: Place, cluster: string, reason: string): void {
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
      place.worker = this.#createWorker(place.clusters, place.number);
    } catch (error) {
      // A thread or its memory may be lacking just now; the next try may succeed.
      this.#scheduleRestart(place, "", error instanceof Error ? error.message : String(error));
    }
  }

  /** Hands what a dead worker led to workers that listen; what has none stays for its replacement. */
  #moveLeadership(from: number): void {
    for (const name of this.#leadsOf(from)) {
      const heir = this.#places.find(({ worker }) =>
        worker.isListening && worker.clusterNames.includes(name)
      );
      if (heir === undefined) continue;
      this.#assignment.leaders.set(name, heir.number);
      heir.worker.post({ kind: "lead", cluster: name });
    }
  }

  async #collectNow(): Promise<Collected> {
    const answered = await Promise.all(
      this.#places.map(({ worker }) => worker.collect(COLLECT_TIMEOUT_MS)),
    );
    const workers = this.#places.map(({ number, worker, restarts }, index) => ({
      number,
      isListening: worker.isListening,
      hasAnswered: answered[index]!,
      restarts,
      clusters: worker.clusterNames,
      leads: this.#leadsOf(number),
    }));
    return { workers, clusters: this.#metrics.total(this.#livingSnapshots()) };
  }

  /** A dead worker's counts are already among the retired. */
  *#livingSnapshots(): Generator<readonly ClusterMetricsSnapshot[] | null> {
    for (const { worker, restartTimer } of this.#places) {
      if (restartTimer === null) yield worker.snapshots;
    }
  }

  #describeStartFailure(name: string, reason: string): string {
    const cluster = this.#options.config.clusters.find((one) => one.name === name);
    if (cluster === undefined) return `Cannot start a worker: ${reason}`;
    return `Cannot serve cluster "${name}" on ${formatSocketAddress(cluster.listen)}: ${reason}`;
  }
}
