/**
 * The hot and the big keys of one cluster, as the admin server's `/hotkeys` shows them.
 *
 * @module
 */
import type { ClusterConfig } from "../config/config.ts";
import { BIG_KEYS_MAX, type BigKey, mergeBigKeys } from "../observe/big_keys.ts";
import { type HotKey, mergeHotKeys, totalOf, WINDOW_MS } from "../observe/hot_keys.ts";
import { showBytes } from "../observe/slow_log.ts";

/** Keys that are shown of each kind. */
const SHOWN_MAX = 100;

/** The keys of one cluster. */
export interface ShownKeys {
  /** Whether it is counted which keys are asked for most. */
  readonly hotkeysEnabled: boolean;
  /** One key of so many is counted, or fewer. */
  readonly sampleEvery: number;
  /** Times that all keys were asked for, as estimated. */
  readonly total: number;
  /** What the counts cover at most: the minute before, and the one that runs. */
  readonly coveredSeconds: number;
  readonly hotKeys: readonly { key: string; hits: number; error: number; backend: string }[];
  readonly bigKeyBytes: number;
  readonly bigKeys: readonly (Omit<BigKey, "key" | "seenAtMs"> & { key: string; time: string })[];
}

/** Makes them of the workers' parts. */
export function shownKeys(
  { bigKeyBytes, hotkeys, hotkeySampleEvery }: ClusterConfig,
  hot: readonly (readonly HotKey[])[],
  big: readonly (readonly BigKey[])[],
  nowMs: number,
): ShownKeys {
  return {
    hotkeysEnabled: hotkeys,
    sampleEvery: hotkeySampleEvery,
    total: totalOf(hot),
    coveredSeconds: Math.round((WINDOW_MS + nowMs % WINDOW_MS) / 1000),
    hotKeys: mergeHotKeys(hot, SHOWN_MAX).map(({ key, ...one }) => ({
      key: showBytes(Uint8Array.from(key, (character) => character.charCodeAt(0))),
      ...one,
    })),
    bigKeyBytes,
    bigKeys: mergeBigKeys(big, Math.min(SHOWN_MAX, BIG_KEYS_MAX)).map(
      ({ key, seenAtMs, ...one }) => ({
        key: showBytes(key),
        ...one,
        time: new Date(seenAtMs).toISOString(),
      }),
    ),
  };
}
