import { assertEquals } from "../../deps.ts";
import { Histogram } from "../../../src/observe/histogram.ts";

Deno.test("Histogram counts a value in the first bucket whose bound is not below it", () => {
  const histogram = new Histogram([10, 100]);
  for (const value of [0, 10, 11, 100, 101, 5_000]) histogram.observe(value);
  assertEquals([...histogram.counts], [2, 2, 2]);
  assertEquals(histogram.sum, 5_222);
});
