/**
 * The end of a transaction that is not EXEC: its connection is left as it was, or closed.
 *
 * @module
 */
import type { DedicatedLink } from "../core/dedicated_link.ts";

/**
 * Has the backend forget a transaction or watched keys, then lets the next client have the connection.
 *
 * @param request DISCARD or UNWATCH.
 * @param isMarked Whether the connection is to be closed all the same.
 * @param done Called once, when that is so.
 */
export function cleanUp(
  link: DedicatedLink,
  request: Uint8Array,
  isMarked: boolean,
  done: () => void,
): void {
  link.send(request, {
    replied: ({ isError }) => {
      if (isError || isMarked) link.close();
      else link.giveBack();
      done();
    },
    failed: () => {
      link.close();
      done();
    },
  });
}
