import { InflightQueue } from "../../../src/backend/inflight_queue.ts";
import { isSilent, overdueExchanges } from "../../../src/backend/reply_deadlines.ts";
import { ReplyStream } from "../../../src/backend/reply_stream.ts";
import { ArrayPool } from "../../../src/bytes/receive_buffer.ts";
import { Exchange, NOBODY } from "../../../src/request/exchange.ts";
import { LineProtocol } from "../../support/clients/line_protocol.ts";
import { RecordingReceiver } from "../../support/fakes/recording_receiver.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

const TIMEOUT_MS = 1000;

/** Exchanges sent at these times, and one that was not. */
function queueOf(...sentAtMs: number[]): { inflight: InflightQueue; exchanges: Exchange[] } {
  const inflight = new InflightQueue();
  const exchanges = [...sentAtMs, Infinity].map((sent) => {
    const exchange = new Exchange();
    exchange.begin(new RecordingReceiver(), 0, 0, false, NOBODY);
    exchange.sentAtMs = sent;
    inflight.push(exchange);
    if (sent !== Infinity) inflight.markSent();
    return exchange;
  });
  return { inflight, exchanges };
}

function stream(lastBytesAtMs: number, pausedMs = 0): ReplyStream {
  const made = new ReplyStream(new ArrayPool(), new LineProtocol().createReplyParser());
  made.begin(lastBytesAtMs);
  made.pausedMs = pausedMs;
  return made;
}

Deno.test("a connection is silent when neither bytes nor requests went for twice the timeout", () => {
  const { inflight } = queueOf(5000, 6900);
  assertEquals(isSilent(inflight, stream(0), 7000, TIMEOUT_MS), false);
  assertEquals(isSilent(inflight, stream(0), 7001, TIMEOUT_MS), true);
  assertEquals(isSilent(inflight, stream(6000), 8000, TIMEOUT_MS), false);
  assertEquals(isSilent(inflight, stream(6000), 8001, TIMEOUT_MS), true);
});

Deno.test("overdue are those sent longer ago than the timeout, oldest first", () => {
  const { inflight, exchanges } = queueOf(5000, 5500, 5999, 6000);
  const overdue = overdueExchanges(inflight, stream(0), 7000, TIMEOUT_MS);
  assertEquals(overdue.length, 3);
  for (const [index, exchange] of overdue.entries()) assertStrictEquals(exchange, exchanges[index]);
  assertEquals(overdueExchanges(inflight, stream(0), 6000, TIMEOUT_MS), []);
});

Deno.test("who heard already is not told again", () => {
  const { inflight, exchanges } = queueOf(1000, 1001);
  exchanges[0]!.swallow();
  const overdue = overdueExchanges(inflight, stream(0), 5000, TIMEOUT_MS);
  assertEquals(overdue.length, 1);
  assertStrictEquals(overdue[0], exchanges[1]);
});

Deno.test("time in which large replies came does not count", () => {
  const { inflight } = queueOf(5000);
  assertEquals(overdueExchanges(inflight, stream(0, 3000), 9000, TIMEOUT_MS), []);
  assertEquals(overdueExchanges(inflight, stream(0, 3000), 9001, TIMEOUT_MS).length, 1);
  assertEquals(isSilent(inflight, stream(0, 3000), 10_000, TIMEOUT_MS), false);
});
