import { assertEquals } from "../../deps.ts";
import { Histogram } from "../../../src/observe/histogram.ts";

Deno.test("Histogram counts a value in the first bucket whose bound is not below it", () => {
  const histogram = new Histogram([10, 100]);
  for (const value of [0, 10, 11, 100, 101, 5_000]) histogram.observe(value);
  assertEquals([...histogram.counts], [2, 2, 2]);
  assertEquals(histogram.sum, 5_222);
});

Deno.test("Histogram counts equal values in a row each, whenever it is read", () => {
  const histogram = new Histogram([10, 100]);
  for (let count = 0; count < 3; count++) histogram.observe(20);
  assertEquals(histogram.sum, 60);
  histogram.observe(20);
  assertEquals([...histogram.counts], [0, 4, 0]);
  histogram.observe(5);
  histogram.observe(20);
  assertEquals([[...histogram.counts], histogram.sum], [[1, 5, 0], 105]);
});
