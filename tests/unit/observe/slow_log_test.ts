import {
  mergeEntries,
  showBytes,
  showEntry,
  type SlowEntry,
  SlowLog,
} from "../../../src/observe/slow_log.ts";
import { assertEquals } from "../../deps.ts";

function entry(id: number): SlowEntry {
  return {
    id,
    startedAtMs: 0,
    totalUs: 12_000,
    queueUs: 2_000,
    serverUs: 10_000,
    client: 1,
    address: "10.0.0.1:5",
    name: "",
    user: "",
    backend: "10.0.0.2:6379",
    command: "get",
    words: [new TextEncoder().encode("get")],
    failure: "",
  };
}

function ids(entries: readonly SlowEntry[]): number[] {
  return entries.map(({ id }) => id);
}

Deno.test("a log keeps the last entries, as many as it may", () => {
  const log = new SlowLog(3);
  for (let id = 1; id <= 8; id++) log.add(entry(id));
  assertEquals(ids(log.entries()), [6, 7, 8]);
  assertEquals([ids(log.entries(2)), ids(log.entries(0)), log.length], [[7, 8], [], 3]);
  log.lengthMax = 2;
  assertEquals(ids(log.entries()), [7, 8]);
  log.lengthMax = 0;
  log.add(entry(9));
  assertEquals(ids(log.entries()), []);
});

Deno.test("a log that is reset has nothing", () => {
  const log = new SlowLog(3);
  log.add(entry(1));
  log.reset();
  assertEquals(ids(log.entries()), []);
});

Deno.test("the logs of workers are one, latest first", () => {
  assertEquals(ids(mergeEntries([[entry(1), entry(4)], [], [entry(2), entry(3)]], 3)), [4, 3, 2]);
});

Deno.test("an entry is shown by name, with its words as text", () => {
  const { time, words, totalUs } = showEntry({ ...entry(1), isFirst: true });
  assertEquals([time, words, totalUs], ["1970-01-01T00:00:00.000Z", ["get"], 12_000]);
});

Deno.test("bytes that are no text are shown one by one", () => {
  assertEquals(showBytes(new TextEncoder().encode("schlüssel")), "schlüssel");
  assertEquals(showBytes(Uint8Array.of(0x61, 0x5c, 0x0a, 0xff)), "a\\x5c\\x0a\\xff");
});

Deno.test("of those that a worker had answered together one is the first, by server", () => {
  const at = (id: number, endMs: number, backend = "a:1"): SlowEntry => ({
    ...entry(id),
    ...{ startedAtMs: endMs - 150, totalUs: 150_000, backend },
  });
  const merged = mergeEntries([
    [at(1, 1_000), at(2, 1_001), at(3, 1_000, "b:1"), at(5, 1_004), at(7, 1_200)],
    [at(4, 1_002), at(6, 1_002)],
  ], 10);
  assertEquals(merged.filter(({ isFirst }) => isFirst).map(({ id }) => id), [7, 4, 3, 1]);
});
