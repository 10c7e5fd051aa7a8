import {
  BackendDurations,
  COMMAND_SERIES_MAX,
  countOf,
  DURATION_BOUNDS_MS,
  type DurationsSnapshot,
  gatherDurations,
  percentileMs,
  readSeriesKey,
  SERIES_NUMBERS,
  SeriesBudget,
  sumDurations,
} from "../../../src/observe/durations.ts";
import { Histogram } from "../../../src/observe/histogram.ts";
import { assert, assertEquals } from "../../deps.ts";

const GET = { name: "get", index: 0 };
const SET = { name: "set", index: 1 };

/** What has been counted, and the sum, of each series. */
function shown({ keys, values }: DurationsSnapshot): Record<string, [count: number, sum: number]> {
  return Object.fromEntries(keys.map((key, index) => {
    const numbers = values.subarray(index * SERIES_NUMBERS, (index + 1) * SERIES_NUMBERS);
    return [key, [countOf(numbers), numbers.at(-1)!]];
  }));
}

Deno.test("a request counts for its command, and its parts for the queue and the server", () => {
  const budget = new SeriesBudget();
  const durations = new BackendDurations("10.0.0.1:6379", budget, new Histogram([1_000]));
  durations.record(GET, 100, 101, 104);
  durations.record(GET, 100, 101, 104);
  durations.record(SET, 100, 100, 110);
  const snapshot = gatherDurations([durations], budget);
  assertEquals(shown(snapshot), {
    "queue  10.0.0.1:6379": [3, 2],
    "server  10.0.0.1:6379": [3, 16],
    "request get 10.0.0.1:6379": [2, 8],
    "request set 10.0.0.1:6379": [1, 10],
  });
  assertEquals(readSeriesKey(snapshot.keys[2]!), {
    kind: "request",
    command: "get",
    backend: "10.0.0.1:6379",
  });
  assertEquals(budget.used, 2);
});

Deno.test("probes are apart from requests, and answers to requests and waits are counted", () => {
  const budget = new SeriesBudget();
  const durations = new BackendDurations("a:1", budget, new Histogram([1_000]));
  durations.recordProbe("connect", 3);
  durations.recordProbe("heartbeat", 1);
  durations.recordProbe("connect", 5);
  assertEquals(durations.answeredCount, 0);
  assertEquals(shown(gatherDurations([durations], budget)), {
    "probe connect a:1": [2, 8],
    "probe heartbeat a:1": [1, 1],
  });
  assertEquals(budget.used, 0);
  durations.record(GET, 0, 1, 2);
  durations.recordWait("blpop", 2_000);
  assertEquals(durations.answeredCount, 2);
});

Deno.test("what clients wait for on purpose is in no other time, and counts without other requests", () => {
  const budget = new SeriesBudget();
  const remoteTimer = new Histogram([1_000]);
  const durations = new BackendDurations("a:1", budget, remoteTimer);
  durations.recordWait("blpop", 2_000);
  durations.recordWait("brpop", 5);
  assertEquals(shown(gatherDurations([durations], budget)), {
    "blocking brpop a:1": [1, 5],
    "blocking blpop a:1": [1, 2_000],
  });
  durations.record(GET, 0, 1, 2);
  assertEquals(shown(gatherDurations([durations], budget)), {
    "blocking brpop a:1": [1, 5],
    "blocking blpop a:1": [1, 2_000],
    "queue  a:1": [1, 1],
    "server  a:1": [1, 1],
    "request get a:1": [1, 2],
  });
  assertEquals([budget.used, remoteTimer.sum], [3, 1_000]);
});

Deno.test("the time at servers is that of the cluster, too, in microseconds", () => {
  const remoteTimer = new Histogram([1_000]);
  const durations = new BackendDurations("a:1", new SeriesBudget(), remoteTimer);
  durations.record(GET, 0, 1, 2);
  durations.record(GET, 0, 1, 2);
  durations.record(GET, 0, 1, 5);
  assertEquals([...remoteTimer.counts], [2, 0]);
  gatherDurations([durations], new SeriesBudget());
  assertEquals([[...remoteTimer.counts], remoteTimer.sum], [[2, 1], 6_000]);
});

Deno.test("what was never asked has no series, and two tables' commands of one number are apart", () => {
  const budget = new SeriesBudget();
  const durations = new BackendDurations("a:1", budget, new Histogram([1_000]));
  assertEquals(gatherDurations([durations], budget).keys, []);
  durations.record(GET, 0, 0, 1);
  durations.record({ name: "touch", index: 0 }, 0, 0, 1);
  durations.record(GET, 0, 0, 1);
  const found = shown(gatherDurations([durations], budget));
  assertEquals([found["request get a:1"], found["request touch a:1"]], [[2, 2], [1, 1]]);
});

Deno.test("a duration counts below the first bound that is not below it", () => {
  const budget = new SeriesBudget();
  const durations = new BackendDurations("a:1", budget, new Histogram([1_000]));
  for (const bound of [...DURATION_BOUNDS_MS, 60_000]) durations.record(GET, 0, 0, bound);
  const { values } = gatherDurations([durations], budget);
  const server = values.subarray(SERIES_NUMBERS, 2 * SERIES_NUMBERS - 1);
  assertEquals([...server], new Array(DURATION_BOUNDS_MS.length + 1).fill(1));
});

Deno.test("commands beyond the bound share one series a server; gone servers' are free again", () => {
  const budget = new SeriesBudget();
  budget.used = COMMAND_SERIES_MAX - 1;
  const [one, other] = [
    new BackendDurations("a:1", budget, new Histogram([1_000])),
    new BackendDurations("b:1", budget, new Histogram([1_000])),
  ];
  for (const durations of [one, other]) {
    durations.record(GET, 0, 0, 1);
    durations.record(SET, 0, 0, 1);
    durations.record({ name: "del", index: 2 }, 0, 0, 1);
    durations.recordWait("blpop", 1);
    durations.recordWait("brpop", 1);
  }
  const all = gatherDurations([one, other], budget);
  assertEquals(all.keys.filter((key) => key.startsWith("request")), [
    "request other a:1",
    "request get a:1",
    "request other b:1",
  ]);
  assertEquals(shown(all)["request other b:1"], [3, 3]);
  assertEquals(all.keys.filter((key) => key.startsWith("blocking")), [
    "blocking other a:1",
    "blocking other b:1",
  ]);
  assertEquals(shown(all)["blocking other a:1"], [2, 2]);
  assertEquals(budget.used, 1);
});

Deno.test("series add up by name, one that two servers have at one address included", () => {
  const budget = new SeriesBudget();
  const parts = ["a:1", "a:1", "b:1"].map((address) => {
    const durations = new BackendDurations(address, budget, new Histogram([1_000]));
    durations.record(GET, 0, 1, 3);
    return durations;
  });
  const sum = sumDurations([gatherDurations(parts, budget), gatherDurations(parts, budget)]);
  assertEquals(shown(sum)["request get a:1"], [4, 12]);
  assertEquals(shown(sum)["queue  b:1"], [2, 2]);
  assertEquals(new Set(sum.keys).size, sum.keys.length);
});

Deno.test("a percentile is within the bucket of the true one", () => {
  const budget = new SeriesBudget();
  const durations = new BackendDurations("a:1", budget, new Histogram([1_000]));
  const times = Array.from({ length: 1_000 }, (_, index) => (index + 1) / 10);
  for (const time of times) durations.record(GET, 0, 0, time);
  const { values } = gatherDurations([durations], budget);
  const server = values.subarray(SERIES_NUMBERS, 2 * SERIES_NUMBERS);
  for (const share of [0.01, 0.5, 0.9, 0.99, 1]) {
    const truth = times[Math.ceil(share * times.length) - 1]!;
    const bucket = DURATION_BOUNDS_MS.findIndex((bound) => truth <= bound);
    const found = percentileMs(server, share);
    assert(found <= DURATION_BOUNDS_MS[bucket]! && found >= (DURATION_BOUNDS_MS[bucket - 1] ?? 0));
  }
  assert(Math.abs(percentileMs(server, 0.5) - 50) <= 0.2);
  assertEquals(percentileMs(new Float64Array(SERIES_NUMBERS), 0.5), 0);
  const late = new Float64Array(SERIES_NUMBERS);
  late[SERIES_NUMBERS - 2] = 1;
  assertEquals(percentileMs(late, 0.5), 10_000);
});
