/**
 * A Redis Cluster: the leader fetches the slot map from any node that answers, on a timer and whenever a
 * redirection or a lost node says that the map may be out of date.
 *
 * @module
 */
import type { BackendContext } from "../backend/backend_context.ts";
import { failures } from "../failure.ts";
import { SLOT_COUNT } from "../hash/mod.ts";
import { SlotMap } from "../router/slot_map.ts";
import type { ClusterDialect } from "../router/redirect.ts";
import { SlotRouter } from "../router/slot_router.ts";
import type { SharedState, SlotRange } from "../worker/messages.ts";
import type { ClusterContext } from "./cluster.ts";
import { countSlots, type SlotDialect, SlotFetch } from "./slot_fetch.ts";
import type { Topology } from "./topology.ts";

/** Shortest time between the starts of two fetches, milliseconds. */
export const REFRESH_SPACING_MS = 250;
/**
 * Time from a changed map to the next fetch that nobody asked for, milliseconds; doubled from fetch to fetch
 * up to `fetch_interval`. Nobody runs into a replica that has returned, or a node that heard late.
 */
export const SETTLE_FIRST_MS = 2_000;
/** Longest time between two tries while no node answers and nobody asks, milliseconds. */
export const FAILED_RETRY_MS = 2_000;

/** The backends of a `redis_cluster` cluster. */
export class SlotTopology implements Topology {
  readonly router: SlotRouter;
  waitEnded: (() => void) | null = null;
  readonly #cluster: ClusterContext;
  readonly #backends: BackendContext;
  readonly #dialect: SlotDialect;
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
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    cluster: ClusterContext,
    backends: BackendContext,
    dialect: ClusterDialect & SlotDialect,
  ) {
    this.#cluster = cluster;
    this.#backends = backends;
    this.#dialect = dialect;
    this.router = new SlotRouter(backends, {
      dialect,
      readsFromReplicas: cluster.config.readFromSlave,
      refreshWanted: (address) => {
        this.#preferred = address ?? this.#preferred;
        this.#want();
      },
      waitEnded: () => this.waitEnded?.(),
    });
  }

  start(): void {
    this.router.awaitFirstMap();
  }

  lead(): void {
    if (this.#isLeader) return;
    this.#isLeader = true;
    this.#startFetch();
  }

  resign(): void {
    this.#isLeader = false;
    this.#isWanted = false;
    clearTimeout(this.#timer);
    this.#fetch?.stop();
    this.#fetch = null;
  }

  reconfigure(): void {
    // Other seeds may know another map; and the time until the next question may be another.
    if (this.#isLeader) this.#want();
  }

  follow(state: SharedState): void {
    if (state.kind !== "slots") return;
    this.router.numbers.follow(state.masters);
    this.#apply(state.ranges);
  }

  refresh(): void {
    this.#want();
  }

  look(): () => boolean {
    const known = this.#mapCount;
    this.refresh();
    return () => this.#mapCount > known;
  }

  pausesChanged(): void {}

  settingsChanged(): void {}

  backendUnreachable(): void {
    this.#want();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#fetch?.stop();
    this.router.close(failures.shuttingDown);
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
    this.#cluster.requestRefresh();
  }

  #schedule(spacingMs: number): void {
    clearTimeout(this.#timer);
    const elapsedMs = performance.now() - this.#startedAtMs;
    this.#timer = setTimeout(() => this.#startFetch(), Math.max(0, spacingMs - elapsedMs));
  }

  #startFetch(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#isWanted = false;
    this.#startedAtMs = performance.now();
    this.#fetch = new SlotFetch(this.#nodesToAsk(), this.#dialect, this.#backends, {
      fetched: (ranges, from) => this.#fetched(ranges, from),
      fetchFailed: (reasons) => this.#failed(reasons),
    });
    this.#preferred = null;
    this.router.fetchBegins();
    this.#fetch.start();
  }

  /** Seeds and known nodes, beginning at a random one so that no node gets all the questions. */
  #nodesToAsk(): string[] {
    const nodes = new Set(this.#cluster.config.servers.map((server) => server.address));
    for (const address of this.router.map.addresses()) nodes.add(address);
    const list = [...nodes];
    const first = Math.floor(Math.random() * list.length);
    const rotated = [...list.slice(first), ...list.slice(0, first)];
    const preferred = this.#preferred;
    if (preferred === null) return rotated;
    return [preferred, ...rotated.filter((address) => address !== preferred)];
  }

  #fetched(ranges: SlotRange[], from: string): void {
    this.#fetch = null;
    if (this.#failuresInRow > 0) {
      this.#cluster.log.info("Nodes of the cluster answer CLUSTER SLOTS again", { source: from });
    }
    this.#failuresInRow = 0;
    const { numbers } = this.router;
    numbers.add(ranges.map(({ master }) => master).filter((master) => master !== ""));
    const hasChanged = this.#apply(ranges);
    this.#backends.metrics.topologyRefreshes += 1;
    if (hasChanged) this.#logMap(ranges, from);
    const { config, publish } = this.#cluster;
    // Unchanged maps too: a follower may have been led astray by a redirection in the meantime.
    publish({ kind: "slots", cluster: config.name, ranges, masters: [...numbers.addresses] });
    this.#settleMs = hasChanged
      ? SETTLE_FIRST_MS
      : Math.min(2 * this.#settleMs, config.fetchIntervalMs);
    const nextMs = Math.min(this.#settleMs, config.fetchIntervalMs);
    this.#schedule(this.#isWanted ? REFRESH_SPACING_MS : nextMs);
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

  #failed(reasons: readonly string[]): void {
    this.#fetch = null;
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
