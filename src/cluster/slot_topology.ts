/**
 * A Redis Cluster: the leader fetches the slot map from any node that answers, on a timer and whenever a
 * redirection or a lost node says that the map may be out of date.
 *
 * @module
 */
import type { BackendContext } from "../backend/backend_context.ts";
import { failures } from "../failure.ts";
import { SlotMap } from "../router/slot_map.ts";
import { type ClusterDialect, SlotRouter } from "../router/slot_router.ts";
import type { SharedState, SlotRange } from "../worker/messages.ts";
import type { ClusterContext } from "./cluster.ts";
import { type SlotDialect, SlotFetch } from "./slot_fetch.ts";
import type { Topology } from "./topology.ts";

/** Shortest time between the starts of two fetches, milliseconds. */
export const REFRESH_SPACING_MS = 250;
/** Longest time between two tries while no node has answered yet, milliseconds. */
export const FIRST_MAP_RETRY_MS = 2_000;

/** The backends of a `redis_cluster` cluster. */
export class SlotTopology implements Topology {
  readonly router: SlotRouter;
  readonly #cluster: ClusterContext;
  readonly #backends: BackendContext;
  readonly #dialect: SlotDialect;
  #isLeader = false;
  #isStopped = false;
  #fetch: SlotFetch | null = null;
  /** Another fetch is wanted when this one is over. */
  #isWanted = false;
  #hasMap = false;
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
      refreshWanted: () => this.#want(),
    });
  }

  start(): void {}

  lead(): void {
    if (this.#isLeader) return;
    this.#isLeader = true;
    this.#startFetch();
  }

  follow(state: SharedState): void {
    if (state.kind === "slots") this.#apply(state.ranges);
  }

  refresh(): void {
    this.#want();
  }

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
    const nodes = [...this.#cluster.config.servers.map((server) => server.address)];
    for (const address of this.router.map.addresses()) {
      if (!nodes.includes(address)) nodes.push(address);
    }
    this.#fetch = new SlotFetch(nodes, this.#dialect, this.#backends, {
      fetched: (ranges, from) => this.#fetched(ranges, from),
      fetchFailed: () => this.#failed(),
    });
    this.#fetch.start();
  }

  #fetched(ranges: SlotRange[], from: string): void {
    this.#fetch = null;
    this.#failuresInRow = 0;
    const { config, log, publish } = this.#cluster;
    const hasChanged = this.#apply(ranges);
    this.#backends.metrics.topologyRefreshes += 1;
    if (hasChanged) {
      log.info("Slot map changed", {
        cluster: config.name,
        source: from,
        masters: new Set(ranges.map((range) => range.master)).size,
        slots: ranges.reduce((sum, range) => sum + range.last - range.first + 1, 0),
      });
    }
    publish({ kind: "slots", cluster: config.name, ranges });
    this.#schedule(this.#isWanted ? REFRESH_SPACING_MS : config.fetchIntervalMs);
  }

  #failed(): void {
    this.#fetch = null;
    this.#failuresInRow += 1;
    if (this.#failuresInRow === 1) {
      this.#cluster.log.warning("No node of the cluster answers CLUSTER SLOTS", {
        cluster: this.#cluster.config.name,
      });
    }
    const doubled = REFRESH_SPACING_MS * 2 ** Math.min(this.#failuresInRow, 10);
    this.#schedule(Math.min(doubled, FIRST_MAP_RETRY_MS));
  }

  #apply(ranges: SlotRange[]): boolean {
    const map = SlotMap.fromRanges(ranges);
    const hasChanged = !this.#hasMap || map.differs(this.router.map);
    this.#hasMap = true;
    if (hasChanged) this.router.setMap(map);
    return hasChanged;
  }
}
