import { assert, assertEquals } from "../../deps.ts";
import { CpuMeter, residentBytes } from "../../../src/supervisor/process_usage.ts";

Deno.test("CpuMeter averages over the time since the last sample, at least a second", () => {
  let cpuUs = 4_000_000;
  let nowMs = 1_000;
  const meter = new CpuMeter(() => cpuUs, () => nowMs);
  cpuUs += 500_000;
  nowMs += 999;
  assertEquals(meter.percent(), 0);
  nowMs += 1_001;
  assertEquals(meter.percent(), 25);
  cpuUs += 3_000_000;
  nowMs += 500;
  assertEquals(meter.percent(), 25);
  nowMs += 1_500;
  assertEquals(meter.percent(), 150);
});

Deno.test("residentBytes() is the memory of the process", () => {
  assert(residentBytes() > 10_000_000);
});
