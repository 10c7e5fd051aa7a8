/**
 * Watches the nodes of a Redis Cluster that reads may go to: asks each once a second how it is, and says which replicas
 * are to get no reads, and how long each node takes to answer. Only the leader of a cluster does so.
 *
 * How far a replica is behind is told in time: its master's place in the stream of replication is noted with each
 * answer, and a replica is as far behind as the last note is old that it has reached.
 *
 * @module
 */
import { Backend } from "../backend/backend.ts";
import type { BackendContext } from "../backend/backend_context.ts";
import { BackendConnection } from "../backend/connection.ts";
import type { TcpEndpoint } from "../endpoint.ts";
import { type Failure, failures } from "../failure.ts";
import { type Exchange, NOBODY, type ReplyReceiver } from "../request/exchange.ts";
import type { NodeStates } from "../router/readers.ts";
import { quietContext } from "./quiet_context.ts";

/** From one question to a node to the next, milliseconds, up to a tenth more or less by chance. */
export const WATCH_INTERVAL_MS = 1_000;
/** Longest wait for a node's answer, milliseconds; a shorter `read_timeout` holds. */
export const WATCH_TIMEOUT_MS = 1_000;
/** Shortest time between two reports of nodes that are out, milliseconds. */
export const URGENT_SPACING_MS = 20;
/** Shortest time between two reports of anything else that has changed, milliseconds. */
export const REPORT_SPACING_MS = 1_000;
/** Nodes that are watched at the most. */
export const WATCHED_MAX = 4_096;
/** How much a new latency counts against those before it. */
const LATENCY_WEIGHT = 0.3;
/** Notes kept of a master's place. */
const NOTES_MAX = 128;

/** What a node says of itself. */
export interface NodeReport {
  readonly isReplica: boolean;
  /** Of a replica: whether its link to its master is up, and it has the master's data. */
  readonly isLinked: boolean;
  /** How far in the stream of replication it is: what it has sent or, as a replica, carried out. */
  readonly offset: number;
}

/** The words that ask a node how it is. */
export interface NodeDialect {
  readonly reportRequest: Uint8Array;
  /** Null if the reply is none. */
  readReport(bytes: Uint8Array, start: number, end: number): NodeReport | null;
  /** Asks for what says the node's availability zone. */
  readonly zoneRequest: Uint8Array;
  /** "" where the reply names none. */
  readZone(bytes: Uint8Array, start: number, end: number): string;
  parseAddress(address: string): TcpEndpoint | null;
}

/** A master and its replicas, by `host:port`. */
export interface WatchedShard {
  readonly master: string;
  readonly replicas: readonly string[];
}

/** What a watch keeps to, and whom it tells. */
export interface NodeWatchOptions {
  /** A replica further behind than this many milliseconds gets no reads; read each time. */
  maxLagMs(): number;
  /** What is known has changed. */
  changed(states: NodeStates): void;
}

/** One per cluster, in its leader. */
export class NodeWatch {
  readonly #context: BackendContext;
  readonly #dialect: NodeDialect;
  readonly #options: NodeWatchOptions;
  readonly #nodes = new Map<string, WatchedNode>();
  /** The master of each replica. */
  readonly #masters = new Map<string, string>();
  /** Zones that the slot map's reply has told. */
  #mapZones: ReadonlyMap<string, string> = new Map();
  #told = "";
  /** Who was out in the last report. */
  #out: ReadonlySet<string> = new Set();
  #toldAtMs = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tellsAtMs = Infinity;

  constructor(context: BackendContext, dialect: NodeDialect, options: NodeWatchOptions) {
    this.#context = context;
    this.#dialect = dialect;
    this.#options = options;
  }

  /** From now on these are watched; those that were before go on as they are. */
  watch(shards: readonly WatchedShard[], zones: ReadonlyMap<string, string>): void {
    this.#mapZones = zones;
    this.#masters.clear();
    const wanted = new Set<string>();
    for (const { master, replicas } of shards) {
      if (replicas.length === 0) continue;
      wanted.add(master);
      for (const replica of replicas) {
        wanted.add(replica);
        this.#masters.set(replica, master);
      }
    }
    for (const [address, node] of this.#nodes) {
      if (wanted.has(address)) continue;
      node.stop();
      this.#nodes.delete(address);
    }
    for (const address of wanted) {
      if (this.#nodes.has(address) || this.#nodes.size >= WATCHED_MAX) continue;
      const endpoint = this.#dialect.parseAddress(address);
      if (endpoint === null) continue;
      const heard = () => this.#heard(address);
      const node = new WatchedNode(endpoint, this.#dialect, this.#context, heard);
      this.#nodes.set(address, node);
      node.start();
    }
    this.#tell();
  }

  /** Ends for good. */
  stop(): void {
    clearTimeout(this.#timer);
    for (const node of this.#nodes.values()) node.stop();
    this.#nodes.clear();
  }

  /** A node was heard, or was not: many of them are reported together. */
  #heard(address: string): void {
    const isUrgent = this.#isOut(address) !== this.#out.has(address);
    const spacingMs = isUrgent ? URGENT_SPACING_MS : REPORT_SPACING_MS;
    const atMs = Math.max(performance.now(), this.#toldAtMs + spacingMs);
    if (atMs >= this.#tellsAtMs) return;
    this.#tellsAtMs = atMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), atMs - performance.now());
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#tellsAtMs = Infinity;
    this.#toldAtMs = performance.now();
    const out = new Set<string>();
    const latencies = new Map<string, number>();
    const zones = new Map(this.#mapZones);
    for (const [address, node] of this.#nodes) {
      if (node.latencyMs > 0) latencies.set(address, rounded(node.latencyMs));
      if (node.zone !== "") zones.set(address, node.zone);
      if (this.#isOut(address)) out.add(address);
    }
    this.#out = out;
    const told = JSON.stringify([[...out], [...latencies], [...zones]]);
    if (told === this.#told) return;
    this.#told = told;
    this.#options.changed({ out, latencies, zones });
  }

  /** Whether this is a replica that is to get no reads. */
  #isOut(address: string): boolean {
    const node = this.#nodes.get(address);
    const master = this.#masters.get(address);
    if (node === undefined || master === undefined) return false;
    return !this.#isUsable(node, this.#nodes.get(master));
  }

  /** A node that was not heard of yet, or does not tell, is taken for usable. */
  #isUsable(node: WatchedNode, master: WatchedNode | undefined): boolean {
    const { report } = node;
    if (node.isSilent) return false;
    if (report === null) return true;
    if (!report.isReplica || !report.isLinked) return false;
    return (master?.lagOf(report.offset, node.heardAtMs) ?? 0) <= this.#options.maxLagMs();
  }
}

/** Two digits: small changes are nobody's business. */
function rounded(ms: number): number {
  return Number(ms.toPrecision(2));
}

/** One node. */
class WatchedNode implements ReplyReceiver {
  generation = 0;
  /** Its last answer; null before the first one, and where it does not tell. */
  report: NodeReport | null = null;
  heardAtMs = 0;
  /** Whether it did not answer the last time. */
  isSilent = false;
  /** How long it takes to answer; 0 before the first time. */
  latencyMs = 0;
  zone = "";
  readonly #dialect: NodeDialect;
  readonly #context: BackendContext;
  readonly #connection: BackendConnection;
  readonly #changed: () => void;
  /** Where it was in the stream of replication, oldest first, no place twice. */
  readonly #notes: { offset: number; atMs: number }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sentAtMs = 0;
  #asksZone = true;
  #isStopped = false;

  constructor(
    endpoint: TcpEndpoint,
    dialect: NodeDialect,
    context: BackendContext,
    changed: () => void,
  ) {
    this.#dialect = dialect;
    this.#changed = changed;
    const timeoutMs = Math.min(WATCH_TIMEOUT_MS, context.limits.readTimeoutMs);
    this.#context = quietContext(context, timeoutMs);
    const backend = new Backend({ endpoint }, this.#context);
    const { master } = NOBODY.profiles;
    this.#connection = new BackendConnection(backend, master, this.#context, {
      keepsBackoff: false,
      isProbe: true,
    });
  }

  start(): void {
    this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#connection.close(failures.backendRemoved);
  }

  /** How long ago this master, as a replica with `offset` has carried it out, was there; 0 where it may be there still. */
  lagOf(offset: number, nowMs: number): number {
    const notes = this.#notes;
    const newest = notes.at(-1);
    if (newest === undefined || offset >= newest.offset) return 0;
    // The first place that it has not reached was left behind at that time at the earliest.
    const missed = notes.find((note) => note.offset > offset)!;
    return Math.max(0, nowMs - missed.atMs);
  }

  #ask(): void {
    if (this.#isStopped) return;
    this.#context.clock.readNow();
    this.#sentAtMs = this.#context.clock.realMs;
    this.#send(this.#dialect.reportRequest, REPORT);
    if (this.#asksZone) this.#send(this.#dialect.zoneRequest, ZONE);
    this.#asksZone = false;
  }

  #send(request: Uint8Array, question: number): void {
    const exchange = this.#context.requests.takeExchange();
    exchange.begin(this, question, 0, true, NOBODY);
    this.#connection.send(exchange, request, 0, request.length);
  }

  onReply(exchange: Exchange, bytes: Uint8Array, start: number, end: number): void {
    if (this.#isStopped) return;
    if (exchange.fragment === ZONE) {
      this.zone = this.#dialect.readZone(bytes, start, end);
      return this.#changed();
    }
    const { realMs } = this.#context.clock;
    const report = this.#dialect.readReport(bytes, start, end);
    this.isSilent = false;
    this.report = report;
    this.#measure(realMs);
    if (report !== null) this.#note(report.offset, realMs);
    this.#schedule();
    this.#changed();
  }

  #measure(realMs: number): void {
    const latencyMs = realMs - this.#sentAtMs;
    this.latencyMs = this.latencyMs === 0
      ? latencyMs
      : this.latencyMs + LATENCY_WEIGHT * (latencyMs - this.latencyMs);
    this.heardAtMs = realMs;
  }

  #note(offset: number, atMs: number): void {
    const notes = this.#notes;
    const newest = notes.at(-1);
    if (newest?.offset === offset) return;
    // A stream that begins anew, or is another one, says nothing of the places before it.
    if (newest !== undefined && offset < newest.offset) notes.length = 0;
    notes.push({ offset, atMs });
    if (notes.length > NOTES_MAX) notes.shift();
  }

  onFailure(exchange: Exchange, failure: Failure, _address: string): void {
    if (this.#isStopped || exchange.fragment === ZONE) return;
    // It may be another node by the time that it answers again.
    this.#asksZone = true;
    if (failure.source !== "proxy") this.isSilent = true;
    this.#schedule();
    this.#changed();
  }

  onRedirect(_exchange: Exchange, _successor: Exchange): void {}

  onLargeReply(_exchange: Exchange, _byteCount: number): void {}

  #schedule(): void {
    clearTimeout(this.#timer);
    const waitMs = WATCH_INTERVAL_MS * (0.9 + 0.2 * Math.random());
    this.#timer = setTimeout(() => this.#ask(), waitMs);
  }
}

/** What an exchange asks. */
const REPORT = 0;
const ZONE = 1;
