/**
 * What is kept of single requests and keys, as the answers to clients see it: lists of all workers of a cluster.
 *
 * @module
 */
import type { BigKey } from "./big_keys.ts";
import type { Gathered } from "./gathered.ts";
import type { HotKey } from "./hot_keys.ts";
import type { SlowEntry } from "./slow_log.ts";

/** The lists of one cluster. */
export interface ObservedLists {
  /** Requests that took long. */
  readonly slowLog: Gathered<SlowEntry>;
  /** Keys that are asked for most. */
  readonly hotKeys: Gathered<HotKey>;
  /** Keys whose requests or replies are large. */
  readonly bigKeys: Gathered<BigKey>;
}
