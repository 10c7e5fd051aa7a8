import { type DurationsSnapshot, SERIES_NUMBERS } from "../../../src/observe/durations.ts";
import { SeriesBound } from "../../../src/supervisor/series_bound.ts";
import { assert, assertEquals } from "../../deps.ts";
import { snapshot } from "./snapshots.ts";

/** Series that have each counted one request. */
function durations(...keys: string[]): DurationsSnapshot {
  const values = new Float64Array(keys.length * SERIES_NUMBERS);
  keys.forEach((_, index) => values[index * SERIES_NUMBERS] = 1);
  return { keys, values };
}

function shown(bound: SeriesBound, ...keys: string[]): string[] {
  return bound.bound([snapshot("c", { durations: durations(...keys) })])
    .map(({ kind, command, backend, numbers }) => `${kind} ${command} ${backend} ${numbers[0]}`);
}

Deno.test("below the bound every series stands for itself", () => {
  const keys = ["queue  a:1", "server  a:1", "request get a:1", "request set a:1"];
  assertEquals(shown(new SeriesBound(10), ...keys), keys.map((key) => `${key} 1`));
});

Deno.test("commands beyond it are one series a server, and which these are stays", () => {
  const bound = new SeriesBound(4);
  const first = ["request get a:1", "request get b:1"];
  assertEquals(shown(bound, ...first), first.map((key) => `${key} 1`));
  const later = ["request set a:1", "request del a:1", "request other b:1", ...first];
  assertEquals(shown(bound, ...later), [
    "request other a:1 2",
    "request other b:1 1",
    "request get a:1 1",
    "request get b:1 1",
  ]);
});

Deno.test("what is gone makes room", () => {
  const bound = new SeriesBound(3);
  shown(bound, "request get a:1", "request set a:1");
  assertEquals(shown(bound, "request get a:1", "request del a:1"), [
    "request get a:1 1",
    "request del a:1 1",
  ]);
});

Deno.test("more servers than series are one series a cluster, and nothing is lost", () => {
  const keys = Array.from({ length: 50 }, (_, index) => [
    `queue  s${index}:1`,
    `request get s${index}:1`,
  ]).flat();
  const lines = shown(new SeriesBound(20), ...keys);
  assertEquals(lines.toSorted(), ["queue  other 50", "request other other 50"]);
});

Deno.test("however many there are, the bound holds for each metric", () => {
  const keys = Array.from(
    { length: 1_000 },
    (_, backend) => ["get", "set", "del"].map((command) => `request ${command} s${backend}:1`),
  ).flat();
  const series = new SeriesBound().bound([snapshot("c", { durations: durations(...keys) })]);
  assert(series.length <= 2_000, String(series.length));
  assertEquals(series.reduce((sum, { numbers }) => sum + numbers[0]!, 0), keys.length);
});
