import { SERIES_NUMBERS, seriesKey } from "../../../src/observe/durations.ts";
import { RECENT_MS, RecentDurations } from "../../../src/supervisor/recent_durations.ts";
import { assert, assertEquals } from "../../deps.ts";
import { snapshot } from "./snapshots.ts";

const KEY = seriesKey({ kind: "server", command: "", backend: "a:1" });

/** Requests that took up to 100 µs, and such that took up to 500 ms. */
function counted(quick: number, slow: number) {
  const values = new Float64Array(SERIES_NUMBERS);
  values[0] = quick;
  values[11] = slow;
  return snapshot("c", { durations: { keys: [KEY], values } });
}

Deno.test("percentiles are those of the last seconds, not of all time", () => {
  const recent = new RecentDurations();
  const percentiles = (cluster: ReturnType<typeof counted>) =>
    recent.percentilesOf(cluster).get("a:1");
  recent.look([counted(1_000, 0)], 0);
  assertEquals(percentiles(counted(1_000, 0)), undefined);
  const { p50Us, p99Us } = percentiles(counted(1_000, 100))!;
  assert(p50Us > 250_000 && p99Us > p50Us && p99Us <= 500_000);
  recent.look([counted(1_000, 100)], RECENT_MS);
  recent.look([counted(2_000, 100)], 2 * RECENT_MS);
  assert(percentiles(counted(2_100, 100))!.p99Us <= 100);
});

Deno.test("looking often changes nothing", () => {
  const recent = new RecentDurations();
  recent.look([counted(0, 0)], 0);
  for (let atMs = 0; atMs < RECENT_MS; atMs += 100) recent.look([counted(500, 0)], atMs);
  assert(recent.percentilesOf(counted(500, 0)).has("a:1"));
});

Deno.test("a server that is new is measured from its first request", () => {
  const recent = new RecentDurations();
  recent.look([snapshot("c")], 0);
  assert(recent.percentilesOf(counted(1, 0)).has("a:1"));
});
