/**
 * What every kind of cluster shares in one worker: the listener, the sessions and their context. A recipe says
 * which protocol and which topology.
 *
 * @module
 */
import type { BackendContext, BackendLimits } from "../backend/backend_context.ts";
import { RequestWatch } from "../backend/request_watch.ts";
import { BackendLink } from "../backend/link.ts";
import type { ClusterConfig } from "../config/config.ts";
import { ArrayPool } from "../bytes/receive_buffer.ts";
import { ChunkPool } from "../bytes/chunk_pool.ts";
import { type Endpoint, formatPeer, sameEndpoint } from "../endpoint.ts";
import { type Failure, failures } from "../failure.ts";
import type { Acceptor, Connection, Listener } from "../net/io_engine.ts";
import type { TlsClient } from "../net/tls.ts";
import { clientsByAddress } from "../observe/client_addresses.ts";
import { ClusterMetrics, type ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";
import { gatherDurations, SeriesBudget } from "../observe/durations.ts";
import type { ObservedLists } from "../observe/observed_lists.ts";
import { SlowSpans } from "../observe/slow_spans.ts";
import { MemberList } from "../member_list.ts";
import { type Protocol, RequestFrame } from "../protocol/protocol.ts";
import { RequestPool } from "../request/pool.ts";
import type { Router } from "../router/router.ts";
import { FanOut } from "../session/fan_out.ts";
import type { Keepsake, LocalAnswers, LocalClient } from "../session/stages.ts";
import { OutputPool } from "../session/output_share.ts";
import { Session } from "../session/session.ts";
import type { SessionContext, SessionLimits } from "../session/session_context.ts";
import type {
  DrainTimes,
  InspectTopic,
  PauseCount,
  PeerMessage,
  ServerOrder,
  SharedSocket,
  SharedState,
} from "../worker/messages.ts";
import { AddressLimit } from "./address_limit.ts";
import { AcceptPause } from "./accept_pause.ts";
import { ClientDrain, handoffSeconds } from "./client_drain.ts";
import type { Cluster, ClusterContext } from "./cluster.ts";
import { ClusterPeers } from "./cluster_peers.ts";
import { ClusterTls } from "./cluster_tls.ts";
import { IdleClients } from "./idle_clients.ts";
import type { HolderVisitor, MemoryHolder } from "./memory_limit.ts";
import type { HotKey } from "../observe/hot_keys.ts";
import { Observation } from "./observation.ts";
import { PauseControl } from "./pause_control.ts";
import { RequestLimits } from "./request_limits.ts";
import type { Topology } from "./topology.ts";

/** Client ids are `worker × this + number`: unique over the workers of a cluster, and below 2^53. */
const CLIENTS_PER_WORKER = 2 ** 40;

/** Topic of what workers tell their leader of a backend that fails. */
const BACKEND_FAILS = "backend fails";
/** Hot keys of one worker whose servers are looked up: more are never shown. */
const HOT_KEYS_LOCATED = 100;

/** Requests fail at `address`; `timesOut`: by so many timeouts in a row that it gets no more for now. */
interface BackendSign {
  readonly address: string;
  readonly timesOut: boolean;
}

/** What distinguishes one type of cluster from another. */
export interface Recipe {
  readonly protocol: Protocol;
  /** Whether requests may be sent elsewhere after their first reply. */
  readonly retainsRequests: boolean;
  createTopology(cluster: ClusterContext, backends: BackendContext): Topology;
  createLocalAnswers(parts: ClusterParts): LocalAnswers;
}

/** What a cluster consists of, for what is built upon it. */
export interface ClusterParts {
  readonly cluster: ClusterContext;
  readonly metrics: ClusterMetrics;
  readonly router: Router;
  readonly backends: BackendContext;
  readonly peers: ClusterPeers;
  /** What is kept of single requests and keys, in all workers. */
  readonly observed: ObservedLists;
  /** The clients of this worker. */
  clients(): Iterable<LocalClient>;
  /** A client is another user from now on, or may be. */
  userChanged(client: LocalClient): void;
}

/** One cluster in one worker. */
export class RunningCluster implements Acceptor, Cluster {
  readonly name: string;
  readonly #cluster: ClusterContext;
  readonly #topology: Topology;
  readonly #backends: BackendContext;
  readonly #metrics: ClusterMetrics;
  readonly #observation: Observation;
  readonly #sessions = new MemberList<Session>();
  readonly #peers: ClusterPeers;
  readonly #sessionContext: SessionContext;
  readonly #acceptPause: AcceptPause;
  readonly #pauses: PauseControl;
  readonly #idle: IdleClients<Session>;
  readonly #addresses: AddressLimit<Session>;
  readonly #requestLimits: RequestLimits;
  readonly #tls: ClusterTls;
  #listener: Listener | null = null;
  /** The listener for TLS, where that has an address of its own. */
  #tlsListener: Listener | null = null;
  /** Settles when what was closed of them is free. */
  #freed: Promise<void> = Promise.resolve();
  clientCount: number;
  #prepared: (() => void) | null = null;
  /** How its clients leave; null while they need not. */
  #leaving: ClientDrain | null = null;
  #leaveWithinMs = Infinity;
  /** Bytes that clients took which are gone. */
  #goneTakenBytes = 0;
  #isStopped = false;

  constructor(cluster: ClusterContext, recipe: Recipe) {
    this.name = cluster.config.name;
    this.clientCount = cluster.clientsBefore;
    this.#cluster = cluster;
    this.#tls = new ClusterTls(cluster.engine, cluster.config, cluster.ticketSeed);
    this.#metrics = new ClusterMetrics(this.name);
    this.#acceptPause = new AcceptPause(cluster.log);
    this.#peers = new ClusterPeers(cluster);
    this.#observation = new Observation(cluster.config, this.#peers);
    const backends = this.#backends = createBackendContext(
      cluster,
      recipe,
      this.#metrics,
      this.#observation,
      {
        tls: this.#tls.client,
        backendFails: (address, timesOut) => this.#backendFails(address, timesOut),
        takeUnsent: (exchange, failure) =>
          this.#topology.router.takeUnsent?.(exchange, failure) ?? false,
      },
    );
    this.#topology = recipe.createTopology(cluster, backends);
    this.#topology.waitEnded = () => this.#waitEnded();
    this.#peers.on(BACKEND_FAILS, (body) => {
      const { address, timesOut } = body as BackendSign;
      this.#topology.backendUnreachable(address, timesOut);
    });
    const { router } = this.#topology;
    const { config } = cluster;
    this.#sessionContext = {
      ...backends,
      router,
      local: recipe.createLocalAnswers({
        cluster,
        metrics: this.#metrics,
        router,
        backends,
        peers: this.#peers,
        observed: this.#observation.lists,
        clients: () => this.#sessions,
        userChanged: (client) => {
          if (client instanceof Session) this.#requestLimits.connect(client);
        },
      }),
      frame: new RequestFrame(),
      fanOut: new FanOut(),
      output: new OutputPool(config.workerOutputLimitBytes),
      firstClientId: cluster.workerNumber * CLIENTS_PER_WORKER,
      limits: sessionLimits(config),
      isAtomic: config.atomicMultiKey,
      sampler: null,
      sessionEnded: (session) => {
        this.#goneTakenBytes += (session as Session).takenBytes;
        if (!this.#sessions.delete(session as Session)) return;
        cluster.clientRoom.left();
        this.#addresses.left(session as Session);
        cluster.clusterRoom.left();
      },
    };
    const { local } = this.#sessionContext;
    this.#watchRequests();
    backends.watch.identify = (client) => {
      if (!(client instanceof Session)) return null;
      const { name, user } = local.identify?.(client) ?? { name: "", user: "" };
      const address = formatPeer(client.peer);
      return { id: client.id, address, name, user };
    };
    this.#addresses = new AddressLimit(cluster);
    this.#requestLimits = new RequestLimits({
      config,
      clock: cluster.clock,
      log: cluster.log,
      get memory() {
        return cluster.memory;
      },
      userOf: (client) => local.userOf === undefined ? "" : local.userOf(client),
    });
    this.#idle = new IdleClients({
      clock: cluster.clock,
      config,
      clients: this.#sessions,
      waits: (client) => local.waits?.(client) ?? false,
    });
    this.#pauses = new PauseControl({
      clock: cluster.clock,
      orders: cluster.orders,
      topology: this.#topology,
      local,
      clients: this.#sessions,
    });
  }

  prepare(): Promise<void> {
    this.#topology.start();
    if (!this.#topology.router.awaitsFirstMap) return Promise.resolve();
    return new Promise((resolve) => this.#prepared = resolve);
  }

  start(): void {
    // It was told to drain while it found out where keys are.
    if (this.#isStopped) return;
    const { listen, unixMode, tls } = this.#cluster.config;
    this.#listenOn(listen, unixMode);
    if (tls !== null && tls.listen !== null) {
      this.#tlsListener = this.#openListener(tls.listen, unixMode, true);
    }
    this.#topology.start();
  }

  /** Listens there, and no more where it was before. */
  #listenOn(endpoint: Endpoint, mode: number): void {
    const { tls } = this.#cluster.config;
    const former = this.#listener;
    this.#listener = this.#openListener(endpoint, mode, tls !== null && tls.listen === null);
    this.#free([former]);
  }

  #openListener(endpoint: Endpoint, mode: number, speaksTls: boolean): Listener {
    const { engine, sharesPort, listensAside: isAside } = this.#cluster;
    const given = this.#cluster.socketsAt(endpoint);
    const options = { endpoint, sharesPort, mode, isAside, given };
    if (!speaksTls) return engine.listen(options, this);
    return engine.listen({ ...options, tls: this.#tls.server }, new TlsAcceptor(this));
  }

  /** A client has gone through its handshake of TLS. */
  handshakeDone(): void {
    this.#metrics.tlsHandshakes += 1;
  }

  handshakeFailed(failure: Failure, peer: Endpoint | null, detail: string): void {
    this.#metrics.countFailure(failure);
    this.#cluster.log.info("TLS handshake failed", {
      reason: failure.name,
      address: formatPeer(peer),
      detail,
    });
  }

  reconfigure(config: ClusterConfig): void {
    const cluster = this.#cluster;
    // Ahead of all: it may be refused.
    this.#tls.replace(config);
    const { listen, unixMode } = cluster.config;
    const isElsewhere = !sameEndpoint(listen, config.listen) ||
      (listen.kind === "unix" && unixMode !== config.unixMode);
    if (isElsewhere) this.#listenOn(config.listen, config.unixMode);
    // Whoever reads a setting reads it here, or in the limits: nobody keeps a copy.
    Object.assign(cluster.config, config);
    Object.assign(this.#sessionContext.limits, sessionLimits(config));
    this.#sessionContext.isAtomic = config.atomicMultiKey;
    this.#sessionContext.output.heldBytesMax = config.workerOutputLimitBytes;
    Object.assign(this.#backends.limits, backendLimits(config));
    this.#watchRequests();
    this.#topology.reconfigure();
    this.#sessionContext.local.usersChanged?.();
    for (const session of this.#sessions) session.limitsChanged();
    this.#idle.look();
    this.#addresses.reconfigure(this.#sessions);
    this.#requestLimits.reconfigure(this.#sessions);
  }

  /** Has requests and keys watched as the configuration says. */
  #watchRequests(): void {
    const { watch } = this.#backends;
    this.#observation.configure(this.#cluster.config, watch, this.#sessionContext);
  }

  async retire(timeoutMs: number, isTaken: boolean | null): Promise<void> {
    this.#topology.resign();
    await this.#leaveClients({ idleMs: Infinity, timeoutMs }, isTaken);
  }

  leaveBy(timeoutMs: number): void {
    this.#leaveWithinMs = Math.min(this.#leaveWithinMs, timeoutMs);
    this.#leaving?.endBy(timeoutMs);
  }

  lead(): void {
    this.#topology.lead();
  }

  follow(state: SharedState): void {
    this.#topology.follow(state);
  }

  refresh(node?: string): void {
    this.#topology.refresh(node);
  }

  obey(order: ServerOrder, answer: (count: PauseCount) => void): void {
    const { kind, server } = order;
    const pauses = this.#pauses;
    if (kind === "resume") return pauses.resume(server, () => answer(pauses.count(server)));
    if (kind === "set") {
      this.#cluster.orders.set(order.server, order);
      this.#topology.settingsChanged();
    }
    if (kind === "pause") pauses.pause(server, order.mode, order.durationMs);
    answer(pauses.count(server));
  }

  hear(peerMessage: PeerMessage): void {
    this.#peers.hear(peerMessage);
  }

  metrics(): ClusterMetricsSnapshot {
    const metrics = this.#metrics;
    const backends = [...this.#topology.router.backends()];
    metrics.clientOutputBytes = 0;
    let takenBytes = this.#goneTakenBytes;
    for (const { output, takenBytes: taken } of this.#sessions) {
      metrics.clientOutputBytes += output.waitingBytes;
      takenBytes += taken;
    }
    metrics.clientSentBytes = takenBytes;
    metrics.bigKeys = this.#observation.bigKeys.noted;
    metrics.bufferedBytes = 0;
    this.visitHolders((_holder, byteCount) => metrics.bufferedBytes += byteCount);
    metrics.exchangesInUse = this.#backends.requests.exchangesInUse;
    metrics.chunksInUse = this.#backends.chunks.inUse;
    const durations = gatherDurations(
      backends.map((backend) => backend.durations),
      this.#backends.seriesBudget,
    );
    return metrics.snapshot(backends.map((backend) => backend.snapshot()), durations);
  }

  inspect(topic: InspectTopic): readonly unknown[] {
    if (topic === "clients") return clientsByAddress(this.#sessions);
    const parts = this.#observation.inspect(topic);
    return topic === "hotkeys" ? this.#located(parts as readonly HotKey[]) : parts;
  }

  /** The keys with their servers, as far as they may be shown. */
  #located(keys: readonly HotKey[]): readonly HotKey[] {
    const { router } = this.#topology;
    // Such a ring has a key wherever it was sent.
    if (this.#cluster.config.distribution === "random") return keys;
    return keys.map((one, index) => {
      if (one.key === null || index >= HOT_KEYS_LOCATED) return one;
      const bytes = Uint8Array.from(one.key, (character) => character.charCodeAt(0));
      const place = router.place(bytes, 0, bytes.length);
      const backend = place < 0 ? null : router.backendAt(place);
      return { ...one, backend: backend?.address ?? "" };
    });
  }

  drain(times: DrainTimes): Promise<void> {
    return this.#leaveClients(times, times.takenOver?.includes(this.name) ?? false);
  }

  async #leaveClients(times: DrainTimes, isTaken: boolean | null): Promise<void> {
    const { clock, clientRoom } = this.#cluster;
    // Until its clients are looked at they may all be busy.
    clientRoom.changeBusy(1);
    // Whoever is accepted until its end is served like the others.
    await this.#closeListener();
    this.#isStopped = true;
    clock.readNow();
    if (isTaken !== null) {
      const seconds = handoffSeconds(times.timeoutMs);
      this.#sessionContext.local.handOff?.({ seconds, isTaken });
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#leaving = new ClientDrain(clock, this.#sessions, clientRoom, times, resolve);
    this.#leaving.endBy(this.#leaveWithinMs);
    clientRoom.changeBusy(-1);
    await promise;
  }

  stopAccepting(isHandedOver: boolean): Promise<void> {
    return this.#closeListener(isHandedOver);
  }

  share(): SharedSocket[] {
    const { listen, tls } = this.#cluster.config;
    const shared = (listener: Listener | null, endpoint: Endpoint) =>
      (listener?.share() ?? []).map((descriptor) => ({ endpoint, descriptor }));
    return [
      // Another process makes its own, and whoever waits at the former one is accepted by those who have it.
      ...listen.kind === "unix" ? [] : shared(this.#listener, listen),
      ...tls?.listen ? shared(this.#tlsListener, tls.listen) : [],
    ];
  }

  stop(): Promise<void> {
    this.#prepared?.();
    this.#isStopped = true;
    const freed = this.#closeListener(true);
    for (const session of [...this.#sessions]) session.close(failures.shuttingDown);
    this.#sessionContext.local.stop();
    this.#peers.stop();
    this.#pauses.stop();
    this.#topology.stop();
    this.#tls.close();
    return freed;
  }

  get freed(): Promise<void> {
    return this.#freed;
  }

  /** Settles when its addresses are free, whoever has closed them. */
  async #closeListener(leavesWaiting = false): Promise<void> {
    const listeners = [this.#listener, this.#tlsListener];
    this.#listener = null;
    this.#tlsListener = null;
    this.#free(listeners, leavesWaiting);
    await this.#freed;
  }

  #free(listeners: readonly (Listener | null)[], leavesWaiting = false): void {
    const closed = listeners.map((listener) => listener?.close(leavesWaiting));
    this.#freed = Promise.all([this.#freed, ...closed]).then(() => {});
  }

  get lack(): Failure | null {
    const { clientRoom, memoryRoom } = this.#cluster;
    if (memoryRoom.isShort) return failures.memoryShort;
    return clientRoom.isOpen ? null : failures.tooManyOpenFiles;
  }

  visitHolders(visit: HolderVisitor): void {
    for (const session of this.#sessions) visit(session, session.heldBytes);
    for (const link of this.#backends.links) {
      const { replies, queuedBytes, awaitedBy, socket } = link;
      const { length } = replies.buffer.bytes;
      const ownBytes = queuedBytes + (socket?.ownBytes ?? 0);
      visit(link, replies.isLargeArriving ? ownBytes : length + ownBytes);
      // A large reply is the client's that asked for it: with that client it is let go as it arrives.
      if (replies.isLargeArriving && awaitedBy instanceof Session) visit(awaitedBy, length);
    }
    this.#topology.router.visitWaiting?.((client, byteCount) => {
      if (client instanceof Session) visit(client, byteCount);
    });
    this.#sessionContext.local.visitKept?.(visit);
  }

  get spareBytes(): number {
    const { arrays, chunks } = this.#backends;
    return arrays.freeBytes + chunks.freeBytes;
  }

  get grownBytes(): number {
    return this.#backends.arrays.grownBytes;
  }

  letGoSpare(): void {
    const { arrays, chunks } = this.#backends;
    arrays.letGo();
    chunks.letGo();
  }

  shed(holder: MemoryHolder, byteCount: number): void {
    const isClosed = holder instanceof Session || holder instanceof BackendLink;
    this.#cluster.log.error(
      `${isClosed ? "Closed" : "Forgotten"} to save memory: max_memory_bytes is used up`,
      { ...holder.holderFields, bytes: byteCount },
    );
    if (holder instanceof Session) holder.close(failures.memoryLimit);
    else (holder as BackendLink | Keepsake).shed(failures.memoryLimit);
  }

  accepted(connection: Connection): void {
    if (this.#isStopped) return connection.discard();
    this.#acceptPause.ended();
    this.clientCount += 1;
    const userFrom = this.#cluster.config.tls?.userFrom ?? null;
    const certified = userFrom === null ? null : connection.certificateName ?? null;
    const session = new Session(connection, this.clientCount, this.#sessionContext);
    const { clientRoom, clusterRoom, config } = this.#cluster;
    // Entered first, so that of several workers none takes the last place for free that another one takes.
    clusterRoom.entered();
    if (config.maxClients !== 0 && clusterRoom.clientCount > config.maxClients) {
      clusterRoom.left();
      return this.#refuse(session, failures.clientLimit);
    }
    if (!this.#addresses.admits(session)) {
      clusterRoom.left();
      return this.#refuse(session, failures.clientAddressLimit);
    }
    this.#sessions.add(session);
    clientRoom.entered();
    this.#requestLimits.connect(session);
    this.#sessionContext.local.onConnect(session);
    // A name that is no user's leaves the client to log in as any other.
    if (certified !== null) this.#sessionContext.local.enterAs?.(session, certified);
    session.start();
    this.#idle.look();
  }

  /** Tells a client that there are too many, and closes it; it was never one of the cluster's. */
  #refuse(session: Session, failure: Failure): void {
    const { log, config } = this.#cluster;
    const { tooManyClients, tooManyFromAddress } = this.#backends.protocol;
    const isOfAddress = failure === failures.clientAddressLimit;
    const { maxClients, maxClientsPerAddress } = config;
    const limit = isOfAddress
      ? { address: formatPeer(session.peer), maxClientsPerAddress }
      : { maxClients };
    log.warning("Client is refused", { reason: failure.name, ...limit });
    session.start();
    session.refuse(failure, isOfAddress ? tooManyFromAddress : tooManyClients);
  }

  /** What this worker meets of a backend's failures is for its leader, which pings. */
  #backendFails(address: string, timesOut: boolean): void {
    if (!this.#topology.backendUnreachable(address, timesOut)) return;
    const sign: BackendSign = { address, timesOut };
    this.#peers.tell(BACKEND_FAILS, sign);
  }

  /** A map has come, or none has for long enough: whoever waited for it is asked again. */
  #waitEnded(): void {
    this.#prepared?.();
    for (const session of this.#sessions) session.parseOn();
  }

  acceptFailed(failure: Failure): void {
    this.#metrics.countFailure(failure);
    if (failure === failures.tooManyOpenFiles) this.#cluster.clientRoom.ranOut();
    if (failure.source === "proxy") this.#acceptPause.began(failure);
  }
}

/** Takes clients that have gone through a handshake of TLS. */
class TlsAcceptor implements Acceptor {
  readonly #cluster: RunningCluster;

  constructor(cluster: RunningCluster) {
    this.#cluster = cluster;
  }

  get lack(): Failure | null {
    return this.#cluster.lack;
  }

  accepted(connection: Connection): void {
    this.#cluster.handshakeDone();
    this.#cluster.accepted(connection);
  }

  acceptFailed(failure: Failure): void {
    this.#cluster.acceptFailed(failure);
  }

  handshakeFailed(failure: Failure, peer: Endpoint | null, detail: string): void {
    this.#cluster.handshakeFailed(failure, peer, detail);
  }
}

/** What becomes of backends' failures. */
interface BackendHooks {
  tls: TlsClient | null;
  backendFails(address: string, timesOut: boolean): void;
  takeUnsent: BackendContext["takeUnsent"];
}

function createBackendContext(
  cluster: ClusterContext,
  recipe: Recipe,
  metrics: ClusterMetrics,
  { bigKeys, slowLog }: Observation,
  { tls, backendFails, takeUnsent }: BackendHooks,
): BackendContext {
  const { audit, config, clock, engine, log } = cluster;
  return {
    protocol: recipe.protocol,
    clock,
    chunks: new ChunkPool(),
    arrays: new ArrayPool(),
    requests: new RequestPool(),
    engine,
    log,
    metrics,
    audit,
    limits: backendLimits(config),
    tls,
    dials: cluster.dials,
    links: new MemberList(),
    orders: cluster.orders,
    retainsRequests: recipe.retainsRequests || config.failoverWaitMs > 0,
    seriesBudget: new SeriesBudget(),
    watch: new RequestWatch({
      protocol: recipe.protocol,
      clock,
      slowLog,
      bigKeys,
      spans: new SlowSpans(config.name, config.type === "memcache" ? "memcached" : "redis"),
      metrics,
      nextEntryNumber: () => cluster.clusterRoom.nextEntryNumber(),
    }),
    isLoop: (connection) => cluster.loopGuard.isLoop(connection),
    takeUnsent,
    backendUnreachable: (address) => backendFails(address, false),
    circuitOpened: (address) => backendFails(address, true),
  };
}

function sessionLimits(config: ClusterConfig): SessionLimits {
  return {
    pipelineMax: config.maxPipeline,
    outputBytesMax: config.clientOutputLimitBytes,
    readAheadBytes: config.clientReadAheadBytes,
    requestBytesMax: config.maxRequestBytes,
    writeTimeoutMs: config.writeTimeoutMs,
  };
}

function backendLimits(config: ClusterConfig): BackendLimits {
  return {
    dialTimeoutMs: config.dialTimeoutMs,
    readTimeoutMs: config.readTimeoutMs,
    writeTimeoutMs: config.writeTimeoutMs,
    queueBytesMax: config.maxBackendQueueBytes,
    queueSoftBytes: config.backendQueueSoftBytes,
    connections: config.nodeConnections,
    hidesAddresses: config.hideBackends,
    circuitTimeouts: config.circuitTimeouts,
    failoverWaitMs: config.failoverWaitMs,
  };
}
