/**
 * The bytes to send and the queue of their exchanges never part.
 *
 * @module
 */
import { Outbox, REQUEST_OBJECTS_BYTES } from "../../../src/backend/outbox.ts";
import { ReplyStream } from "../../../src/backend/reply_stream.ts";
import { ArrayPool } from "../../../src/bytes/receive_buffer.ts";
import { type Exchange, ExchangeState } from "../../../src/request/exchange.ts";
import { NOBODY } from "../../../src/request/exchange.ts";
import {
  CountingChunkPool,
  CountingRequestPool,
  createWatch,
} from "../../support/rigs/core_rig.ts";
import { LineProtocol } from "../../support/clients/line_protocol.ts";
import { ManualClock } from "../../support/fakes/manual_clock.ts";
import { RecordingReceiver } from "../../support/fakes/recording_receiver.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

const decoder = new TextDecoder();

class Scene {
  readonly chunks = new CountingChunkPool();
  readonly requests = new CountingRequestPool();
  readonly clock = new ManualClock();
  readonly replies = new ReplyStream(new ArrayPool(), new LineProtocol().createReplyParser());
  readonly outbox: Outbox;
  readonly watch = createWatch();

  constructor(retains: boolean) {
    this.outbox = new Outbox(this.chunks, this.clock, this.replies, retains, this.watch);
  }

  enqueue(text: string): Exchange {
    const exchange = this.requests.takeExchange();
    exchange.begin(new RecordingReceiver(), 0, 0, false, NOBODY);
    const bytes = new TextEncoder().encode(text);
    this.outbox.enqueue(exchange, this.outbox.log.append(bytes, 0, bytes.length), bytes.length);
    return exchange;
  }

  /** Hands over and writes everything of the oldest chunk. */
  write(): string {
    const bytes = this.outbox.log.handOver()!;
    const text = decoder.decode(bytes);
    this.outbox.log.wrote(bytes.length);
    return text;
  }

  release(exchange: Exchange): void {
    this.outbox.letGo(exchange);
    this.requests.releaseExchange(exchange);
  }
}

Deno.test("an exchange knows where its bytes are", () => {
  const { outbox, ...scene } = bound(new Scene(false));
  scene.enqueue("first");
  const exchange = scene.enqueue("second");
  assertEquals(
    decoder.decode(exchange.chunk!.bytes.subarray(exchange.start, exchange.end)),
    "second",
  );
  assertEquals(outbox.inflight.unsent, 2);
});

Deno.test("handing bytes over makes their exchanges sent, at the connection's own time", () => {
  const { outbox, clock, replies, ...scene } = bound(new Scene(false));
  const [first, swallowed] = [scene.enqueue("a"), scene.enqueue("b")];
  swallowed.swallow();
  clock.nowMs = 5000;
  replies.pausedMs = 700;
  assertEquals(scene.write(), "ab");
  const later = scene.enqueue("c");
  assertEquals([first.state, swallowed.state, later.state], [
    ExchangeState.Sent,
    ExchangeState.Swallowed,
    ExchangeState.Unsent,
  ]);
  assertEquals([first.isSent, swallowed.isSent, later.isSent], [true, true, false]);
  assertEquals([first.sentAtMs, outbox.inflight.awaiting, outbox.inflight.unsent], [4300, 2, 1]);
});

Deno.test("only the exchanges of the chunk at hand become sent", () => {
  const { outbox, ...scene } = bound(new Scene(false));
  scene.enqueue("a".repeat(100_000));
  const { bytes, filled } = outbox.log.newest!;
  scene.enqueue("b".repeat(bytes.length - filled + 1));
  scene.write();
  assertEquals([outbox.inflight.awaiting, outbox.inflight.unsent], [1, 1]);
  scene.write();
  assertEquals([outbox.inflight.awaiting, outbox.inflight.unsent], [2, 0]);
});

Deno.test("queued bytes are those not written, or all that are kept", () => {
  const forgets = bound(new Scene(false));
  const keeps = bound(new Scene(true));
  const [forgotten, kept] = [forgets.enqueue("12345"), keeps.enqueue("12345")];
  const objects = REQUEST_OBJECTS_BYTES;
  const counts = (
    { outbox }: typeof keeps,
  ) => [outbox.keptBytes, outbox.queuedBytes, outbox.unsentBytes];
  assertEquals(counts(forgets), [5, 5 + objects, 5 + objects]);
  assertEquals(counts(keeps), [5, 5 + objects, 5 + objects]);
  forgets.write();
  keeps.write();
  assertEquals(counts(forgets), [0, objects, 0]);
  assertEquals(counts(keeps), [5, 5 + objects, 0]);
  assertEquals([forgets.chunks.chunksOut, keeps.chunks.chunksOut], [0, 1]);
  forgets.release(forgets.outbox.inflight.shift());
  keeps.release(keeps.outbox.inflight.shift());
  assertEquals([forgotten.state, kept.state], [ExchangeState.Free, ExchangeState.Free]);
  assertEquals([keeps.outbox.queuedBytes, keeps.chunks.chunksOut], [0, 0]);
});

Deno.test("what was sent and what was not are taken apart", () => {
  for (const retains of [false, true]) {
    const { outbox, chunks, ...scene } = bound(new Scene(retains));
    const sent = scene.enqueue("sent ");
    outbox.log.handOver();
    outbox.log.wrote(2);
    const unsent = [scene.enqueue("one "), scene.enqueue("two")];
    const takenSent = outbox.takeSent();
    assertEquals(takenSent.length, 1);
    assertStrictEquals(takenSent[0], sent);
    assertEquals([outbox.inflight.size, outbox.log.unwrittenBytes], [2, 7]);
    const takenUnsent = outbox.takeUnsent();
    assertEquals(new Set(takenUnsent), new Set(unsent));
    assertEquals([outbox.inflight.size, outbox.log.unwrittenBytes], [0, 0]);
    for (const exchange of [...takenSent, ...takenUnsent]) scene.release(exchange);
    assertEquals([chunks.chunksOut, outbox.queuedBytes], [0, 0]);
  }
});

/** The same scene with its methods bound, to be taken apart. */
function bound(scene: Scene) {
  const { chunks, clock, replies, outbox } = scene;
  return {
    chunks,
    clock,
    replies,
    outbox,
    enqueue: (text: string) => scene.enqueue(text),
    write: () => scene.write(),
    release: (exchange: Exchange) => scene.release(exchange),
  };
}
