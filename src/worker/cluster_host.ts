/**
 * Runs a worker's share of the clusters and answers the supervisor, whatever carries the messages.
 *
 * @module
 */
import { DialPace } from "../backend/dial_pace.ts";
import { ServerOrders } from "../backend/server_orders.ts";
import { Clock, Deadline } from "../clock.ts";
import type { Cluster, ClusterContext } from "../cluster/cluster.ts";
import { MemoryLimit } from "../cluster/memory_limit.ts";
import { LoopGuard } from "../cluster/loop_guard.ts";
import type { ClusterConfig } from "../config/config.ts";
import { compareClusters, followLive } from "../config/reload.ts";
import { formatEndpoint, sameEndpoint } from "../endpoint.ts";
import { createEngine } from "../net/create_engine.ts";
import { BACKLOG_CONNECTIONS, type IoEngine } from "../net/io_engine.ts";
import { Audit } from "../observe/audit.ts";
import { ClientRoom } from "../observe/client_room.ts";
import { FloodGuard } from "../observe/flood_guard.ts";
import { Log } from "../observe/log.ts";
import { MemoryRoom } from "../observe/memory_room.ts";
import { MetricsSum } from "../observe/metrics_sum.ts";
import { LoopDelay } from "./loop_delay.ts";
import { isLarge, type MetricsMessage, MetricsParts } from "./metrics_parts.ts";
import type {
  ConfigureMessage,
  DrainTimes,
  ListenerAddress,
  PauseCount,
  PeerMessage,
  ServerOrder,
  SettingsAnswer,
  SettingsQuestion,
  SharedState,
  SocketsByAddress,
  StartMessage,
  SupervisorMessage,
  WorkerMessage,
  WorkerVitals,
} from "./messages.ts";

/** Question number of metrics that nobody asked for: the last word of a worker that ends. */
export const LAST_WORD = 0;

/** Longest wait for what clusters have to know before their ports open beside another process, milliseconds. */
export const PREPARE_MAX_MS = 10_000;

/** Longest wait for settings to be changed in all workers, milliseconds: above the supervisor's own. */
const SETTINGS_TIMEOUT_MS = 15_000;

const PAUSE_COUNTS = ["inFlight", "transactions", "blocked", "subscribed"] as const;

/** A cluster as it runs here; `config` is the one that it reads, and changes at a reload. */
interface HostedCluster {
  readonly cluster: Cluster;
  readonly config: ClusterConfig;
  /** What it, or since it has retired its successor, was configured with last. */
  told: ClusterConfig;
  readonly log: Log;
  readonly loopGuard: LoopGuard;
}

/** A change whose address another may hold that is just going. */
interface RefusedChange {
  /** Name of the cluster. */
  readonly cluster: string;
  /** @throws {Error} If it is refused again. */
  tryAgain(): void;
}

/** The clusters of one worker. */
export class ClusterHost {
  readonly #createCluster: (context: ClusterContext) => Cluster;
  readonly #post: (message: WorkerMessage) => void;
  readonly #clock: Clock = new Clock();
  readonly #dials: DialPace = new DialPace(this.#clock);
  readonly #flood: FloodGuard;
  readonly #clusters: Map<string, HostedCluster> = new Map();
  /** Clusters that others took the place of, or that are no longer wanted, until their clients have left. */
  readonly #retired: Set<HostedCluster> = new Set();
  /** Of clusters that could not start: settle when the addresses are free that they had taken by then. */
  readonly #stopping: Set<Promise<void>> = new Set();
  /** What the clusters counted that are gone. */
  readonly #gone = new MetricsSum();
  /** Questions about settings so far, and those that are not answered. */
  #settingsQuestions = 0;
  readonly #settingsAsked = new Map<number, (answer: SettingsAnswer) => void>();
  readonly #loopDelay = new LoopDelay();
  /** Names of the clusters this worker leads. */
  readonly #leads: Set<string> = new Set();
  /** By cluster. */
  readonly #orders: Map<string, ServerOrders> = new Map();
  readonly #ticketSeed: Uint8Array = crypto.getRandomValues(new Uint8Array(32));
  #start: StartMessage | null = null;
  /** What to listen by, by address. */
  #sockets: SocketsByAddress = new Map();
  /** It was told to accept nobody any more, whatever it still has to start. */
  #isLeaving = false;
  /** Whether another process serves until all workers listen. */
  #isTakingOver = false;
  #engine: IoEngine | null = null;
  #memoryRoom: MemoryRoom | null = null;
  #memoryLimit: MemoryLimit | null = null;
  #ended: Promise<unknown> | null = null;

  /**
   * @param createCluster Makes a cluster that does not listen yet.
   * @param post Sends a message to the supervisor.
   */
  constructor(
    createCluster: (context: ClusterContext) => Cluster,
    post: (message: WorkerMessage) => void,
  ) {
    this.#createCluster = createCluster;
    this.#post = post;
    this.#clock.onLate = (lateMs) => this.#loopDelay.observe(lateMs);
    this.#flood = new FloodGuard((record) => post({ kind: "log", record }));
  }

  /** Does what the supervisor says. */
  onMessage(message: SupervisorMessage): void {
    // Its last word has all that it counted; what it would say now has nothing.
    if (this.#ended !== null && message.kind !== "stop") return;
    // What a message sets off must not count from the last turn, which may be long ago.
    this.#clock.readNow();
    switch (message.kind) {
      case "start":
        return this.#begin(message);
      case "configure":
        return this.#configure(message);
      case "follow_settings":
        Object.assign(this.#start!, { clusterMemories: message.clusterMemories });
        for (const hosted of this.#hosted()) {
          hosted.log.setLevel(message.logLevel);
          this.#followSettings(hosted, message.clusters, message.keepsServers);
          hosted.cluster.leaveBy(message.retireTimeoutMs);
        }
        this.#memoryLimit!.look();
        return;
      case "collect":
        return this.#postMetrics(message.question);
      case "settings":
        return this.#settingsAsked.get(message.question)?.(message.answer);
      case "inspect": {
        const { question, topic } = message;
        const parts = [...this.#hosted()].map(({ cluster }) => ({
          cluster: cluster.name,
          entries: cluster.inspect(topic),
        }));
        return this.#post({ kind: "inspected", question, parts });
      }
      case "follow":
        return this.#follow(message.state);
      case "peer_message":
        return this.#hear(message.peerMessage);
      case "refresh":
        return this.#clusters.get(message.cluster)?.cluster.refresh(message.node);
      case "lead":
        return this.#lead(message.cluster);
      case "order":
        return this.#obey(message.question, message.order);
      case "ping":
        return this.#post({ kind: "pong" });
      case "share":
        return this.#share(message.question);
      case "await_freed":
        this.#answerFreed(message.question);
        return;
      case "close":
        this.#isLeaving = true;
        this.#stopAccepting(message.handedOver);
        return;
      case "drain":
        this.#isLeaving = true;
        this.#drain(message.times);
        return;
      case "stop":
        this.#end().then(() => this.#post({ kind: "stopped" }));
    }
  }

  /** Ends after an error that nothing caught: closes what can be closed, then says why. */
  crash(error: unknown): Promise<void> {
    return this.#fail("", error instanceof Error ? error.stack ?? error.message : String(error));
  }

  #begin(message: StartMessage): void {
    this.#start = message;
    this.#sockets = message.sockets ?? new Map();
    this.#isTakingOver = message.isTakeover;
    this.#engine = createEngine(message.io, this.#clock, message.descriptorMemory);
    this.#memoryRoom = new MemoryRoom(message.memoryRoom, message.workerNumber);
    this.#memoryLimit = new MemoryLimit(this.#clock, this.#memoryRoom, () => this.#holding());
    this.#memoryLimit.look();
    for (const order of message.orders ?? []) this.#keep(order);
    if (message.isTakeover) this.#beginPrepared(message);
    else this.#open(message, (config) => this.#startCluster(config, 0));
  }

  /** Opens the ports once every cluster knows where keys are, at the latest after {@link PREPARE_MAX_MS}. */
  async #beginPrepared(message: StartMessage): Promise<void> {
    for (const config of message.clusters) {
      try {
        this.#clusters.set(config.name, this.#makeCluster(config, 0));
      } catch (error) {
        return void this.#fail(config.name, reasonOf(error));
      }
    }
    const prepared = [...this.#clusters.values()].map(({ cluster }) => cluster.prepare());
    for (const name of message.leads) this.#lead(name);
    const waited = Promise.withResolvers<void>();
    const deadline = new Deadline(this.#clock, PREPARE_MAX_MS, waited.resolve);
    await Promise.race([Promise.all(prepared), waited.promise]);
    deadline.cancel();
    this.#clock.readNow();
    if (this.#ended !== null) return;
    this.#open(message, ({ name }) => this.#clusters.get(name)!.cluster.start());
  }

  #open(message: StartMessage, openCluster: (config: ClusterConfig) => void): void {
    for (const config of message.clusters) {
      try {
        openCluster(config);
      } catch (error) {
        this.#fail(config.name, reasonOf(error));
        return;
      }
    }
    this.#sockets = heldAmong(this.#sockets);
    this.#isTakingOver = false;
    for (const name of message.leads) this.#lead(name);
    this.#whenOpen(
      () => this.#post({ kind: "listening", workerNumber: message.workerNumber }),
      (reason) => this.#fail("", reason),
    );
  }

  /** Calls `opened` when all listeners accept: at once, where the engine needs no time for that. */
  #whenOpen(opened: () => void, failed: (reason: string) => void): void {
    const opening = this.#engine!.opening ?? null;
    if (opening === null) return opened();
    const unlessEnded = (then: () => void) => {
      if (this.#ended === null) then();
    };
    opening.then(
      () => unlessEnded(opened),
      (error) => unlessEnded(() => failed(reasonOf(error))),
    );
  }

  /** Goes over to other clusters and settings, one cluster after the other; what fails leaves the others alone. */
  #configure(message: ConfigureMessage): void {
    const { clusters, listeners, loopMemory, logLevel, retireTimeoutMs } = message;
    const { clusterMemories } = message;
    this.#sockets = message.sockets ?? new Map();
    Object.assign(this.#start!, { logLevel, listeners, loopMemory, clusterMemories });
    for (const { cluster } of this.#retired) cluster.leaveBy(retireTimeoutMs);
    const wanted = new Set(clusters.map(({ name }) => name));
    for (const name of this.#orders.keys()) if (!wanted.has(name)) this.#orders.delete(name);
    for (const order of message.orders ?? []) {
      if (!this.#clusters.has(order.cluster)) this.#keep(order);
    }
    for (const [name, hosted] of this.#clusters) {
      hosted.log.setLevel(logLevel);
      hosted.loopGuard.setListeners(loopMemory, listeners);
      if (!wanted.has(name)) this.#retire(hosted, retireTimeoutMs, listeners);
    }
    const problems: string[] = [];
    const refused: RefusedChange[] = [];
    for (const config of clusters) {
      try {
        const change = this.#configureCluster(config, retireTimeoutMs);
        if (change !== null) refused.push(change);
      } catch (error) {
        problems.push(`cluster "${config.name}": ${reasonOf(error)}`);
      }
    }
    if (refused.length === 0) return this.#finishConfiguring(message, problems);
    this.#tryRefused(refused, problems).then(() => {
      if (this.#ended === null) this.#finishConfiguring(message, problems);
    });
  }

  #finishConfiguring({ clusters, leads }: ConfigureMessage, problems: string[]): void {
    for (const hosted of this.#retired) this.#followSettings(hosted, clusters, false);
    for (const name of leads) this.#lead(name);
    this.#memoryLimit!.look();
    const configured = () => this.#post({ kind: "configured", problems });
    this.#whenOpen(configured, (reason) => {
      problems.push(reason);
      configured();
    });
  }

  /** Tries those again whose address was still held by others that go. */
  async #tryRefused(refused: readonly RefusedChange[], problems: string[]): Promise<void> {
    await this.#freed();
    this.#clock.readNow();
    if (this.#ended !== null) return;
    for (const { cluster, tryAgain } of refused) {
      try {
        if (this.#isLeaving) throw new Error("nobody is to be accepted any more");
        tryAgain();
      } catch (error) {
        problems.push(`cluster "${cluster}": ${reasonOf(error)}`);
      }
    }
  }

  /** @returns What is to be tried again when the addresses are free that are being left; null: nothing. */
  #configureCluster(config: ClusterConfig, retireTimeoutMs: number): RefusedChange | null {
    const { name } = config;
    const hosted = this.#clusters.get(name);
    if (hosted === undefined) return this.#tryChange(name, () => this.#startCluster(config, 0));
    const change = compareClusters(hosted.config, config);
    if (change === null) return null;
    // What its clients are bound by they get in any case; which servers it has is its successor's, from now on.
    hosted.told = change.newConnections.length === 0
      ? { ...config }
      : { ...hosted.told, servers: config.servers };
    if (change.newConnections.length === 0) {
      return this.#tryChange(name, () => hosted.cluster.reconfigure(config));
    }
    const isLeader = this.#leads.has(name);
    // Two can listen on one address at once, and no client finds the door closed; else the former has to go first.
    if (!this.#start!.sharesPort) this.#retire(hosted, retireTimeoutMs, null);
    // The former may still accept those that wait: ids are not given twice.
    const clientsBefore = hosted.cluster.clientCount + BACKLOG_CONNECTIONS;
    const refused = this.#tryChange(name, () => this.#startCluster(config, clientsBefore));
    if (this.#start!.sharesPort) this.#retire(hosted, retireTimeoutMs, null);
    if (isLeader) this.#lead(name);
    return refused;
  }

  /** @returns What it was to do, if others may still hold its address: Deno lets go of one late. */
  #tryChange(cluster: string, change: () => void): RefusedChange | null {
    try {
      change();
      return null;
    } catch (error) {
      if (this.#start!.sharesPort) throw error;
      return { cluster, tryAgain: change };
    }
  }

  /** Clients of a cluster that has retired get what takes effect at once for those of its successor. */
  #followSettings(
    hosted: HostedCluster,
    clusters: readonly ClusterConfig[],
    keepsServers: boolean,
  ): void {
    const { config, told, cluster, log } = hosted;
    const next = clusters.find(({ name }) => name === config.name);
    if (next === undefined) return;
    hosted.told = { ...next };
    const followed = followLive(config, told, next, keepsServers);
    try {
      if (followed !== null) cluster.reconfigure(followed);
    } catch (error) {
      log.error("Clients of a former configuration keep it", { reason: reasonOf(error) });
    }
  }

  /**
   * Lets a cluster serve the clients that it has, and no others.
   *
   * @param listeners Where all clusters listen from now on, if it is gone for good here; null where another takes its
   * place, which its clients are not to go over to.
   */
  async #retire(
    hosted: HostedCluster,
    timeoutMs: number,
    listeners: readonly ListenerAddress[] | null,
  ): Promise<void> {
    const { name, listen } = hosted.config;
    const isTaken = listeners?.some((one) =>
      one.name === name && sameEndpoint(one.endpoint, listen)
    );
    this.#retired.add(hosted);
    if (this.#clusters.get(name) === hosted) this.#clusters.delete(name);
    this.#leads.delete(name);
    await hosted.cluster.retire(timeoutMs, isTaken ?? null);
    if (!this.#retired.delete(hosted)) return;
    this.#gone.retire([hosted.cluster.metrics()]);
    await hosted.cluster.stop();
  }

  /** A question is for the cluster as it is now; answers and news are also for clients of what it was. */
  #hear(peerMessage: PeerMessage): void {
    const isQuestion = peerMessage.question !== 0 && !peerMessage.isAnswer;
    if (isQuestion) return this.#clusters.get(peerMessage.cluster)?.cluster.hear(peerMessage);
    for (const { cluster } of this.#hosted()) {
      if (cluster.name === peerMessage.cluster) cluster.hear(peerMessage);
    }
  }

  #follow(state: SharedState): void {
    for (const { cluster } of this.#hosted()) {
      if (cluster.name === state.cluster) cluster.follow(state);
    }
  }

  *#holding(): Generator<Cluster> {
    for (const { cluster } of this.#hosted()) yield cluster;
  }

  *#hosted(): Generator<HostedCluster> {
    yield* this.#clusters.values();
    yield* this.#retired;
  }

  /** @param clientsBefore Clients of the cluster whose place it takes; see {@link ClusterContext.clientsBefore}. */
  #startCluster(config: ClusterConfig, clientsBefore: number): void {
    const hosted = this.#makeCluster(config, clientsBefore);
    try {
      hosted.cluster.start();
    } catch (error) {
      const stopped = hosted.cluster.stop();
      this.#stopping.add(stopped);
      stopped.then(() => this.#stopping.delete(stopped));
      throw error;
    }
    this.#clusters.set(config.name, hosted);
  }

  #makeCluster(config: ClusterConfig, clientsBefore: number): HostedCluster {
    const message = this.#start!;
    const log = new Log(message.logLevel, ({ level, message, fields }) => {
      this.#flood.write({ level, message, fields: { cluster: config.name, ...fields } });
    });
    // A reload may bring further counts.
    const isTakingOver = () => this.#isTakingOver;
    let memory = message.clusterMemories.get(config.name)!;
    // One that is gone from the configuration keeps what it counts by as long as it has clients.
    const memoryOf = () => memory = this.#start!.clusterMemories.get(config.name) ?? memory;
    const loopGuard = new LoopGuard(message.loopMemory, message.listeners, config.name);
    const cluster = this.#createCluster({
      config,
      workerNumber: message.workerNumber,
      clientsBefore,
      clock: this.#clock,
      engine: this.#engine!,
      log,
      audit: new Audit(
        config.name,
        message.isAudited ? (record) => this.#post({ kind: "audit", record }) : null,
        this.#clock,
      ),
      loopGuard,
      orders: this.#ordersOf(config.name),
      dials: this.#dials,
      memoryRoom: this.#memoryRoom!,
      clientRoom: new ClientRoom(message.clientMemory, message.workerNumber),
      clusterRoom: new ClientRoom(memoryOf().clients, message.workerNumber),
      get memory() {
        return memoryOf();
      },
      ticketSeed: message.ticketSeed ?? this.#ticketSeed,
      advertisedAddress: message.advertisedAddress,
      zone: message.zone,
      sharesPort: message.sharesPort,
      get listensAside() {
        return isTakingOver();
      },
      socketsAt: (endpoint) => this.#sockets.get(formatEndpoint(endpoint)) ?? [],
      publish: (state) => {
        this.#post({ kind: "found", state });
        // Whoever has retired does not look for itself any more.
        for (const hosted of this.#retired) {
          if (hosted.cluster.name === state.cluster) hosted.cluster.follow(state);
        }
      },
      post: (peerMessage) => this.#post({ kind: "peer_message", peerMessage }),
      requestRefresh: (node) => this.#requestRefresh(config.name, node),
      askSettings: (asked, answered) => this.#askSettings(asked, answered),
    });
    // A cluster changes its own, which its message had.
    return { cluster, config, told: { ...config }, log, loopGuard };
  }

  #lead(name: string): void {
    const hosted = this.#clusters.get(name);
    if (hosted === undefined || this.#leads.has(name)) return;
    this.#leads.add(name);
    hosted.cluster.lead();
  }

  #share(question: number): void {
    const sockets = [...this.#clusters.values()].flatMap(({ cluster }) => cluster.share());
    this.#post({ kind: "shared", question, sockets });
  }

  async #answerFreed(question: number): Promise<void> {
    await this.#freed();
    if (this.#ended === null) this.#post({ kind: "freed", question });
  }

  /** Settles when all addresses are free that clusters have left. */
  async #freed(): Promise<void> {
    const left = [...this.#hosted()].map(({ cluster }) => cluster.freed);
    await Promise.all([...left, ...this.#stopping]);
  }

  async #stopAccepting(handedOver: readonly string[]): Promise<void> {
    const closed = [...this.#hosted()].map(({ cluster }) =>
      cluster.stopAccepting(handedOver.includes(cluster.name))
    );
    await Promise.all(closed);
    if (this.#ended === null) this.#post({ kind: "closed" });
  }

  async #drain(times: DrainTimes): Promise<void> {
    const drained = [...this.#hosted()].map(({ cluster }) => cluster.drain(times));
    const { clientMemory, workerNumber } = this.#start!;
    if (times.isLast) new ClientRoom(clientMemory, workerNumber).changeBusy(-1);
    await Promise.all(drained);
    if (this.#ended === null) this.#post({ kind: "drained" });
  }

  /** All who serve clients of the cluster do what is ordered; one answer says what that came to. */
  #obey(question: number, order: ServerOrder): void {
    const serving = [...this.#hosted()].filter(({ cluster }) => cluster.name === order.cluster);
    const sum: PauseCount = {
      isPaused: false,
      inFlight: 0,
      transactions: 0,
      blocked: 0,
      subscribed: 0,
    };
    let due = serving.length;
    if (due === 0) return this.#post({ kind: "ordered", question, count: sum });
    for (const { cluster } of serving) {
      cluster.obey(order, (count) => {
        sum.isPaused ||= count.isPaused;
        for (const field of PAUSE_COUNTS) sum[field] += count[field];
        due -= 1;
        if (due === 0) this.#post({ kind: "ordered", question, count: sum });
      });
    }
  }

  /** Takes up an order ahead of the cluster that it is for. */
  #keep(order: ServerOrder): void {
    if (order.kind === "set") this.#ordersOf(order.cluster).set(order.server, order);
    if (order.kind !== "pause") return;
    const endMs = this.#clock.realMs + order.durationMs;
    this.#ordersOf(order.cluster).pause(order.server, { mode: order.mode, endMs });
  }

  /** What operators have ordered of a cluster stays while one takes another's place. */
  #ordersOf(name: string): ServerOrders {
    const known = this.#orders.get(name) ?? new ServerOrders();
    this.#orders.set(name, known);
    return known;
  }

  #askSettings(asked: SettingsQuestion, answered: (answer: SettingsAnswer) => void): void {
    const question = this.#settingsQuestions += 1;
    const late = { settings: [], problem: "the proxy did not answer in time" };
    const answer = (given: SettingsAnswer) => {
      deadline.cancel();
      if (this.#settingsAsked.delete(question)) answered(given);
    };
    const deadline = new Deadline(this.#clock, SETTINGS_TIMEOUT_MS, () => answer(late));
    this.#settingsAsked.set(question, answer);
    this.#post({ kind: "settings", question, asked });
  }

  #requestRefresh(name: string, node?: string): void {
    if (this.#leads.has(name)) this.#clusters.get(name)?.cluster.refresh(node);
    else this.#post({ kind: "refresh", cluster: name, ...node === undefined ? {} : { node } });
  }

  #postMetrics(question: number): void {
    const counted = [...this.#hosted()].map(({ cluster }) => cluster.metrics());
    // Adding up is the supervisor's, but for what it must not see twice.
    const isPlain = this.#gone.isEmpty && this.#retired.size === 0;
    const clusters = isPlain ? counted : this.#gone.total([counted]);
    const message: MetricsMessage = { kind: "metrics", question, clusters, vitals: this.#vitals() };
    // The last word has no later turn.
    if (question === 0 || !isLarge(message)) return this.#post(message);
    this.#engine!.flushQueue.workOn(new MetricsParts(message, this.#post));
  }

  #vitals(): WorkerVitals {
    const { heapUsed, external } = Deno.memoryUsage();
    const { histogram: { counts, sum }, longestMs } = this.#loopDelay;
    return {
      heapBytes: heapUsed,
      externalBytes: external,
      loopDelay: { counts: [...counts], sum },
      longestDelayMs: longestMs,
    };
  }

  async #fail(cluster: string, reason: string): Promise<void> {
    try {
      await this.#end();
    } finally {
      // Even where closing fails the supervisor must hear of it, to end this worker from outside.
      this.#post({ kind: "failed", workerNumber: this.#start!.workerNumber, cluster, reason });
    }
  }

  /**
   * Closes every connection before it returns. Settles when the addresses are free for the next listener, and nothing
   * is left open that Deno would not close with this thread.
   */
  #end(): Promise<unknown> {
    this.#ended ??= this.#endNow();
    return this.#ended;
  }

  #endNow(): Promise<unknown> {
    const freed: Promise<void>[] = [...this.#stopping];
    try {
      this.#postMetrics(LAST_WORD);
      for (const { cluster } of this.#hosted()) freed.push(cluster.stop());
    } finally {
      if (this.#engine !== null) freed.push(this.#engine.close());
      this.#clusters.clear();
      this.#retired.clear();
      this.#clock.stop();
      this.#flood.flush();
    }
    return Promise.all(freed);
  }
}

/** The others are listened by from now on, and closed where they came from. */
function heldAmong(sockets: SocketsByAddress): SocketsByAddress {
  const held = [...sockets].map(([address, given]) =>
    [address, given.filter(({ isHeld }) => isHeld)] as const
  );
  return new Map(held.filter(([, given]) => given.length > 0));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
