import { PointCache, POINTS_PER_DIGEST } from "../../../src/router/point_cache.ts";
import { assert, assertEquals, assertThrows } from "../../deps.ts";
import { seededRandom } from "../../support/tools/seed.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** As plain lists. */
function sorted(cache: PointCache, labels: readonly string[], digestCounts: readonly number[]) {
  const { values, ranks } = cache.sortedPoints(labels.map(encode), digestCounts);
  return { values: [...values], ranks: [...ranks] };
}

Deno.test("points are sorted, as many as there are digests of each server, and one above all", () => {
  const { values, ranks } = sorted(new PointCache(), ["a", "b"], [2, 3]);
  assertEquals(values.length, 5 * POINTS_PER_DIGEST + 1);
  assertEquals(values, values.toSorted((one, other) => one - other));
  assertEquals(values.at(-1), 0xffffffff);
  assertEquals(ranks.filter((rank) => rank === 0).length, 2 * POINTS_PER_DIGEST);
  assertEquals(ranks.filter((rank) => rank === 1).length, 3 * POINTS_PER_DIGEST);
});

Deno.test("whatever servers come, leave, weigh and change places, the points are those of a new ring", () => {
  const random = seededRandom("points of rings that change");
  const cache = new PointCache();
  for (let round = 0; round < 300; round++) {
    // Labels of one digest each meet often enough where few servers come and go.
    const names = Array.from({ length: 12 }, (_, index) => `s${index}`)
      .filter(() => random.chance(0.7));
    const labels = random.chance(0.1) ? random.shuffled(names) : names;
    const digestCounts = labels.map(() => random.chance(0.6) ? 4 : random.between(0, 8));
    assertEquals(
      sorted(cache, labels, digestCounts),
      sorted(new PointCache(), labels, digestCounts),
    );
  }
});

Deno.test("equal points stand in the order of the servers, whichever of them came later", () => {
  // Two servers with one label have all points in common.
  const cache = new PointCache();
  sorted(cache, ["a", "x"], [1, 1]);
  for (const labels of [["a", "a", "x"], ["a", "x", "a"], ["x", "a", "a"]]) {
    const counts = labels.map(() => 1);
    const { values, ranks } = sorted(cache, labels, counts);
    assertEquals({ values, ranks }, sorted(new PointCache(), labels, counts));
    const pairs = ranks.flatMap((rank, at) =>
      values[at] === values[at + 1] ? [[rank, ranks[at + 1]!]] : []
    );
    assertEquals(pairs.length, POINTS_PER_DIGEST);
    for (const [first, second] of pairs) assert(first! < second!);
  }
});

Deno.test("labels are told apart by their bytes", () => {
  const cache = new PointCache();
  const labels = [[0xc3, 0xa4], [0xe4], [0x61]].map((bytes) => Uint8Array.from(bytes));
  const { values } = cache.sortedPoints(labels, [1, 1, 1]);
  assertEquals(new Set(values).size, 3 * POINTS_PER_DIGEST + 1);
  assertEquals(cache.size, 3);
});

Deno.test("what no ring has had for long is forgotten", () => {
  const cache = new PointCache();
  const labels = Array.from({ length: 100 }, (_, index) => `s${index}`);
  sorted(cache, labels, labels.map(() => 1));
  sorted(cache, labels.slice(0, 18), new Array(18).fill(1));
  assertEquals(cache.size, 100);
  sorted(cache, labels.slice(0, 2), [1, 1]);
  assertEquals(cache.size, 2);
});

Deno.test("more servers than points can tell are refused", () => {
  const labels = new Array<Uint8Array>(2 ** 20 + 1).fill(encode("a"));
  assertThrows(() => new PointCache().sortedPoints(labels, []), RangeError, "1048577 servers");
});
