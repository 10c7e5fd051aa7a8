/**
 * A blocking command for a client that must not wait: inside MULTI it blocks nobody, and where it would have to wait
 * its reply is null.
 *
 * @module
 */
import { requestBytes } from "../../protocol/resp/write/replies.ts";
import { Type } from "../../protocol/resp/type.ts";
import type { CallListener, CallReply, PendingCall } from "../core/dedicated_call.ts";
import type { DedicatedLink } from "../core/dedicated_link.ts";

const MULTI = requestBytes("MULTI");
const EXEC = requestBytes("EXEC");
/** What EXEC puts before the reply to its only command. */
const ONE_ELEMENT = new TextEncoder().encode("*1\r\n");
const MINUS = 0x2d;

/** Hears what became of it; exactly one call. */
export interface AttemptListener extends CallListener {
  /** The server allows no MULTI: nothing has run. */
  refused(): void;
}

/** Carries `request` out over `link` at once, or not at all; the listener gets the command's own reply. */
export function attempt(link: DedicatedLink, request: Uint8Array, listener: AttemptListener): void {
  link.send(MULTI, {
    replied: ({ isError }) => {
      // Behind a MULTI that failed the command would block.
      if (isError) listener.refused();
      else execute(link, request, listener);
    },
    failed: (failure, address) => listener.failed(failure, address),
  });
}

/** Whether a reply says that there is nothing: a null of RESP2, which has two, or of RESP3. */
export function isNull(bytes: Uint8Array, start: number): boolean {
  const type = bytes[start];
  if (type === Type.Null) return true;
  return (type === Type.Array || type === Type.Bulk) && bytes[start + 1] === MINUS;
}

function execute(link: DedicatedLink, request: Uint8Array, listener: CallListener): void {
  let isRefused = false;
  let execution: PendingCall | null = null;
  link.send(request, {
    replied: (reply) => {
      if (!reply.isError) return;
      // Not queued: a redirection, say. EXEC says no more than that it aborts.
      isRefused = true;
      // Its connection is given up with EXEC under way, whose reply tells nothing more.
      execution?.forget();
      listener.replied(reply);
    },
    // EXEC fails with it.
    failed: () => {},
  });
  execution = link.send(EXEC, {
    replied: (reply) => {
      if (!isRefused) listener.replied(elementOf(reply));
    },
    failed: (failure, address) => {
      if (!isRefused) listener.failed(failure, address);
    },
  });
}

/** The reply to the command in the reply to EXEC; EXEC's own error stays what it is. */
function elementOf(reply: CallReply): CallReply {
  if (!ONE_ELEMENT.every((byte, index) => reply.bytes[reply.start + index] === byte)) return reply;
  const start = reply.start + ONE_ELEMENT.length;
  const type = reply.bytes[start];
  return {
    ...reply,
    start,
    attributesStart: start,
    isError: type === Type.Error || type === Type.BlobError,
  };
}
