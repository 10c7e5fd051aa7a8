/**
 * The receive buffer keeps unparsed bytes through growing, compacting and handing over.
 *
 * @module
 */
import {
  ArrayPool,
  READ_HUGE_BYTES,
  READ_LARGE_BYTES,
  READ_MEDIUM_BYTES,
  READ_SMALL_BYTES,
  ReceiveBuffer,
} from "../../../src/bytes/receive_buffer.ts";
import { assert, assertEquals, assertStrictEquals } from "../../deps.ts";
import { seededRandom } from "../../support/tools/seed.ts";

function receive(buffer: ReceiveBuffer, values: number[], frameBytes = 0): void {
  buffer.prepare(frameBytes);
  assert(buffer.bytes.length - buffer.received >= values.length, "room for the test's bytes");
  buffer.bytes.set(values, buffer.received);
  buffer.commit(values.length);
}

function pending(buffer: ReceiveBuffer): number[] {
  return [...buffer.bytes.subarray(buffer.consumed, buffer.received)];
}

Deno.test("an idle connection holds 512 bytes", () => {
  const buffer = new ReceiveBuffer(new ArrayPool());
  buffer.prepare(0);
  assertEquals(buffer.bytes.length, READ_SMALL_BYTES);
});

const SIZES = [READ_SMALL_BYTES, READ_MEDIUM_BYTES, READ_LARGE_BYTES, READ_HUGE_BYTES];

/** One read of `byteCount` bytes, consumed at once; returns the size of the array it had. */
function read(buffer: ReceiveBuffer, byteCount: number): number {
  buffer.prepare(0);
  const size = buffer.bytes.length;
  buffer.commit(Math.min(byteCount, size));
  buffer.consume(buffer.received);
  return size;
}

Deno.test("reads that fill the array make the next one larger", () => {
  const buffer = new ReceiveBuffer(new ArrayPool());
  const sizes = [1, 2, 3, 4, 5].map(() => read(buffer, READ_HUGE_BYTES));
  assertEquals(sizes, [...SIZES, READ_HUGE_BYTES]);
});

Deno.test("four small reads in a row make the next array a size smaller", () => {
  const buffer = new ReceiveBuffer(new ArrayPool());
  for (const _ of SIZES) read(buffer, READ_HUGE_BYTES);
  for (let round = 0; round < 3; round++) {
    for (let count = 0; count < 3; count++) assertEquals(read(buffer, 10), READ_HUGE_BYTES);
    assertEquals(read(buffer, READ_HUGE_BYTES / 2), READ_HUGE_BYTES);
  }
  for (const size of SIZES.toReversed()) {
    for (let count = 0; count < 4; count++) assertEquals(read(buffer, 10), size);
  }
  assertEquals(read(buffer, 10), READ_SMALL_BYTES);
});

Deno.test("unparsed bytes survive compacting and growing", () => {
  const buffer = new ReceiveBuffer(new ArrayPool());
  receive(buffer, [1, 2, 3, 4]);
  buffer.consume(2);
  receive(buffer, [5, 6], 100_000);
  assertEquals(pending(buffer), [3, 4, 5, 6]);
});

Deno.test("the array follows what has arrived, never what is only declared", () => {
  const buffer = new ReceiveBuffer(new ArrayPool());
  const declared = 500 * 1024 * 1024;
  receive(buffer, [36]);
  for (let step = 0; step < 4; step++) {
    buffer.prepare(declared);
    const arrived = buffer.received;
    assert(buffer.bytes.length <= Math.max(READ_LARGE_BYTES, arrived * 4), `step ${step}`);
    buffer.commit(buffer.bytes.length - buffer.received);
  }
  assert(buffer.received > 2 * 1024 * 1024);
});

Deno.test("the array of a large frame does not pass what the frame declares", () => {
  const buffer = new ReceiveBuffer(new ArrayPool());
  const declared = 100_001;
  buffer.prepare(0);
  while (buffer.received < declared) {
    buffer.prepare(declared);
    buffer.commit(buffer.bytes.length - buffer.received);
  }
  assertEquals(buffer.received, declared);
});

Deno.test("handOver() gives the array away and keeps what stands behind the frame", () => {
  const buffer = new ReceiveBuffer(new ArrayPool());
  receive(buffer, [1, 2, 3, 4, 5]);
  const array = buffer.bytes;
  assertStrictEquals(buffer.handOver(3), array);
  assertEquals(pending(buffer), [4, 5]);
  receive(buffer, [6]);
  assertEquals(pending(buffer), [4, 5, 6]);
  assertEquals([...array.subarray(0, 5)], [1, 2, 3, 4, 5]);
});

Deno.test("abandon() does not recycle an array that a read may still use", () => {
  const arrays = new ArrayPool();
  const buffer = new ReceiveBuffer(arrays);
  buffer.prepare(0);
  buffer.commit(READ_SMALL_BYTES);
  buffer.consume(READ_SMALL_BYTES);
  buffer.prepare(0);
  const inUse = buffer.bytes;
  buffer.abandon();
  assertEquals(arrays.take(inUse.length) === inUse, false);
  assertEquals(buffer.pending, 0);
});

Deno.test("an array that is abandoned while it is parsed is the next reader's behind that", () => {
  const arrays = new ArrayPool();
  const buffer = new ReceiveBuffer(arrays);
  receive(buffer, [1, 2, 3]);
  const array = buffer.bytes;
  buffer.abandon();
  assertEquals([arrays.freeBytes, buffer.bytes.length, buffer.pending], [0, 0, 0]);
  buffer.rest();
  buffer.rest();
  assertEquals(arrays.freeBytes, READ_SMALL_BYTES);
  assertStrictEquals(arrays.take(READ_SMALL_BYTES), array);
});

Deno.test("any sequence of reads, frames and consumption keeps the stream", () => {
  const random = seededRandom("receive_buffer");
  const buffer = new ReceiveBuffer(new ArrayPool());
  let sent = 0;
  let seen = 0;
  for (let step = 0; step < 5000; step++) {
    buffer.prepare(random.between(0, 200_000));
    const room = buffer.bytes.length - buffer.received;
    assert(room > 0, "room for at least one byte");
    const count = random.between(1, Math.min(room, random.between(0, 9) === 0 ? room : 700));
    for (let index = 0; index < count; index++) {
      buffer.bytes[buffer.received + index] = sent++ & 255;
    }
    buffer.commit(count);
    const wanted = random.between(0, 3) === 0 ? buffer.pending : random.between(0, buffer.pending);
    for (let index = 0; index < wanted; index++) {
      assertEquals(buffer.bytes[buffer.consumed + index], seen++ & 255);
    }
    if (random.between(0, 20) === 0 && wanted > 0) buffer.handOver(buffer.consumed + wanted);
    else buffer.consume(buffer.consumed + wanted);
  }
});

Deno.test("handOver() gives a copy while a read has room in the array", () => {
  const buffer = new ReceiveBuffer(new ArrayPool());
  receive(buffer, [0, 1, 2, 3, 4, 5]);
  buffer.prepare(0);
  const given = buffer.handOver(4);
  assertEquals([...given], [0, 1, 2, 3]);
  assertEquals(given === buffer.bytes, false);
  buffer.bytes.set([6, 7], buffer.received);
  buffer.commit(2);
  assertEquals(pending(buffer), [4, 5, 6, 7]);
});

Deno.test("a long frame that is known up to its next element only is copied a few times, not per element", () => {
  const buffer = new ReceiveBuffer(new ArrayPool());
  let arrays = 0;
  let bytes: Uint8Array = buffer.bytes;
  while (buffer.pending < 10_000_000) {
    buffer.prepare(buffer.pending + 14);
    if (buffer.bytes !== bytes) arrays += 1;
    bytes = buffer.bytes;
    buffer.commit(Math.min(bytes.length - buffer.received, 65_536));
  }
  assert(arrays < 16, `${arrays} arrays`);
  assert(bytes.length <= 15_000_000, `${bytes.length} bytes`);
});

Deno.test("a long frame of known length ends in an array of that length", () => {
  for (const frameBytes of [70_000, 262_144 + 40, 4 * 1024 * 1024, 64 * 1024 * 1024 + 33]) {
    const buffer = new ReceiveBuffer(new ArrayPool());
    buffer.prepare(0);
    buffer.commit(512);
    while (buffer.pending < frameBytes) {
      buffer.prepare(frameBytes);
      buffer.commit(Math.min(buffer.bytes.length - buffer.received, 65_536));
    }
    assertEquals(buffer.bytes.length, frameBytes);
  }
});

Deno.test("no array is smaller than the least size asked for", () => {
  const buffer = new ReceiveBuffer(new ArrayPool(), READ_MEDIUM_BYTES);
  for (let count = 0; count < 20; count++) assertEquals(read(buffer, 1), READ_MEDIUM_BYTES);
  buffer.abandon();
  assertEquals(read(buffer, 1), READ_MEDIUM_BYTES);
});

Deno.test("a buffer at rest holds no array, and the next reader gets the one it had", () => {
  const arrays = new ArrayPool();
  const buffer = new ReceiveBuffer(arrays);
  buffer.prepare(0);
  const array = buffer.bytes;
  buffer.commit(3);
  buffer.consume(3);
  buffer.rest();
  assertEquals([buffer.bytes.length, buffer.consumed, buffer.received], [0, 0, 0]);
  assertStrictEquals(arrays.take(READ_SMALL_BYTES), array);
});

Deno.test("a rest keeps the beginning of a frame in the smallest array that has room for it", () => {
  const sizes = [[3, READ_SMALL_BYTES], [READ_SMALL_BYTES + 1, READ_MEDIUM_BYTES]] as const;
  for (const [byteCount, size] of sizes) {
    const buffer = new ReceiveBuffer(new ArrayPool());
    for (const _ of SIZES) read(buffer, READ_HUGE_BYTES);
    receive(buffer, [9, ...Array(byteCount).fill(7)]);
    buffer.consume(buffer.consumed + 1);
    buffer.rest();
    assertEquals(buffer.bytes.length, size);
    assertEquals(pending(buffer), Array(byteCount).fill(7));
  }
});

Deno.test("a rest leaves an array be that is well filled", () => {
  const buffer = new ReceiveBuffer(new ArrayPool());
  receive(buffer, Array(READ_SMALL_BYTES / 2).fill(7));
  const array = buffer.bytes;
  buffer.rest();
  assertStrictEquals(buffer.bytes, array);
  assertEquals(buffer.pending, READ_SMALL_BYTES / 2);
});

Deno.test("a long frame that comes in small reads changes its array a few times, not with each read", () => {
  const buffer = new ReceiveBuffer(new ArrayPool());
  const frameBytes = 16 * 1024 * 1024;
  const arrays = new Set<Uint8Array>();
  for (let received = 0; received < frameBytes;) {
    buffer.prepare(received === 0 ? 0 : frameBytes);
    arrays.add(buffer.bytes);
    const byteCount = Math.min(10_000, buffer.roomBytes, frameBytes - received);
    buffer.commit(byteCount);
    received += byteCount;
  }
  assert(arrays.size < 12, `${arrays.size} arrays`);
  assertEquals(buffer.pending, frameBytes);
});

Deno.test("letGo() keeps no array that is free", () => {
  const arrays = new ArrayPool();
  for (const size of [...SIZES, 7]) arrays.release(new Uint8Array(size));
  assertEquals(arrays.freeBytes, SIZES.reduce((sum, size) => sum + size, 0));
  arrays.letGo();
  assertEquals(arrays.freeBytes, 0);
});

Deno.test("arrays that were made for large frames are counted, for good", () => {
  const arrays = new ArrayPool();
  for (const size of SIZES) arrays.take(size);
  assertEquals(arrays.grownBytes, 0);
  const large = arrays.take(READ_HUGE_BYTES + 1);
  arrays.release(large);
  arrays.take(1_000_000);
  assertEquals(arrays.grownBytes, READ_HUGE_BYTES + 1 + 1_000_000);
});
