/**
 * The model notices what it is there to notice.
 *
 * @module
 */
import { assertEquals } from "../deps.ts";
import { Random } from "../support/tools/seed.ts";
import { ABSENT, AppendKey, CounterKey, RegisterKey } from "./key_models.ts";
import { OwnKeys } from "./own_keys.ts";
import { makeValue, readValue } from "./tagged_value.ts";

Deno.test("a register holds what was confirmed last, or a write of unknown fate", () => {
  const key = new RegisterKey("key", 1);
  assertEquals(key.canBe(ABSENT), true);
  const first = key.next(10);
  const second = key.next(20);
  key.wrote(first);
  assertEquals([key.canBe(ABSENT), key.canBe(first), key.canHaveLength(10)], [false, true, true]);
  key.mayHaveWritten(second);
  assertEquals([key.canHaveLength(10), key.canHaveLength(20)], [true, true]);
  assertEquals([key.canBe(first), key.canBe(second)], [true, true]);
  assertEquals(key.canBe(first), false);
});

Deno.test("a write of unknown fate may come behind a later one, once", () => {
  const key = new RegisterKey("key", 1);
  const late = key.next(1);
  const later = key.next(1);
  key.mayHaveWritten(late);
  key.wrote(later);
  assertEquals([key.canBe(later), key.canBe(late)], [true, true]);
  key.wrote(later);
  assertEquals(key.canBe(late), false);
});

Deno.test("a counter is between its confirmed and all its increments, and never goes back", () => {
  const key = new CounterKey("key");
  assertEquals(key.incremented(1), true);
  key.mayHaveIncremented();
  assertEquals([key.canBe(0), key.canBe(2), key.canBe(1), key.canBe(3)], [
    false,
    true,
    false,
    false,
  ]);
  assertEquals([key.incremented(2), key.incremented(4)], [false, true]);
});

Deno.test("appended tokens are all there, each once and in order", () => {
  const key = new AppendKey("key", 7, 3);
  const [first, second, third] = [key.next(), key.next(), key.next()];
  key.appended(first);
  key.mayHaveAppended(second);
  key.appended(third);
  for (const text of ["7.3.1;7.3.3;", "7.3.1;7.3.2;7.3.3;", "7.3.1;7.3.3;7.3.2;"]) {
    assertEquals(key.canBe(text), true, text);
  }
  for (
    const text of ["7.3.3;7.3.1;", "7.3.1;", "7.3.1;7.3.3;7.3.3;", "8.3.1;7.3.3;", "7.3.1;7.3"]
  ) {
    assertEquals(key.canBe(text), false, text);
  }
});

Deno.test("a key that was given up is weak, too, when a server loses its data: it may have requests under way", () => {
  const expectations = {
    isCalm: false,
    movesSlots: false,
    tagCount: 0,
    isWeak: false,
    mediumShare: 0,
    largeShare: 0,
  };
  const keep = <Key>(key: Key) => ({ key, isSpoilt: false });
  const identity = { client: 1, keyPrefix: "test" };
  const keys = new OwnKeys(new Random(1), identity, expectations, keep, keep);
  const givenUp = keys.registers.pick();
  givenUp.wrote(givenUp.next(1));
  while (!givenUp.isWorn) givenUp.mayHaveWritten(givenUp.next(1));
  while (keys.registers.keys.includes(givenUp)) keys.registers.pick();
  assertEquals(givenUp.canBe(ABSENT), false);
  keys.forget();
  assertEquals(givenUp.canBe(ABSENT), true);
  const next = keys.registers.pick();
  next.wrote(next.next(1));
  assertEquals(next.canBe(ABSENT), false);
});

Deno.test("a value with a single other byte is nobody's", () => {
  const tag = { client: 12, key: 3, number: 45 };
  for (const length of [1, 40, 1_000, 200_000]) {
    const value = makeValue(tag, length);
    assertEquals(readValue(value), tag);
    assertEquals(readValue(value.subarray(0, value.length - 1)), null);
    value[value.length - 1]! ^= 1;
    assertEquals(readValue(value), null);
  }
});
