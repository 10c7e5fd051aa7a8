/**
 * What the benchmark makes of CPU times and counters.
 *
 * @module
 */
import { counterBetween } from "../../bench/metrics.ts";
import { cpuBetween, type CpuSample, sampleCpu } from "../../bench/process_usage.ts";
import { assert, assertEquals } from "../deps.ts";

function sample(
  userTicks: number,
  systemTicks: number,
  threads: Record<string, number>,
): CpuSample {
  return { userTicks, systemTicks, runNsByThread: new Map(Object.entries(threads)) };
}

Deno.test("nanoseconds of all threads are taken where they agree with the ticks", () => {
  const before = sample(100, 50, { "1": 1.2e9, "2": 0.3e9 });
  const after = sample(160, 90, { "1": 2.0e9, "2": 0.4e9, "3": 0.104e9 });
  const use = cpuBetween(before, after);
  assertEquals(use.userSeconds, 0.6);
  assertEquals(use.systemSeconds, 0.4);
  assertEquals(use.totalSeconds.toFixed(6), "1.004000");
  assertEquals(use.isTicked, false);
});

Deno.test("ticks are taken where a thread that ended took its time with it", () => {
  const before = sample(100, 50, { "1": 1.2e9, "2": 0.3e9 });
  const after = sample(160, 90, { "1": 1.9e9 });
  assertEquals(cpuBetween(before, after).totalSeconds, 1);
  assertEquals(cpuBetween(before, after).isTicked, true);
});

Deno.test({
  name: "the CPU time of a real process grows with its work",
  // There is no /proc elsewhere.
  ignore: Deno.build.os !== "linux",
  fn: () => {
    const before = sampleCpu(Deno.pid);
    const endsAtMs = performance.now() + 60;
    while (performance.now() < endsAtMs) Math.sqrt(endsAtMs);
    const { totalSeconds } = cpuBetween(before, sampleCpu(Deno.pid));
    assert(totalSeconds > 0 && totalSeconds < 10, `${totalSeconds} s`);
  },
});

Deno.test("a counter is summed over its labels, and a missing one is no number", () => {
  const before = 'a_total{cluster="x"} 3\na_total{cluster="y"} 4\na_total_more 99\n';
  const after = 'a_total{cluster="x"} 10\na_total{cluster="y"} 4\na_total_more 99\n';
  assertEquals(counterBetween("a_total", before, after), 7);
  assertEquals(counterBetween("a", before, after), NaN);
});
