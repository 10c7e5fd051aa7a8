import { Log, type LogRecord } from "../../../src/observe/log.ts";
import { createMemoryRoom, MemoryRoom } from "../../../src/observe/memory_room.ts";
import {
  MEMORY_LOG_INTERVAL_MS,
  MEMORY_LOOK_INTERVAL_MS,
  MemoryWatch,
} from "../../../src/supervisor/memory_watch.ts";
import { assertEquals } from "../../deps.ts";
import { until } from "../../support/tools/poll.ts";

Deno.test("workers are told while the process takes too much; that is said now and then", async () => {
  const room = new MemoryRoom(createMemoryRoom(1), 0);
  const records: LogRecord[] = [];
  let residentBytes = 90;
  let nowMs = 0;
  const log = new Log("debug", (record) => records.push(record));
  const watch = new MemoryWatch(room, log, () => residentBytes, () => nowMs);
  watch.limit(0);
  residentBytes = 300_000;
  watch.limit(204_800);
  assertEquals([room.limitBytes, room.isShort, records.length], [204_800, true, 1]);
  assertEquals(records[0]!.fields, { residentBytes, bufferedBytes: 0, maxMemoryBytes: 204_800 });
  watch.look();
  assertEquals(records.length, 1);
  nowMs += MEMORY_LOG_INTERVAL_MS;
  watch.look();
  assertEquals(records.length, 2);
  residentBytes = 100_000;
  await until(() => !room.isShort, {
    what: "it looks by itself",
    deadlineMs: 20 * MEMORY_LOOK_INTERVAL_MS,
  });
  residentBytes = 300_000;
  watch.look();
  assertEquals(room.isShort, true);
  watch.limit(0);
  assertEquals([room.isShort, room.limitBytes], [false, 0]);
  watch.stop();
});
