import { PointCache } from "../../../src/router/point_cache.ts";
import { assertEquals, assertStrictEquals } from "../../deps.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("points are computed once, and again where more are wanted, with the same beginning", () => {
  const cache = new PointCache();
  const few = cache.pointsOf(encode("a"), 2);
  assertEquals(few.length, 8);
  assertStrictEquals(cache.pointsOf(encode("a"), 2), few);
  assertStrictEquals(cache.pointsOf(encode("a"), 1), few);
  const more = cache.pointsOf(encode("a"), 3);
  assertEquals([more.length, more.slice(0, 8)], [12, few]);
});

Deno.test("labels are told apart by their bytes", () => {
  const cache = new PointCache();
  const points = [[0xc3, 0xa4], [0xe4], [0x61]].map((bytes) =>
    cache.pointsOf(Uint8Array.from(bytes), 1).join()
  );
  assertEquals(new Set(points).size, 3);
});

Deno.test("what no ring has had for long is forgotten", () => {
  const cache = new PointCache();
  for (let index = 0; index < 100; index++) cache.pointsOf(encode(`s${index}`), 1);
  cache.madeOf(Array.from({ length: 18 }, (_, index) => encode(`s${index}`)));
  assertEquals(cache.size, 100);
  cache.madeOf([encode("s1"), encode("s2")]);
  assertEquals(cache.size, 2);
});
