/**
 * The fattest holders of buffers are closed first, by whichever worker has them, and no more than needed.
 *
 * @module
 */
import {
  CLOSED_AT_ONCE_MAX,
  type HolderVisitor,
  type HoldingCluster,
  LOOK_INTERVAL_MS,
  type MemoryHolder,
  MemoryLimit,
  PATIENCE_MS,
  SPARE_SPACING_MS,
} from "../../../src/cluster/memory_limit.ts";
import { createMemoryRoom, MemoryRoom } from "../../../src/observe/memory_room.ts";
import { assertEquals } from "../../deps.ts";
import { ManualClock } from "../../support/fakes/manual_clock.ts";

const KIB = 1024;

/** Holders by their names, with what they have in KiB. */
class Holders implements HoldingCluster {
  readonly kib: Map<string, number>;
  readonly closed: string[] = [];
  spareBytes: number;
  grownBytes = 0;

  constructor(kib: Record<string, number>, spareKib = 0) {
    this.kib = new Map(Object.entries(kib));
    this.spareBytes = spareKib * KIB;
  }

  letGoSpare(): void {
    this.spareBytes = 0;
  }

  visitHolders(visit: HolderVisitor): void {
    for (const [name, kib] of this.kib) visit({ holderFields: { name } }, kib * KIB);
  }

  shed({ holderFields }: MemoryHolder, byteCount: number): void {
    const name = String(holderFields.name);
    assertEquals(byteCount, this.kib.get(name)! * KIB);
    this.closed.push(name);
    this.kib.delete(name);
  }
}

function scene(limitKib: number, ...clusters: Holders[]) {
  const clock = new ManualClock();
  const memory = createMemoryRoom(2);
  const room = new MemoryRoom(memory, 0);
  const elsewhere = new MemoryRoom(memory, 1);
  room.limitBytes = limitKib * KIB;
  let nowMs = 0;
  const limit = new MemoryLimit(clock, room, () => clusters, () => nowMs);
  limit.look();
  /** Lets time pass, at least until the next look is due. */
  const pass = (ms = LOOK_INTERVAL_MS) => {
    nowMs += ms;
    clock.advance(ms);
  };
  return { clock, room, elsewhere, limit, pass };
}

Deno.test("nobody is closed within the limit; beyond it the fattest of all clusters, and no more than needed", () => {
  const one = new Holders({ a: 10, b: 50, c: 20 });
  const other = new Holders({ d: 40, e: 0 });
  const { room, pass } = scene(120, one, other);
  pass();
  assertEquals([room.heldBytes, one.closed, other.closed], [120 * KIB, [], []]);
  one.kib.set("c", 75);
  pass();
  assertEquals([one.closed, other.closed, room.heldBytes], [["c"], [], 100 * KIB]);
  other.kib.set("f", 60);
  one.kib.set("g", 55);
  pass();
  assertEquals([one.closed, other.closed], [["c", "g"], ["f"]]);
});

Deno.test("what a fatter holder of another worker has is left to that worker, but not for ever", () => {
  const own = new Holders({ a: 50, b: 60 });
  const { elsewhere, pass } = scene(150, own);
  elsewhere.holds(100 * KIB, 80 * KIB);
  pass();
  assertEquals(own.closed, []);
  elsewhere.holds(100 * KIB, 55 * KIB);
  pass();
  assertEquals(own.closed, ["b"]);
  own.kib.set("c", 70);
  elsewhere.holds(100 * KIB, 90 * KIB);
  pass();
  pass(PATIENCE_MS);
  pass();
  // What has little beside the other worker's is never closed for it.
  own.kib.set("d", 20);
  elsewhere.holds(500 * KIB, 90 * KIB);
  pass();
  pass(PATIENCE_MS);
  pass();
  assertEquals(own.closed, ["b", "c", "a"]);
});

Deno.test("workers whose fattest have the same do not wait for each other", () => {
  const own = new Holders({ a: 60.5, b: 10 });
  const { elsewhere, pass } = scene(100, own);
  elsewhere.holds(60.5 * KIB, 60.5 * KIB);
  pass();
  assertEquals(own.closed, ["a"]);
});

Deno.test("a look that took long is followed by a rest, within bounds", () => {
  const clock = new ManualClock();
  const room = new MemoryRoom(createMemoryRoom(1), 0);
  room.limitBytes = 1;
  let nowMs = 0;
  let looks = 0;
  let takesMs = 0;
  const cluster = new Holders({});
  cluster.visitHolders = () => {
    looks += 1;
    nowMs += takesMs;
  };
  new MemoryLimit(clock, room, () => [cluster], () => nowMs).look();
  /** Lets time pass until the next look; returns how long that was, from one's beginning to the other's. */
  const next = () => {
    const before = looks;
    const beganMs = nowMs;
    while (looks === before) {
      nowMs += 1;
      clock.advance(1);
    }
    return nowMs - takesMs - beganMs;
  };
  next();
  assertEquals(next(), LOOK_INTERVAL_MS / 2);
  takesMs = 4;
  next();
  assertEquals(next() + takesMs, 200);
  // It may be that only the processor was taken away.
  takesMs = 100;
  next();
  assertEquals(next() + takesMs, 500);
});

Deno.test("a rest ends where buffers grew for large frames meanwhile", () => {
  const own = new Holders({ a: 50 });
  const { pass } = scene(160, own);
  pass();
  own.kib.set("a", 170);
  own.grownBytes += 10 * KIB;
  // Nothing is due yet, and little was taken.
  pass(1);
  assertEquals(own.closed, []);
  own.grownBytes += 1;
  pass(1);
  assertEquals(own.closed, ["a"]);
});

Deno.test("few are closed at one look, and with the limit off nobody looks", () => {
  const many = new Holders(
    Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`h${index}`, 10])),
  );
  const { room, limit, pass } = scene(1, many);
  pass();
  assertEquals(many.closed.length, CLOSED_AT_ONCE_MAX);
  room.limitBytes = 0;
  pass();
  assertEquals([many.closed.length, limit.isWatched, room.heldBytes], [
    CLOSED_AT_ONCE_MAX,
    false,
    0,
  ]);
});

Deno.test("what nobody has is let go of first, in all workers, before anybody is closed; but not all the time", () => {
  const own = new Holders({ a: 50, b: 40 }, 30);
  const { room, elsewhere, pass } = scene(100, own);
  pass();
  assertEquals([room.heldBytes, room.spareBytes, own.closed], [90 * KIB, 0, []]);
  pass(SPARE_SPACING_MS);
  own.spareBytes = 5 * KIB;
  elsewhere.holds(40 * KIB, 10 * KIB, 30 * KIB);
  pass();
  assertEquals([own.spareBytes, own.closed], [0, []]);
  // The other one has heard of it, too.
  own.spareBytes = 5 * KIB;
  elsewhere.holds(20 * KIB, 10 * KIB, 10 * KIB);
  pass();
  assertEquals([own.closed, room.heldBytes, own.spareBytes], [["a"], 65 * KIB, 5 * KIB]);
  own.kib.set("c", 60);
  pass();
  assertEquals([own.closed, own.spareBytes], [["a", "c"], 5 * KIB]);
});
