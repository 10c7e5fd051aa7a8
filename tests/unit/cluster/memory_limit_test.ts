/**
 * The fattest holders of buffers are closed first, by whichever worker has them, and no more than needed.
 *
 * @module
 */
import {
  CLOSED_AT_ONCE_MAX,
  type HolderVisitor,
  type HoldingCluster,
  type MemoryHolder,
  MemoryLimit,
  PATIENCE_MS,
} from "../../../src/cluster/memory_limit.ts";
import { createMemoryRoom, MemoryRoom } from "../../../src/observe/memory_room.ts";
import { assertEquals } from "../../deps.ts";
import { delay } from "../../support/poll.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const KIB = 1024;

/** Holders by their names, with what they have in KiB. */
class Holders implements HoldingCluster {
  readonly kib: Map<string, number>;
  readonly closed: string[] = [];

  constructor(kib: Record<string, number>) {
    this.kib = new Map(Object.entries(kib));
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
  const limit = new MemoryLimit(clock, room, () => clusters);
  limit.look();
  /** Lets time pass; looks are counted by the real one. */
  const pass = async (ms = 50) => {
    await delay(60);
    clock.advance(ms);
  };
  return { clock, room, elsewhere, limit, pass };
}

Deno.test("nobody is closed within the limit; beyond it the fattest of all clusters, and no more than needed", async () => {
  const one = new Holders({ a: 10, b: 50, c: 20 });
  const other = new Holders({ d: 40, e: 0 });
  const { room, pass } = scene(120, one, other);
  await pass();
  assertEquals([room.heldBytes, one.closed, other.closed], [120 * KIB, [], []]);
  one.kib.set("c", 75);
  await pass();
  assertEquals([one.closed, other.closed, room.heldBytes], [["c"], [], 100 * KIB]);
  other.kib.set("f", 60);
  one.kib.set("g", 55);
  await pass();
  assertEquals([one.closed, other.closed], [["c", "g"], ["f"]]);
});

Deno.test("what a fatter holder of another worker has is left to that worker, but not for ever", async () => {
  const own = new Holders({ a: 50, b: 60 });
  const { elsewhere, pass } = scene(150, own);
  elsewhere.holds(100 * KIB, 80 * KIB);
  await pass();
  assertEquals(own.closed, []);
  elsewhere.holds(100 * KIB, 55 * KIB);
  await pass();
  assertEquals(own.closed, ["b"]);
  own.kib.set("c", 70);
  elsewhere.holds(100 * KIB, 90 * KIB);
  await pass();
  await pass(PATIENCE_MS);
  await pass();
  // What has little beside the other worker's is never closed for it.
  own.kib.set("d", 20);
  elsewhere.holds(500 * KIB, 90 * KIB);
  await pass();
  await pass(PATIENCE_MS);
  await pass();
  assertEquals(own.closed, ["b", "c", "a"]);
});

Deno.test("few are closed at one look, and with the limit off nobody looks", async () => {
  const many = new Holders(
    Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`h${index}`, 10])),
  );
  const { room, limit, pass } = scene(1, many);
  await pass();
  assertEquals(many.closed.length, CLOSED_AT_ONCE_MAX);
  room.limitBytes = 0;
  await pass();
  assertEquals([many.closed.length, limit.isWatched, room.heldBytes], [
    CLOSED_AT_ONCE_MAX,
    false,
    0,
  ]);
});
