/**
 * Whether a request that cannot be kept once it is begun has to wait for its server: `failover_wait`.
 *
 * @module
 */
import { Action, CommandFlag } from "../protocol/command_table.ts";
import type { RequestFrame } from "../protocol/protocol.ts";
import { NO_PLACE } from "../router/router.ts";
import type { DispatchSession } from "./dispatch.ts";
import type { SessionContext } from "./session_context.ts";

/** Whether the frame is to be shown again later. One that asks no server, or any, does not wait. */
export function mustAwaitServer(
  { local, router }: Pick<SessionContext, "local" | "router">,
  session: DispatchSession,
  frame: RequestFrame,
  bytes: Uint8Array,
): boolean {
  const { beginnings } = router;
  if (beginnings === undefined || !beginnings.isOn) return false;
  const row = frame.row!;
  if (row.action === Action.EveryShard) {
    // As they are asked, see `shards_dispatch.ts`.
    const isWrite = (row.flags & CommandFlag.Write) !== 0;
    return beginnings.mustWaitFor(session, isWrite ? router.allShards() : router.shards());
  }
  // What is said of channels, which stand where keys do, is answered by what is known of their servers.
  const isOfChannels = (row.flags & CommandFlag.Subscribed) !== 0;
  if (isOfChannels || local.needsNoServer?.(row)) return false;
  // Those with several keys want them in one place.
  const key = frame.keyCount > 0 ? frame.firstKey : frame.extraKey;
  if (key < 0 || (frame.keyCount === 0 && frame.extraKey < 0)) return false;
  const place = router.place(bytes, frame.argumentStart(key), frame.argumentEnd(key));
  return place !== NO_PLACE && beginnings.mustWaitAt(session, place);
}
