import { assert, assertEquals, assertThrows } from "../../../deps.ts";
import { Random, SCALE_VARIABLE, scaled } from "../../../support/tools/seed.ts";

Deno.test("the same seed gives the same numbers, another seed others", () => {
  const draw = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.next());
  };
  assertEquals(draw(7), draw(7));
  assert(draw(7)[0] !== draw(8)[0]);
  assertEquals(new Set(draw(0)).size, 20);
});

Deno.test("numbers keep to their range and reach all of it", () => {
  const random = new Random(1);
  const counts = new Map<number, number>();
  for (let index = 0; index < 8_000; index++) {
    const drawn = random.between(3, 6);
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  assertEquals([...counts.keys()].sort(), [3, 4, 5, 6]);
  for (const count of counts.values()) assert(count > 1_800 && count < 2_200, `${count}`);
});

Deno.test("shuffled() keeps all items, bytes() gives the length asked for", () => {
  const random = new Random(2);
  const items = [1, 2, 3, 4, 5, 6, 7, 8];
  const shuffled = random.shuffled(items);
  assert(shuffled.join() !== items.join());
  assertEquals(shuffled.sort(), items);
  assertEquals(random.bytes(1_000).length, 1_000);
  assert(new Set(random.bytes(1_000)).size > 200);
});

Deno.test("counts are those of the test suite unless a long run multiplies them", () => {
  const before = Deno.env.get(SCALE_VARIABLE);
  try {
    Deno.env.delete(SCALE_VARIABLE);
    assertEquals(scaled(300), 300);
    Deno.env.set(SCALE_VARIABLE, "2.5");
    assertEquals(scaled(300), 750);
    Deno.env.set(SCALE_VARIABLE, "0.001");
    assertEquals(scaled(300), 1);
    Deno.env.set(SCALE_VARIABLE, "many");
    assertThrows(() => scaled(300), RangeError, "Cannot scale by ASTER_TEST_SCALE");
  } finally {
    if (before === undefined) Deno.env.delete(SCALE_VARIABLE);
    else Deno.env.set(SCALE_VARIABLE, before);
  }
});
