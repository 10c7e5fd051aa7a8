/**
 * Looks for what is wrong with a running proxy: in what its workers count, and in their lists of keys and clients.
 *
 * @module
 */
import type { ClusterConfig } from "../config/config.ts";
import { SLOT_COUNT } from "../hash/mod.ts";
import { type AddressClients, mergeAddresses } from "../observe/client_addresses.ts";
import type { InspectTopic, SlotRange } from "../worker/messages.ts";
import type { ActionTarget } from "./admin_actions.ts";
import { type ClusterView, findProblems, type Problem, UNREAD_BYTES } from "./problems.ts";
import { RecentCounts } from "./recent_counts.ts";
import type { RecentDurations } from "./recent_durations.ts";
import { shownKeys } from "./shown_keys.ts";
import type { Collected, Inspected } from "./supervisor.ts";

/** Longest time for which lists are not asked for again, milliseconds. */
export const LISTS_AGE_MS = 5_000;

/** The workers' parts of one cluster's list. */
export function partsOf<Entry>(
  { name }: ClusterConfig,
  { parts }: Inspected,
): (readonly Entry[])[] {
  return parts.filter(({ cluster }) => cluster === name)
    .map(({ entries }) => entries as readonly Entry[]);
}

/** What is looked at. */
export interface WatchedProxy extends Pick<ActionTarget, "config" | "orders" | "reloader"> {
  /** Everything listens, and nobody asked to stop. */
  readonly isReady: boolean;
  /** Who owns which slots of a cluster; nobody knows if left out. */
  slotsOf?(cluster: string): readonly SlotRange[] | null;
  /** Asks all workers for their parts of a list. */
  inspect(topic: InspectTopic): Promise<Inspected>;
}

/** The lists of all workers. */
interface Lists {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly hot: Inspected;
  readonly big: Inspected;
  readonly clients: Inspected;
}

const NOTHING: Inspected = { parts: [], silentWorkers: 0 };

/** One per process. */
export class ProblemWatch {
  readonly #source: WatchedProxy;
  readonly #durations: RecentDurations;
  readonly #counts = new RecentCounts();
  #lists: Promise<Lists> | null = null;
  #listsAtMs = 0;
  #hasClients = false;

  /** @param durations How long servers took of late. */
  constructor(source: WatchedProxy, durations: RecentDurations) {
    this.#source = source;
    this.#durations = durations;
  }

  /** Takes what is counted now, for what is found later. */
  look({ clusters }: Collected, nowMs: number): void {
    this.#counts.look(clusters, nowMs);
  }

  /** What is wrong, the worst first. */
  async find(collected: Collected): Promise<Problem[]> {
    const { isReady, reloader } = this.#source;
    const lists = await this.#listsOfNow(collected);
    const process = {
      isReady,
      workers: collected.workers,
      lastReload: reloader?.state ?? null,
      nowMs: Date.now(),
    };
    const clusters = this.#source.config.clusters.map((config) =>
      this.#viewOf(config, collected, lists)
    );
    return findProblems(process, clusters);
  }

  #viewOf(config: ClusterConfig, { clusters }: Collected, lists: Lists): ClusterView {
    const { orders } = this.#source;
    const counted = clusters.find(({ cluster }) => cluster === config.name);
    const slots = this.#source.slotsOf?.(config.name) ?? null;
    return {
      config,
      counted,
      recent: counted === undefined ? null : this.#counts.of(counted, performance.now()),
      percentiles: counted === undefined ? new Map() : this.#durations.percentilesOf(counted),
      orders,
      slotsWithoutOwner: slots === null ? 0 : slotsWithoutOwner(slots),
      keys: shownKeys(config, partsOf(config, lists.hot), partsOf(config, lists.big), lists.atMs),
      addresses: mergeAddresses(partsOf<AddressClients>(config, lists.clients)),
    };
  }

  /** Whoever asks gets what was there a moment ago: many may look, and workers have other work. */
  #listsOfNow({ clusters }: Collected): Promise<Lists> {
    const nowMs = performance.now();
    const wantsClients = clusters.some((one) => one.clientOutputBytes >= UNREAD_BYTES);
    const isMissing = wantsClients && !this.#hasClients;
    if (this.#lists === null || isMissing || nowMs - this.#listsAtMs >= LISTS_AGE_MS) {
      this.#listsAtMs = nowMs;
      this.#hasClients = wantsClients;
      this.#lists = this.#askLists(wantsClients);
    }
    return this.#lists;
  }

  async #askLists(wantsClients: boolean): Promise<Lists> {
    const { clusters } = this.#source.config;
    const ask = (topic: InspectTopic, isWanted: boolean) =>
      isWanted ? this.#source.inspect(topic) : NOTHING;
    const [hot, big, clients] = await Promise.all([
      ask("hotkeys", clusters.some(({ hotkeys }) => hotkeys)),
      ask("bigkeys", clusters.some(({ bigKeyBytes }) => bigKeyBytes > 0)),
      ask("clients", wantsClients),
    ]);
    return { atMs: Date.now(), hot, big, clients };
  }
}

function slotsWithoutOwner(slots: readonly SlotRange[]): number {
  return slots.reduce((left, { first, last }) => left - (last - first + 1), SLOT_COUNT);
}
