import { assertEquals } from "../../deps.ts";
import { formatClock, readCounts, readSeeds, reportLines } from "../../../tasks/test_report.ts";

Deno.test("counts come from the last summary line", () => {
  assertEquals(readCounts("a ... ok (1ms)\n\nok | 12 passed | 0 failed (31ms)\n"), {
    passed: 12,
    failed: 0,
  });
  assertEquals(readCounts("FAILED | 2 passed (3 steps) | 1 failed | 1 ignored (9ms)\n"), {
    passed: 2,
    failed: 1,
  });
  assertEquals(readCounts("ok | 1 passed (1 step) | 0 failed (9ms)\n"), { passed: 1, failed: 0 });
  assertEquals(readCounts("error: Module not found\n"), null);
});

Deno.test("seeds are found wherever they were printed", () => {
  assertEquals(readSeeds("x\nring: ASTER_TEST_SEED=17\nfoo\n"), ["ring: ASTER_TEST_SEED=17"]);
  assertEquals(readSeeds("nothing"), []);
});

Deno.test("the report names the slowest and what failed, and ends with the sums, alone in the last line", () => {
  const runs = [
    { name: "fast", passed: 3, failed: 0, durationMs: 120, notes: [] },
    { name: "slow", passed: 2, failed: 1, durationMs: 12_345, notes: [] },
  ];
  assertEquals(reportLines(runs, 187_000), [
    "The slowest:",
    "   12.3 s  slow",
    "    0.1 s  fast",
    "",
    "Took 3:07",
    "FAILED slow",
    "5 passed, 1 failed",
  ]);
});

Deno.test("the report does not name hundreds of files", () => {
  const runs = Array.from({ length: 100 }, (_, index) => ({
    ...{ name: `file ${index}`, passed: 1, failed: 0, durationMs: index, notes: [] },
  }));
  const lines = reportLines(runs, 0);
  assertEquals(lines[1], "    0.1 s  file 99");
  assertEquals(lines.filter((line) => line.includes("file")).length, 20);
  assertEquals(lines.at(-1), "100 passed, 0 failed");
});

Deno.test("a clock has minutes and seconds", () => {
  assertEquals([0, 59_999, 187_000].map(formatClock), ["0:00", "0:59", "3:07"]);
});
