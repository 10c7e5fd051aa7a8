/**
 * A limit on how many requests a client may send, as dispatch asks it: only where a cluster has one.
 *
 * @module
 */
import { failures } from "../failure.ts";
import { CommandFlag } from "../protocol/command_table.ts";
import type { RequestFrame } from "../protocol/protocol.ts";
import { dispatch, type DispatchSession } from "./dispatch.ts";
import { Verdict } from "./stages.ts";
import { failUnsent } from "./forward.ts";
import { Dispatched, type DispatchedCode } from "./long_dispatch.ts";
import type { SessionContext } from "./session_context.ts";

/** Counts the requests of one client. */
export interface Meter {
  /** Whether the request at hand is counted already: one that waits is shown again. Only dispatch writes it. */
  hasCounted: boolean;
  /** Counts one request; false where it is too much. */
  take(): boolean;
  /** A request was refused. */
  refused(): void;
}

/** What stages see of a request that is refused; clients are told by the failure. */
const REFUSAL = new TextEncoder().encode("-ERR rate limited\r\n");

/** As {@link dispatch}, but for requests beyond the limit: they fail in their turn. */
export function dispatchMetered(
  context: SessionContext,
  session: DispatchSession,
  meter: Meter,
  frame: RequestFrame,
): DispatchedCode {
  if (!meter.hasCounted && !meter.take()) {
    const isFree = frame.row !== null && (frame.row.flags & CommandFlag.Unlimited) !== 0;
    if (!isFree) return refuse(context, session, meter, frame);
  }
  const dispatched = dispatch(context, session, frame);
  meter.hasCounted = dispatched === Dispatched.Waits;
  return dispatched;
}

/** Whoever stages the client hears of it as of any other refused request: a transaction has to abort, for instance. */
function refuse(
  context: SessionContext,
  session: DispatchSession,
  meter: Meter,
  frame: RequestFrame,
): DispatchedCode {
  if (session.stage !== null) {
    frame.refusal = REFUSAL;
    const verdict = session.stage.onRequest(session, frame, session.buffer.bytes);
    if (verdict === Verdict.Wait) return Dispatched.Waits;
    if (verdict === Verdict.Handled) {
      context.metrics.countFailure(failures.rateLimited);
      meter.refused();
      return Dispatched.Done;
    }
  }
  const request = session.enqueue(frame.isQuiet);
  if (frame.operation >= 0) request.mark(frame);
  failUnsent(context, session, request, failures.rateLimited);
  meter.refused();
  return Dispatched.Done;
}
