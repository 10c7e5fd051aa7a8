import { createMemoryRoom, MemoryRoom } from "../../../src/observe/memory_room.ts";
import { assertEquals } from "../../deps.ts";

function rooms(count: number): MemoryRoom[] {
  const memory = createMemoryRoom(count);
  return Array.from({ length: count }, (_, number) => new MemoryRoom(memory, number));
}

Deno.test("the limit, and whether the process is short, are the same for all", () => {
  const [one, other] = rooms(2) as [MemoryRoom, MemoryRoom];
  assertEquals([one.limitBytes, one.isShort], [0, false]);
  one.limitBytes = 2 ** 40;
  one.isShort = true;
  assertEquals([other.limitBytes, other.isShort], [2 ** 40, true]);
});

Deno.test("what workers hold is added up, and each knows of the others' fattest holder", () => {
  const [one, other, third] = rooms(3) as [MemoryRoom, MemoryRoom, MemoryRoom];
  one.holds(10 * 1024, 7 * 1024);
  other.holds(2 ** 40, 2 ** 39);
  third.holds(1, 1);
  assertEquals(one.heldBytes, 2 ** 40 + 11 * 1024);
  assertEquals([one.fattestElsewhereBytes, other.fattestElsewhereBytes], [2 ** 39, 7 * 1024]);
  other.clear();
  assertEquals([one.heldBytes, one.fattestElsewhereBytes], [11 * 1024, 1024]);
});
