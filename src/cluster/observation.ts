/**
 * What one worker keeps of single requests and keys of a cluster, as the configuration wants it.
 *
 * @module
 */
import type { RequestWatch } from "../backend/request_watch.ts";
import type { ClusterConfig } from "../config/config.ts";
import { BigKeys } from "../observe/big_keys.ts";
import { type AskedPeers, Gathered } from "../observe/gathered.ts";
import { HotKeys } from "../observe/hot_keys.ts";
import type { ObservedLists } from "../observe/observed_lists.ts";
import { SlowLog } from "../observe/slow_log.ts";
import { KeySampler } from "../session/key_sampler.ts";
import type { InspectTopic } from "../worker/messages.ts";

/** Entries of the slow log that the admin server shows: a worker has to copy them. */
export const SLOW_ENTRIES_SHOWN = 1_000;

/** One per cluster and worker. */
export class Observation {
  readonly slowLog: SlowLog;
  readonly bigKeys = new BigKeys();
  readonly lists: ObservedLists;
  #hotKeys: HotKeys | null = null;
  /** How keys are sampled, as text: another one begins anew. */
  #sampling = "";

  constructor(config: ClusterConfig, peers: AskedPeers) {
    this.slowLog = new SlowLog(config.slowlogLengthMax);
    const current = () => this.#hotKeys;
    const hotKeys = {
      entries: () => current()?.entries() ?? [],
      get length() {
        return current()?.entries().length ?? 0;
      },
      reset: () => current()?.reset(),
    };
    this.lists = {
      slowLog: new Gathered("slowlog", peers, this.slowLog),
      hotKeys: new Gathered("hotkeys", peers, hotKeys),
      bigKeys: new Gathered("bigkeys", peers, this.bigKeys),
    };
  }

  /** Has requests and keys watched as the configuration says. */
  configure(config: ClusterConfig, watch: RequestWatch, sessions: { sampler: KeySampler | null }) {
    const { slowlogLengthMax, slowlogSlowerThanUs } = config;
    const isSlowLogOn = slowlogSlowerThanUs >= 0 && slowlogLengthMax > 0;
    watch.slowMs = isSlowLogOn ? slowlogSlowerThanUs / 1000 : Infinity;
    watch.setBigBytes(config.bigKeyBytes);
    watch.isOn = isSlowLogOn || watch.bigBytes < Infinity;
    this.slowLog.lengthMax = slowlogLengthMax;
    const { hotkeys, hotkeyCapacity, hotkeySampleEvery } = config;
    const sampling = hotkeys ? `${hotkeySampleEvery} ${hotkeyCapacity}` : "";
    if (sampling === this.#sampling) return;
    this.#sampling = sampling;
    this.#hotKeys = hotkeys
      ? new HotKeys({ sampleEvery: hotkeySampleEvery, capacity: hotkeyCapacity })
      : null;
    sessions.sampler = this.#hotKeys === null ? null : new KeySampler(this.#hotKeys);
  }

  /** This worker's part of a list, plain data. */
  inspect(topic: Exclude<InspectTopic, "clients">): readonly unknown[] {
    switch (topic) {
      case "slowlog":
        return this.slowLog.entries(SLOW_ENTRIES_SHOWN);
      case "hotkeys":
        return this.#hotKeys?.entries() ?? [];
      case "bigkeys":
        return this.bigKeys.entries();
    }
  }
}
