import { highBits, lowBits, mixBits } from "../../../src/observe/key_mix.ts";
import { assert, assertEquals } from "../../deps.ts";

Deno.test("a key is two numbers of 32 bits", () => {
  const key = 0x0102_0304_8506_0708n;
  assertEquals([highBits(key), lowBits(key)], [0x01020304, 0x85060708 | 0]);
  assertEquals([highBits(-1n), lowBits(-1n)], [-1, -1]);
});

Deno.test("each bit of a key counts, and neighbours are spread", () => {
  const seen = new Set(Array.from({ length: 64 }, (_, bit) => mixBits(1n << BigInt(bit))));
  assertEquals(seen.size, 64);
  const buckets = new Array<number>(256).fill(0);
  for (let key = 0n; key < 65_536n; key++) buckets[mixBits(key) & 255]! += 1;
  assert(buckets.every((count) => count > 128 && count < 512), `${buckets}`);
});
