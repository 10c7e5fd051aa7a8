import { assertEquals } from "../../deps.ts";
import { readCounts, readSeeds, reportLines } from "../../../tasks/test_report.ts";

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

Deno.test("the report ends with the sums, alone in the last line", () => {
  const runs = [
    { name: "fast", passed: 3, failed: 0, durationMs: 120 },
    { name: "slow", passed: 2, failed: 1, durationMs: 12_345 },
  ];
  assertEquals(reportLines(runs), [
    "Time per file:",
    "   12.3 s  slow",
    "    0.1 s  fast",
    "",
    "5 passed, 1 failed",
  ]);
});
