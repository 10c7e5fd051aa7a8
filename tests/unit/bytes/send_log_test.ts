/**
 * The send log hands bytes over in order, keeps what is held, and recycles the rest.
 *
 * @module
 */
import {
  type Chunk,
  ChunkPool,
  LARGE_CHUNK_BYTES,
  MEDIUM_CHUNK_BYTES,
  SMALL_CHUNK_BYTES,
} from "../../../src/bytes/chunk_pool.ts";
import { SendLog } from "../../../src/bytes/send_log.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function append(log: SendLog, text: string): Chunk {
  const bytes = encoder.encode(text);
  return log.append(bytes, 0, bytes.length);
}

function writeAll(log: SendLog): string {
  let text = "";
  for (let bytes = log.handOver(); bytes !== null; bytes = log.handOver()) {
    text += decoder.decode(bytes);
    log.wrote(bytes.length);
  }
  return text;
}

Deno.test("handOver() gives what was appended, and what comes meanwhile goes behind it", () => {
  const log = new SendLog(new ChunkPool());
  append(log, "abc");
  assertEquals(decoder.decode(log.handOver()!), "abc");
  append(log, "def");
  log.wrote(2);
  assertEquals(log.unwrittenBytes, 4);
  log.wrote(1);
  assertEquals(decoder.decode(log.handOver()!), "def");
  log.wrote(3);
  assertEquals(log.handOver(), null);
  assertEquals(log.unwrittenBytes, 0);
});

Deno.test("a frame never crosses a chunk", () => {
  const log = new SendLog(new ChunkPool());
  const frames = Array.from({ length: 40 }, (_, index) => `${index}`.padEnd(30_000, "x"));
  for (const frame of frames) {
    const { bytes, filled } = append(log, frame);
    assertEquals(decoder.decode(bytes.subarray(filled - 30_000, filled)) === frame, true);
  }
  assertEquals(writeAll(log) === frames.join(""), true);
});

Deno.test("a log that needs several chunks asks for larger ones, until little is written again", () => {
  const log = new SendLog(new ChunkPool());
  const sizes = [1, 2, 3, 4].map(() => {
    const chunk = append(log, "x");
    append(log, "x".repeat(chunk.bytes.length - chunk.filled));
    return chunk.bytes.length;
  });
  assertEquals(sizes, [
    SMALL_CHUNK_BYTES,
    MEDIUM_CHUNK_BYTES,
    LARGE_CHUNK_BYTES,
    LARGE_CHUNK_BYTES,
  ]);
  writeAll(log);
  assertEquals(append(log, "x".repeat(5000)).bytes.length, LARGE_CHUNK_BYTES);
  writeAll(log);
  append(log, "x");
  writeAll(log);
  assertEquals(append(log, "x").bytes.length, SMALL_CHUNK_BYTES);
});

Deno.test("a frame longer than the largest chunk has one made to measure", () => {
  const log = new SendLog(new ChunkPool());
  const frame = "y".repeat(LARGE_CHUNK_BYTES + 5);
  assertEquals(append(log, frame).bytes.length, LARGE_CHUNK_BYTES + 5);
  append(log, "tail");
  assertEquals(writeAll(log) === frame + "tail", true);
});

Deno.test("adopt() writes a given array without copying it", () => {
  const log = new SendLog(new ChunkPool());
  append(log, "head ");
  const bytes = encoder.encode("..middle..");
  assertStrictEquals(log.adopt(bytes, 2, 8).bytes, bytes);
  append(log, " tail");
  assertEquals(writeAll(log), "head middle tail");
});

Deno.test("a held chunk stays readable after its bytes were written", () => {
  const pool = new ChunkPool();
  const log = new SendLog(pool);
  const chunk = append(log, "held");
  chunk.holders += 1;
  assertEquals(writeAll(log), "held");
  assertEquals(chunk.isFree, false);
  append(log, " more");
  assertEquals(writeAll(log), " more");
  assertEquals(decoder.decode(chunk.bytes.subarray(0, 4)), "held");
  log.letGo(chunk);
  assertEquals(chunk.isFree, true);
});

Deno.test("a held, written chunk does not stop what follows in another chunk", () => {
  const log = new SendLog(new ChunkPool());
  const small = append(log, "small");
  small.holders += 1;
  assertEquals(writeAll(log), "small");
  const large = "z".repeat(40_000);
  append(log, large);
  assertEquals(writeAll(log), large);
  assertEquals(small.isFree, false);
  log.letGo(small);
  assertEquals(small.isFree, true);
});

Deno.test("dropHanded() forgets what may have been sent and keeps the rest", () => {
  const log = new SendLog(new ChunkPool());
  append(log, "sent");
  log.handOver();
  log.wrote(1);
  append(log, "unsent");
  log.dropHanded();
  assertEquals(log.unwrittenBytes, 6);
  assertEquals(writeAll(log), "unsent");
});

Deno.test("dropUnhanded() forgets what was not sent and keeps the write in flight", () => {
  const log = new SendLog(new ChunkPool());
  append(log, "sent");
  const inFlight = log.handOver()!;
  append(log, "unsent");
  append(log, "w".repeat(LARGE_CHUNK_BYTES));
  log.dropUnhanded();
  assertEquals(log.unwrittenBytes, 4);
  log.wrote(inFlight.length);
  assertEquals(log.unwrittenBytes, 0);
  assertEquals(log.handOver(), null);
  append(log, "next");
  assertEquals(writeAll(log), "next");
});

Deno.test("pinOldest() keeps a chunk from being recycled until it is let go", () => {
  const pool = new ChunkPool();
  const log = new SendLog(pool);
  append(log, "in flight");
  log.handOver();
  const pinned = log.pinOldest()!;
  log.clear();
  assertEquals(pinned.isFree, false);
  assertEquals(pool.take(10) === pinned, false);
  log.letGo(pinned);
  assertEquals(pinned.isFree, true);
});

Deno.test("clear() empties the log", () => {
  const log = new SendLog(new ChunkPool());
  append(log, "a");
  append(log, "b".repeat(LARGE_CHUNK_BYTES));
  log.clear();
  assertEquals([log.unwrittenBytes, log.newest, log.handOver()], [0, null, null]);
});

Deno.test("the listener hears of every hand-over with chunk and position", () => {
  const log = new SendLog(new ChunkPool());
  const heard: number[] = [];
  log.listener = { handedOver: (_chunk, position) => heard.push(position) };
  append(log, "abc");
  log.handOver();
  log.wrote(3);
  append(log, "de");
  const chunk = log.newest!;
  log.handOver();
  assertEquals(heard, [3, chunk.filled]);
});

Deno.test("what follows a held, written batch begins a fresh chunk, of the size batches need", () => {
  const log = new SendLog(new ChunkPool());
  const first = append(log, "first");
  first.holders += 1;
  assertEquals(writeAll(log), "first");
  const second = append(log, "second");
  assertEquals([second === first, second.bytes.length], [false, first.bytes.length]);
  assertEquals(decoder.decode(first.bytes.subarray(0, first.filled)), "first");
  assertEquals(writeAll(log), "second");
  log.letGo(first);
  assertEquals(first.isFree, true);
});

Deno.test("room reserved for several appends is one chunk", () => {
  const log = new SendLog(new ChunkPool());
  log.reserve(10);
  assertStrictEquals(append(log, "abc"), append(log, "defg"));
});

Deno.test("join() takes over what another log has, behind its own bytes", () => {
  const pool = new ChunkPool();
  const [log, other] = [new SendLog(pool), new SendLog(pool)];
  const encoder = new TextEncoder();
  const append = (target: SendLog, text: string) => {
    const bytes = encoder.encode(text);
    target.append(bytes, 0, bytes.length);
  };
  append(log, "own ");
  append(other, "other ");
  const long = "long".repeat(20_000);
  append(other, long);
  log.join(other);
  assertEquals([other.unwrittenBytes, other.hasUnhanded()], [0, false]);
  append(log, " more");
  append(other, "again");
  let text = "";
  for (let part = log.handOver(); part !== null; part = log.handOver()) {
    text += new TextDecoder().decode(part);
    log.wrote(part.length);
  }
  assertEquals(text === `own other ${long} more`, true);
  assertEquals([log.unwrittenBytes, other.unwrittenBytes], [0, 5]);
  log.join(other);
  assertEquals(new TextDecoder().decode(log.handOver()!), "again");
});
