/**
 * ACL LOG: what is alike is one entry, and there are only so many.
 *
 * @module
 */
import {
  DenialLog,
  denialsReply,
  ENTRIES_MAX,
  GROUPING_MS,
  type LoggedDenial,
} from "../../../../src/redis/access/denial_log.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";

const KEY: LoggedDenial = { reason: "key", context: "toplevel", object: "k", username: "a" };
const describe = () => "id=1";

Deno.test("what is alike within a minute is counted, and moves to the front", () => {
  const log = new DenialLog();
  log.add(KEY, 1_000, describe);
  log.add({ ...KEY, reason: "channel" }, 1_001, describe);
  log.add({ ...KEY, username: "b" }, 1_002, describe);
  log.add(KEY, 1_003, describe);
  assertEquals(log.entries.map(({ reason, username, count }) => [reason, username, count]), [
    ["key", "a", 2],
    ["key", "b", 1],
    ["channel", "a", 1],
  ]);
  log.add(KEY, 1_001 + GROUPING_MS, describe);
  assertEquals(log.entries.map(({ count }) => count), [1, 2, 1, 1]);
  log.reset();
  assertEquals(log.entries, []);
});

Deno.test("the oldest go, and long objects are clipped", () => {
  const log = new DenialLog();
  for (let index = 0; index < ENTRIES_MAX + 5; index++) {
    const long = `${index}${"x".repeat(1_000)}`;
    log.add({ ...KEY, object: long, username: long }, 1_000, describe);
  }
  assertEquals(log.entries.length, ENTRIES_MAX);
  const { object, username } = log.entries[0]!;
  assertEquals([object.length, username.length], [256, 256]);
  assertMatch(log.entries.at(-1)!.object, /^5x/);
});

Deno.test("the reply has the latest of all workers first, keys byte by byte", () => {
  const log = new DenialLog();
  log.add({ ...KEY, object: "\u00ff" }, 1_000, describe);
  log.add({ ...KEY, object: "two" }, 3_000, describe);
  const reply = denialsReply(log.entries, 1, 3_500, 2);
  const text = new TextDecoder("latin1").decode(reply);
  assertMatch(text, /^\*1\r\n\*20\r\n\$5\r\ncount\r\n:1\r\n/);
  assertMatch(text, /two/);
  assertMatch(text, /age-seconds\r\n\$5\r\n0\.500\r\n/);
  const all = new TextDecoder("latin1").decode(denialsReply(log.entries, 10, 3_500, 3));
  assertMatch(all, /^\*2\r\n%10\r\n/);
  assertMatch(all, /\$1\r\n\u00ff\r\n/);
});
