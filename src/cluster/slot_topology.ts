/**
 * A Redis Cluster: the leader fetches the slot map from any node that answers, on a timer and whenever a
 * redirection or a lost node says that the map may be out of date.
 *
 * @module
 */
import type { BackendContext } from "../backend/backend_context.ts";
import type { Watched } from "../clock.ts";
import { failures } from "../failure.ts";
import { SLOT_COUNT } from "../hash/mod.ts";
import { BackupRequests } from "../router/backup_requests.ts";
import type { NodeStates } from "../router/readers.ts";
import { SlotMap } from "../router/slot_map.ts";
import type { ClusterDialect } from "../protocol/redirect.ts";
import { SlotRouter } from "../router/slot_router.ts";
import type { SharedState, SlotRange } from "../worker/messages.ts";
import type { ClusterContext } from "./cluster.ts";
import { type NodeDialect, NodeWatch } from "./node_watch.ts";
import { type SlotDialect, SlotFetch } from "./slot_fetch.ts";
import { countSlots, type Judgement, SlotLedger, type SlotView } from "./slot_ledger.ts";
import type { Topology } from "./topology.ts";

/** Shortest time between the starts of two fetches, milliseconds. */
export const REFRESH_SPACING_MS = 250;
/**
 * Time from a changed map to the next fetch that nobody asked for, milliseconds; doubled from fetch to fetch
 * up to `fetch_interval`. Nobody runs into a replica that has returned, or a node that heard late.
 */
export const SETTLE_FIRST_MS = 2_000;
/**
 * So long behind the last sign that a node fails the map is asked for again and again, milliseconds: who waits for a
 * reply of that node says nothing until `read_timeout` is over, and meanwhile another one may have taken its place.
 */
export const TROUBLED_MS = 5_000;
/** Longest time from the start of one fetch to that of the next meanwhile, milliseconds. */
export const TROUBLED_SPACING_MS = 500;
/** Longest time between two tries while no node answers and nobody asks, milliseconds. */
export const FAILED_RETRY_MS = 2_000;
/** Nodes without a map that are remembered as logged. */
const PASSED_OVER_MAX = 64;
/** Waits are longer by up to this share, by chance, so that many proxies do not ask together. */
export const JITTER = 0.2;

/** The backends of a `redis_cluster` cluster. */
export class SlotTopology implements Topology, Watched {
  isWatched = false;
  readonly router: SlotRouter;
  waitEnded: (() => void) | null = null;
  readonly #cluster: ClusterContext;
  readonly #backends: BackendContext;
  readonly #dialect: SlotDialect & NodeDialect;
  /** What watches the nodes while this worker leads, where reads may go to several; else null. */
  #watch: NodeWatch | null = null;
  readonly #ledger = new SlotLedger();
  readonly #backups: BackupRequests;
  /** Nodes that answered with something else than a map, and that was logged. */
  readonly #passedOver = new Set<string>();
  /** The seeds are another cluster's, maybe: nodes of the map in use are asked behind them. */
  #asksSeedsFirst = false;
  #seeds: string;
  /** Requests of clients when they were counted last, and when one came last, real milliseconds of the worker's clock. */
  #requestsBefore = 0;
  #askedAtMs = 0;
  #isLeader = false;
  #isStopped = false;
  #fetch: SlotFetch | null = null;
  /** Another fetch is wanted when this one is over. */
  #isWanted = false;
  /** Node that the next fetch asks first: one that has just proved to know better than others. */
  #preferred: string | null = null;
  #hasMap = false;
  /** Maps that came, changed or not. */
  #mapCount = 0;
  /** Nodes and number of slots of the map that was logged last. */
  #logged = "";
  #settleMs = SETTLE_FIRST_MS;
  #failuresInRow = 0;
  #startedAtMs = -Infinity;
  /** Until then nodes may be failing, milliseconds of `performance.now()`. */
  #troubledUntilMs = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    cluster: ClusterContext,
    backends: BackendContext,
    dialect: ClusterDialect & SlotDialect & NodeDialect,
  ) {
    this.#cluster = cluster;
    this.#backends = backends;
    this.#dialect = dialect;
    this.#seeds = seedsOf(cluster);
    this.router = new SlotRouter(backends, {
      dialect,
      readPolicy: cluster.config.readPolicy,
      zone: cluster.zone,
      mayDivide: () => !cluster.config.atomicMultiKey,
      refreshWanted: (address) => this.#wantFrom(address),
      slotMoved: (slot, address) => this.#ledger.moved(slot, address),
      waitEnded: () => this.waitEnded?.(),
    });
    this.#backups = new BackupRequests(
      backends,
      this.router,
      () => cluster.config.backupRequest,
    );
  }

  start(): void {
    this.router.awaitFirstMap();
    this.#cluster.clock.watch(this);
    this.#backups.reconfigure();
  }

  lead(): void {
    if (this.#isLeader) return;
    this.#isLeader = true;
    this.#startFetch();
    this.#watchNodes();
  }

  /** Begins or ends to watch the nodes, as this worker's part and the configuration want it. */
  #watchNodes(): void {
    const { config } = this.#cluster;
    const readsReplicas = config.readPolicy !== "master" || config.backupRequest.isEnabled;
    if (this.#isLeader && readsReplicas) {
      this.#watch ??= new NodeWatch(this.#backends, this.#dialect, {
        maxLagMs: () => config.replicaMaxLagMs,
        changed: (states) => this.#nodesChanged(states),
      });
    } else {
      this.#watch?.stop();
      this.#watch = null;
    }
  }

  resign(): void {
    this.#isLeader = false;
    this.#isWanted = false;
    clearTimeout(this.#timer);
    this.#fetch?.stop();
    this.#fetch = null;
    this.#watchNodes();
  }

  /** Looks whether anybody asks for anything, where that matters. */
  onTick(): boolean {
    const { clock, config } = this.#cluster;
    const { requests } = this.#backends.metrics;
    const longestMs = config.fetchSinceLatestCmdMs;
    if (longestMs === 0 || this.#isStopped) return false;
    const { isAged, awaitsFirstMap } = this.router;
    // Who waits for the fresh map has asked: the map that comes must not be old again by then.
    if (requests !== this.#requestsBefore || !this.#hasMap || isAged || awaitsFirstMap) {
      this.#requestsBefore = requests;
      this.#askedAtMs = clock.realMs;
    } else if (clock.realMs - this.#askedAtMs >= longestMs) {
      this.router.age();
    }
    return true;
  }

  reconfigure(): void {
    this.#cluster.clock.watch(this);
    this.#watchNodes();
    this.#backups.reconfigure();
    const seeds = seedsOf(this.#cluster);
    if (seeds !== this.#seeds) {
      this.#seeds = seeds;
      this.#asksSeedsFirst = true;
      this.#ledger.forget();
    }
    // The time until the next question may be another, too.
    if (this.#isLeader) this.#want();
  }

  follow(state: SharedState): void {
    if (state.kind === "nodes") this.router.setNodeStates(state);
    if (state.kind !== "slots") return;
    this.router.numbers.follow(state.masters);
    this.#ledger.follow(state.ranges);
    this.#apply(state.ranges);
  }

  refresh(node?: string): void {
    this.#wantFrom(node ?? null);
  }

  look(): () => boolean {
    const known = this.#mapCount;
    this.refresh();
    return () => this.#mapCount > known;
  }

  pausesChanged(): void {}

  settingsChanged(): void {}

  backendUnreachable(): boolean {
    this.#wantFrom(null);
    return false;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#fetch?.stop();
    this.#watch?.stop();
    this.#backups.stop();
    this.router.close(failures.shuttingDown);
  }

  /** @param node The node that knows better; null: what was known has failed, and nobody said what is true now. */
  #wantFrom(node: string | null): void {
    if (node !== null) this.#preferred = node;
    else this.#troubledUntilMs = performance.now() + TROUBLED_MS;
    this.#want();
  }

  /** Coalesces wishes: at most one fetch under way, and at most one more behind it. */
  #want(): void {
    if (this.#isWanted || this.#isStopped) return;
    if (!this.#isLeader) return this.#askLeader();
    this.#isWanted = true;
    if (this.#fetch === null) this.#schedule(REFRESH_SPACING_MS);
  }

  #askLeader(): void {
    const nowMs = performance.now();
    if (nowMs - this.#startedAtMs < REFRESH_SPACING_MS) return;
    this.#startedAtMs = nowMs;
    this.#cluster.requestRefresh(this.#preferred ?? undefined);
    this.#preferred = null;
  }

  #schedule(spacingMs: number): void {
    clearTimeout(this.#timer);
    const elapsedMs = performance.now() - this.#startedAtMs;
    const waitMs = Math.max(0, spacingMs - elapsedMs) * (1 + JITTER * Math.random());
    this.#timer = setTimeout(() => this.#startFetch(), waitMs);
  }

  #startFetch(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#isWanted = false;
    this.#startedAtMs = performance.now();
    this.#fetch = new SlotFetch(this.#nodesToAsk(), this.#dialect, this.#backends, {
      judge: (views, isLast) => this.#ledger.judge(views, isLast),
      fetched: (judgement, views, from) => this.#fetched(judgement, views, from),
      fetchFailed: (reasons) => this.#failed(reasons),
      passedOver: (address, answer) => this.#logPassedOver(address, answer),
    });
    this.#preferred = null;
    this.router.fetchBegins();
    this.#fetch.start();
  }

  /**
   * The known nodes, in random order so that no node gets all the questions, and between them the seeds: those that are
   * known may all be gone.
   */
  #nodesToAsk(): string[] {
    const seeds = shuffled(this.#cluster.config.servers.map((server) => server.address));
    const known = shuffled([...this.router.map.addresses()]);
    const nodes = this.#asksSeedsFirst ? [...seeds, ...known] : mixed(known, seeds);
    const preferred = this.#preferred;
    return [...new Set(preferred === null ? nodes : [preferred, ...nodes])];
  }

  #fetched(judgement: Judgement, views: readonly SlotView[], from: string): void {
    this.#fetch = null;
    this.#asksSeedsFirst = false;
    this.#passedOver.delete(from);
    const { ranges } = judgement;
    this.#ledger.accept(judgement);
    if (this.#failuresInRow > 0) {
      this.#cluster.log.info("Nodes of the cluster answer CLUSTER SLOTS again", { source: from });
    }
    this.#failuresInRow = 0;
    const { numbers } = this.router;
    numbers.add(ranges.map(({ master }) => master).filter((master) => master !== ""));
    const hasChanged = this.#apply(ranges);
    this.#watch?.watch(ranges, new Map(views.flatMap(({ zones }) => [...zones])));
    this.#backends.metrics.topologyRefreshes += 1;
    if (hasChanged) this.#logMap(ranges, from);
    const { config, publish } = this.#cluster;
    // Unchanged maps too: a follower may have been led astray by a redirection in the meantime.
    publish({ kind: "slots", cluster: config.name, ranges, masters: [...numbers.addresses] });
    this.#settleMs = hasChanged
      ? SETTLE_FIRST_MS
      : Math.min(2 * this.#settleMs, config.fetchIntervalMs);
    this.#schedule(this.#nextFetchMs());
  }

  /** Time from the start of the last fetch to that of the next, where nobody asks for it before. */
  #nextFetchMs(): number {
    if (this.#isWanted) return REFRESH_SPACING_MS;
    const restMs = Math.min(this.#settleMs, this.#cluster.config.fetchIntervalMs);
    const isTroubled = performance.now() < this.#troubledUntilMs;
    return isTroubled ? Math.min(restMs, TROUBLED_SPACING_MS) : restMs;
  }

  /** A change of nodes is worth a line; while slots move between them, each move is not. */
  #logMap(ranges: SlotRange[], source: string): void {
    const masters = new Set(ranges.map((range) => range.master));
    const replicas = new Set(ranges.flatMap((range) => range.replicas));
    const slots = countSlots(ranges);
    const described = JSON.stringify([[...masters].sort(), [...replicas].sort(), slots]);
    const fields = { source, masters: masters.size, replicas: replicas.size, slots };
    const { log } = this.#cluster;
    if (described === this.#logged) log.debug("Slots moved", fields);
    else if (slots < SLOT_COUNT) log.warning("Slot map has gaps", fields);
    else log.info("Slot map changed", fields);
    this.#logged = described;
  }

  #nodesChanged(states: NodeStates): void {
    this.router.setNodeStates(states);
    const { config, publish } = this.#cluster;
    const [out, latencies] = [new Set(states.out), new Map(states.latencies)];
    publish({ kind: "nodes", cluster: config.name, out, latencies, zones: new Map(states.zones) });
  }

  /** Once, until a map comes: a seed that is no node of a cluster is a mistake that somebody can mend. */
  #logPassedOver(node: string, answer: string): void {
    if (this.#passedOver.has(node) || this.#passedOver.size >= PASSED_OVER_MAX) return;
    this.#passedOver.add(node);
    this.#cluster.log.warning("Node has no slot map: others are asked", { node, answer });
  }

  #failed(reasons: readonly string[]): void {
    this.#fetch = null;
    this.router.fetchFailed();
    this.#failuresInRow += 1;
    if (this.#failuresInRow === 1) {
      this.#cluster.log.warning("No node of the cluster answers CLUSTER SLOTS", {
        reasons: reasons.join("; "),
      });
    }
    const doubledMs = REFRESH_SPACING_MS * 2 ** Math.min(this.#failuresInRow, 10);
    this.#schedule(this.#isWanted ? REFRESH_SPACING_MS : Math.min(doubledMs, FAILED_RETRY_MS));
  }

  #apply(ranges: SlotRange[]): boolean {
    this.#mapCount += 1;
    const map = SlotMap.fromRanges(ranges);
    const hasChanged = !this.#hasMap || map.differs(this.router.map);
    this.#hasMap = true;
    if (hasChanged) this.router.setMap(map);
    else this.router.confirmMap();
    return hasChanged;
  }
}

function seedsOf({ config }: ClusterContext): string {
  return config.servers.map(({ address }) => address).join();
}

function shuffled<Item>(items: Item[]): Item[] {
  for (let end = items.length; end > 1; end--) {
    const other = Math.floor(Math.random() * end);
    [items[end - 1], items[other]] = [items[other]!, items[end - 1]!];
  }
  return items;
}

/** Three of the first, one of the second, and so on. */
function mixed(many: readonly string[], few: readonly string[]): string[] {
  const all: string[] = [];
  for (let index = 0; 3 * index < many.length || index < few.length; index++) {
    all.push(...many.slice(3 * index, 3 * index + 3), ...few.slice(index, index + 1));
  }
  return all;
}
