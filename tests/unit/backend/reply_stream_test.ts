import { ReplyStream } from "../../../src/backend/reply_stream.ts";
import { ArrayPool } from "../../../src/bytes/receive_buffer.ts";
import { ParseStatus } from "../../../src/protocol/protocol.ts";
import { LineProtocol } from "../../support/clients/line_protocol.ts";
import { assertEquals } from "../../deps.ts";

class Scene {
  readonly stream = new ReplyStream(new ArrayPool(), new LineProtocol().createReplyParser());

  constructor() {
    this.stream.begin(0);
  }

  /** Bytes come at a time, and are parsed until they are used up. */
  receives(text: string, nowMs: number, isDiscarded = false): string[] {
    const bytes = new TextEncoder().encode(text);
    const replies: string[] = [];
    for (let taken = 0; taken < bytes.length;) {
      const { bytes: room, start, end } = this.stream.reserve();
      const count = Math.min(bytes.length - taken, end - start);
      room.set(bytes.subarray(taken, taken + count), start);
      taken += count;
      this.stream.commit(count, nowMs);
      const { buffer } = this.stream;
      while (buffer.consumed < buffer.received) {
        const from = buffer.consumed;
        if (this.stream.parse(isDiscarded) !== ParseStatus.Complete) break;
        const { end } = this.stream.parser.frame;
        replies.push(new TextDecoder().decode(buffer.bytes.subarray(from, end)));
        buffer.consume(end);
      }
    }
    return replies;
  }
}

Deno.test("replies are found whole, one after the other, however they come", () => {
  const scene = new Scene();
  assertEquals(scene.receives("one\ntw", 1), ["one\n"]);
  assertEquals(scene.stream.lastBytesAtMs, 1);
  assertEquals(scene.receives("o\nthree\n", 2), ["two\n", "three\n"]);
  assertEquals(scene.stream.lastBytesAtMs, 2);
});

Deno.test("only the time in which a large reply is arriving is a pause", () => {
  const scene = new Scene();
  const { stream } = scene;
  scene.receives("small\n", 100);
  assertEquals([stream.isLargeArriving, stream.pausedMs], [false, 0]);
  scene.receives(`$200000\n${"x".repeat(50_000)}`, 200);
  assertEquals([stream.isLargeArriving, stream.pausedMs], [true, 0]);
  scene.receives("x".repeat(50_000), 1200);
  assertEquals(stream.pausedMs, 1000);
  scene.receives("x".repeat(100_000), 3200);
  assertEquals([stream.isLargeArriving, stream.pausedMs], [false, 3000]);
  scene.receives("small\n", 9000);
  assertEquals(stream.pausedMs, 3000);
});

Deno.test("a large reply that is let go as it comes stays large to its last byte", () => {
  const scene = new Scene();
  const { stream } = scene;
  scene.receives("$200000\n", 0, true);
  scene.receives("x".repeat(199_999), 1000, true);
  assertEquals([stream.buffer.pending, stream.isLargeArriving, stream.pausedMs], [0, true, 1000]);
  scene.receives("x", 3000, true);
  assertEquals([stream.isLargeArriving, stream.pausedMs], [false, 3000]);
});

Deno.test("malformed bytes are told", () => {
  const { stream } = new Scene();
  const { bytes, start } = stream.reserve();
  bytes[start] = 0x21;
  stream.commit(1, 0);
  assertEquals(stream.parse(false), ParseStatus.Malformed);
});

Deno.test("a new socket begins without the rest of the last one's reply", () => {
  const scene = new Scene();
  scene.receives(`$200000\n${"x".repeat(100_000)}`, 0, true);
  scene.stream.buffer.abandon();
  scene.stream.begin(50);
  assertEquals([scene.stream.isLargeArriving, scene.stream.lastBytesAtMs], [false, 50]);
  assertEquals(scene.receives("fresh\n", 60), ["fresh\n"]);
});
