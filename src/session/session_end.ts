/**
 * What is counted and logged when a client is gone, or has to go.
 *
 * @module
 */
import { type Failure, failures } from "../failure.ts";
import type { SessionContext } from "./session_context.ts";

/** Counts and logs the end of a client; `failure` is null where nothing was wrong. */
export function reportEnd(context: SessionContext, client: number, failure: Failure | null): void {
  const { metrics, log } = context;
  metrics.clientsConnected -= 1;
  if (failure === null) return;
  metrics.countFailure(failure);
  const fields = { client, reason: failure.name };
  if (failure === failures.clientOutputLimit || failure === failures.clientWriteTimeout) {
    log.info("Client closed: it does not take its replies", fields);
  } else {
    log.debug("Client closed", fields);
  }
}

/** Counts and logs that a client's input cannot be parsed; `firstByte` is where that begins. */
export function reportMalformed(context: SessionContext, client: number, firstByte: number): void {
  const { protocol, log, metrics } = context;
  metrics.countFailure(failures.clientMalformed);
  log.info("Client closed: its input cannot be understood", {
    client,
    reason: protocol.foreignProtocol(firstByte) ?? failures.clientMalformed.name,
  });
}
