/**
 * CLUSTER SLOT-STATS: what masters tell of their slots, put together.
 *
 * @module
 */
import {
  readOrder,
  slotStatisticsAnswer,
  SlotStatisticsMerge,
} from "../../../../src/redis/server/slot_statistics.ts";
import { FeatureScene, requestsIn } from "../../../support/rigs/feature_scene.ts";
import { localRequest, textOf } from "../../../support/rigs/local_rig.ts";
import { assertEquals } from "../../../deps.ts";

/** One slot as servers tell it in RESP2, or as a map in RESP3. */
function entry(slot: number, keys: number, usec: number, version = 2): string {
  const map = version === 2 ? "*4" : "%2";
  return `*2\r\n:${slot}\r\n${map}\r\n$9\r\nkey-count\r\n:${keys}\r\n$8\r\ncpu-usec\r\n:${usec}\r\n`;
}

function replyOf(backend: string, ...entries: string[]): { backend: string; bytes: Uint8Array } {
  const bytes = new TextEncoder().encode(`*${entries.length}\r\n${entries.join("")}`);
  return { backend, bytes };
}

/** What a merge makes of replies, in turns of so many pieces. */
function mergeStatistics(
  replies: readonly ReturnType<typeof replyOf>[],
  order: ReturnType<typeof readOrder>,
  ownerOf: () => string,
  pieces = 7,
): { merged: Uint8Array; strange: string | null } {
  const told: { merged: Uint8Array; strange: string | null }[] = [];
  const merge = new SlotStatisticsMerge(replies, order, ownerOf, (merged, strange) => {
    told.push({ merged: merged ?? new Uint8Array(0), strange });
  });
  while (merge.work(pieces) >= pieces) assertEquals(told, []);
  assertEquals(told.length, 1);
  return told[0]!;
}

/** The slots of the merged reply, in its order. */
function slotsOf(replies: ReturnType<typeof replyOf>[], words: string, owner = "a"): number[] {
  const { merged, strange } = mergeStatistics(replies, readOrder(words.split(" ")), () => owner);
  assertEquals(strange, null);
  return [...textOf(merged).matchAll(/\*2\r\n:(\d+)/g)].map(([, slot]) => Number(slot));
}

const REPLIES = [
  replyOf("a", entry(1, 5, 10), entry(7, 2, 30)),
  replyOf("b", entry(0, 5, 20), entry(3, 9, 0)),
];

Deno.test("a range of slots is in the order of their numbers, each entry as it came", () => {
  const order = readOrder(["SLOTSRANGE", "0", "7"]);
  const { merged } = mergeStatistics(REPLIES, order, () => "a");
  const [one, seven, zero, three] = [
    entry(1, 5, 10),
    entry(7, 2, 30),
    entry(0, 5, 20),
    entry(3, 9, 0),
  ];
  assertEquals(textOf(merged), `*4\r\n${zero}${one}${three}${seven}`);
});

Deno.test("slots are ordered by one statistic over all servers, equal ones by their numbers", () => {
  assertEquals(slotsOf(REPLIES, "ORDERBY KEY-COUNT"), [3, 0, 1, 7]);
  assertEquals(slotsOf(REPLIES, "orderby key-count ASC"), [7, 0, 1, 3]);
  assertEquals(slotsOf(REPLIES, "ORDERBY cpu-usec LIMIT 2 DESC"), [7, 0]);
  assertEquals(slotsOf(REPLIES, "ORDERBY cpu-usec asc limit 1"), [3]);
});

Deno.test("maps of RESP3 are read as well", () => {
  const replies = [replyOf("a", entry(1, 5, 0, 3)), replyOf("b", entry(0, 6, 0, 3))];
  assertEquals(slotsOf(replies, "ORDERBY KEY-COUNT"), [0, 1]);
});

Deno.test("of a slot that two servers tell of, its owner's entry counts", () => {
  const replies = [replyOf("a", entry(4, 1, 0)), replyOf("b", entry(4, 2, 0))];
  for (const [owner, keys] of [["a", 1], ["b", 2], ["c", 1]] as const) {
    const { merged } = mergeStatistics(replies, readOrder(["SLOTSRANGE", "0", "9"]), () => owner);
    assertEquals(textOf(merged), `*1\r\n${entry(4, keys, 0)}`, owner);
  }
});

Deno.test("a reply of another form is known, and whose it is", () => {
  for (
    const text of [
      ":1\r\n",
      "*1\r\n:1\r\n",
      "*1\r\n*2\r\n:16384\r\n*0\r\n",
      "*1\r\n*2\r\n:1\r\n$1\r\nx\r\n",
    ]
  ) {
    const strange = { backend: "b", bytes: new TextEncoder().encode(text) };
    const order = readOrder(["ORDERBY", "key-count"]);
    assertEquals(mergeStatistics([REPLIES[0]!, strange], order, () => "a").strange, "b", text);
  }
});

Deno.test("a turn reads no more slots than it has pieces for", () => {
  const entries = Array.from({ length: 1_000 }, (_, slot) => entry(slot, slot, 0));
  let told = 0;
  const merge = new SlotStatisticsMerge(
    [replyOf("a", ...entries)],
    readOrder([]),
    () => "a",
    () => {
      told += 1;
    },
  );
  let turns = 1;
  while (merge.work(400) >= 400) turns += 1;
  assertEquals([turns, told], [11, 1]);
});

Deno.test("all masters are asked in the client's words, and an error of one is the answer", async () => {
  using scene = new FeatureScene(() => []);
  const line = "CLUSTER SLOT-STATS SLOTSRANGE 0 9";
  assertEquals(
    slotStatisticsAnswer(scene.context, localRequest(scene.client, ...line.split(" "))),
    null,
  );
  const conns = [await scene.accept(0), await scene.accept(1)];
  assertEquals(conns.map(({ written }) => requestsIn(written)), [[line], [line]]);
  for (const conn of conns) await conn.receives("-ERR unknown subcommand\r\n");
  assertEquals(scene.told(), ["-ERR unknown subcommand"]);
  await scene.ends();
});
