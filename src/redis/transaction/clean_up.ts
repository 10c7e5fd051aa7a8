/**
 * The end of a transaction that is not EXEC: its connection is left as it was, or closed.
 *
 * @module
 */
import type { CommandRow } from "../../protocol/command_table.ts";
import type { CallListener } from "../core/dedicated_call.ts";
import type { DedicatedLink } from "../core/dedicated_link.ts";

/**
 * Has the backend forget a transaction or watched keys, then lets the next client have the connection.
 *
 * @param request DISCARD or UNWATCH.
 * @param isMarked Whether the connection is to be closed all the same.
 * @param done Called once, when that is so.
 * @param row The row of `request` where it is the client's own.
 */
export function cleanUp(
  link: DedicatedLink,
  request: Uint8Array,
  isMarked: boolean,
  done: () => void,
  row: CommandRow | null = null,
): void {
  const listener: CallListener = {
    replied: ({ isError }) => {
      if (isError || isMarked) link.close();
      else link.giveBack();
      done();
    },
    failed: () => {
      link.close();
      done();
    },
  };
  link.send(request, listener, { row });
}
