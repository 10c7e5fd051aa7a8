/**
 * Whether a request has to wait for the end of a pause: looked at only while one is on.
 *
 * @module
 */
import { PauseMode } from "../backend/server_orders.ts";
import { Action, CommandFlag } from "../protocol/command_table.ts";
import type { RequestFrame } from "../protocol/protocol.ts";
import type { SessionContext } from "./session_context.ts";

/** What the check reads of its cluster. */
export type PausedContext = Pick<SessionContext, "local" | "orders" | "router">;

/** Whether the frame is for a server that is paused. Where nobody can say which servers it asks, it is for all. */
export function isPaused(
  context: PausedContext,
  frame: RequestFrame,
  bytes: Uint8Array,
): boolean {
  const { local, orders } = context;
  const row = frame.row!;
  if (row.action === Action.Refuse) return false;
  if (row.action === Action.Local && local.needsNoServer?.(row)) return false;
  const isWrite = local.mayWrite?.(row, frame, bytes) ?? (row.flags & CommandFlag.Write) !== 0;
  const mode = orders.clusterMode;
  if (mode === PauseMode.All || (mode === PauseMode.Writes && isWrite)) return true;
  return orders.arePaused && isAnyPaused(context, frame, bytes, isWrite);
}

/** Whether the request goes to every shard, and one of them is paused. */
export function areShardsPaused({ orders, router }: PausedContext, isWrite: boolean): boolean {
  return router.allShards().some(({ name }) => orders.holds(name, isWrite));
}

function isAnyPaused(
  context: PausedContext,
  frame: RequestFrame,
  bytes: Uint8Array,
  isWrite: boolean,
): boolean {
  const { router } = context;
  const { decodedKey, extraKey, keyCount, row } = frame;
  if (decodedKey !== null) {
    return isPlacePaused(context, router.place(decodedKey, 0, decodedKey.length), isWrite);
  }
  if (keyCount === 0 && extraKey < 0) {
    return row!.action === Action.Forward
      ? isPlacePaused(context, router.anyPlace(), isWrite)
      : areShardsPaused(context, isWrite);
  }
  const isWordPaused = (word: number) => {
    const place = router.place(bytes, frame.argumentStart(word), frame.argumentEnd(word));
    return isPlacePaused(context, place, isWrite);
  };
  for (let key = 0; key < keyCount; key++) {
    if (isWordPaused(frame.firstKey + key * frame.keyStep)) return true;
  }
  return extraKey >= 0 && isWordPaused(extraKey);
}

/** Whether what is for this place has to wait; a place without a server waits for nobody. */
export function isPlacePaused(
  { orders, router }: Pick<PausedContext, "orders" | "router">,
  place: number,
  isWrite: boolean,
): boolean {
  const backend = place < 0 ? null : router.backendAt(place);
  return backend !== null && orders.holds(backend.name, isWrite);
}
