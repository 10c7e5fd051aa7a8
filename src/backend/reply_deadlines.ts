/**
 * When waiting for a reply has been too long. Only what was sent counts, and not the time in which a large reply
 * is arriving.
 *
 * @module
 */
import type { Exchange } from "../request/exchange.ts";
import type { InflightQueue } from "./inflight_queue.ts";
import type { ReplyStream } from "./reply_stream.ts";

/** Whether nothing has come for twice the timeout, though replies are due: there must be at least one. */
export function isSilent(
  inflight: InflightQueue,
  replies: ReplyStream,
  nowMs: number,
  readTimeoutMs: number,
): boolean {
  const sentAtMs = inflight.at(0).sentAtMs + replies.pausedMs;
  return nowMs - Math.max(replies.lastBytesAtMs, sentAtMs) > 2 * readTimeoutMs;
}

/** Whether the oldest exchange has waited longer than the timeout. */
export function isOverdue(
  inflight: InflightQueue,
  replies: ReplyStream,
  nowMs: number,
  readTimeoutMs: number,
): boolean {
  const oldest = inflight.oldestAwaiting();
  return oldest !== null && nowMs - replies.pausedMs - oldest.sentAtMs > readTimeoutMs;
}

/** The exchanges whose receivers have waited longer than the timeout, oldest first. */
export function overdueExchanges(
  inflight: InflightQueue,
  replies: ReplyStream,
  nowMs: number,
  readTimeoutMs: number,
): Exchange[] {
  const overdue: Exchange[] = [];
  if (replies.isLargeArriving && nowMs - replies.lastBytesAtMs <= readTimeoutMs) return overdue;
  const connectionNowMs = nowMs - replies.pausedMs;
  for (let index = 0; index < inflight.awaiting; index++) {
    const exchange = inflight.at(index);
    if (connectionNowMs - exchange.sentAtMs <= readTimeoutMs) break;
    if (exchange.receiver !== null) overdue.push(exchange);
  }
  return overdue;
}
