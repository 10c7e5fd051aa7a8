import { assert, assertEquals, assertThrows, fc } from "../../deps.ts";
import { NO_SHARD, SlotMap } from "../../../src/router/slot_map.ts";
import type { SlotRange } from "../../../src/worker/messages.ts";
import { seededRandom } from "../../support/tools/seed.ts";

function range(first: number, last: number, master: string, ...replicas: string[]): SlotRange {
  return { first, last, master, replicas };
}

const thirds = [
  range(0, 5460, "a:1", "a:2"),
  range(5461, 10922, "b:1", "b:2", "b:3"),
  range(10923, 16383, "c:1"),
];

/** Master of each slot, "" in gaps. */
function masters(map: SlotMap): string[] {
  return Array.from({ length: 16_384 }, (_, slot) => {
    const shard = map.shardAt(slot);
    return shard === NO_SHARD ? "" : map.masterOf(shard);
  });
}

Deno.test("an empty map has no shard, no range and no address", () => {
  const map = new SlotMap();
  assertEquals([map.shardAt(0), map.shardAt(16_383)], [NO_SHARD, NO_SHARD]);
  assertEquals([map.shardLimit, map.toRanges(), map.addresses()], [0, [], new Set()]);
});

Deno.test("a slot leads to its master and replicas", () => {
  const map = SlotMap.fromRanges(thirds);
  for (
    const [slot, master] of [[0, "a:1"], [5460, "a:1"], [5461, "b:1"], [16383, "c:1"]] as const
  ) {
    assertEquals(map.masterOf(map.shardAt(slot)), master);
  }
  assertEquals(map.replicasOf(map.shardAt(6000)), ["b:2", "b:3"]);
  assertEquals(map.replicasOf(map.shardAt(12000)), []);
  assertEquals(map.shardLimit, 3);
  assertEquals(map.addresses(), new Set(["a:1", "a:2", "b:1", "b:2", "b:3", "c:1"]));
});

Deno.test("ranges come back in order, gaps left out, neighbours joined", () => {
  const map = SlotMap.fromRanges([
    range(300, 399, "b:1"),
    range(50, 99, "a:1", "a:2"),
    range(0, 49, "a:1", "a:2"),
    range(100, 100, "b:1"),
    range(200, 200, "", "x:1"),
  ]);
  assertEquals(map.toRanges(), [
    range(0, 99, "a:1", "a:2"),
    range(100, 100, "b:1"),
    range(300, 399, "b:1"),
  ]);
  assertEquals(map.shardAt(200), NO_SHARD);
  assertEquals(map.shardAt(101), NO_SHARD);
  assertEquals(map.addresses(), new Set(["a:1", "a:2", "b:1"]));
});

Deno.test("the later of overlapping ranges counts, and an empty master clears", () => {
  const map = SlotMap.fromRanges([
    range(0, 100, "a:1"),
    range(10, 20, "b:1"),
    range(15, 15, ""),
    range(30, 40, "a:1", "a:2", "a:2"),
  ]);
  assertEquals(map.toRanges(), [
    range(0, 9, "a:1"),
    range(10, 14, "b:1"),
    range(16, 20, "b:1"),
    range(21, 29, "a:1"),
    range(30, 40, "a:1", "a:2"),
    range(41, 100, "a:1"),
  ]);
});

Deno.test("slots outside 0 to 16383 are refused", () => {
  for (const [first, last] of [[-1, 3], [0, 16_384], [5, 4], [0.5, 3], [NaN, 3]] as const) {
    assertThrows(() => SlotMap.fromRanges([range(first, last, "a:1")]), RangeError, "16383");
  }
  const map = SlotMap.fromRanges(thirds);
  assertThrows(() => map.setOwner(16_384, "a:1"), RangeError, "16384");
  assertThrows(() => map.setOwner(-1, "a:1"), RangeError, "-1");
  assertThrows(() => map.setOwner(3, ""), RangeError, "slot 3");
  assertEquals(map.toRanges(), thirds);
});

Deno.test("a slot that moves to a known master joins its shard", () => {
  const map = SlotMap.fromRanges(thirds);
  const shard = map.setOwner(7, "b:1");
  assertEquals(shard, map.shardAt(6000));
  assertEquals(map.shardAt(7), shard);
  assertEquals(map.replicasOf(shard), ["b:2", "b:3"]);
  assertEquals(map.toRanges().slice(0, 3), [
    range(0, 6, "a:1", "a:2"),
    range(7, 7, "b:1", "b:2", "b:3"),
    range(8, 5460, "a:1", "a:2"),
  ]);
});

Deno.test("a slot that moves to an unknown master gets a shard without replicas", () => {
  const map = SlotMap.fromRanges(thirds);
  const shard = map.setOwner(7, "d:1");
  assertEquals([map.masterOf(shard), map.replicasOf(shard)], ["d:1", []]);
  assertEquals(map.setOwner(8, "d:1"), shard);
  assertEquals(map.shardLimit, 4);
  assert(map.addresses().has("d:1"));
});

Deno.test("a replica that takes over is a master of its own", () => {
  const map = SlotMap.fromRanges(thirds);
  const shard = map.setOwner(0, "a:2");
  assertEquals([map.masterOf(shard), map.replicasOf(shard)], ["a:2", []]);
  assertEquals(map.masterOf(map.shardAt(1)), "a:1");
});

Deno.test("a shard that lost its last slot is forgotten and its number used again", () => {
  const map = SlotMap.fromRanges([range(0, 0, "a:1", "a:2"), range(1, 1, "b:1")]);
  const left = map.shardAt(0);
  map.setOwner(0, "b:1");
  assertEquals(map.addresses(), new Set(["b:1"]));
  assertEquals(map.masterOf(left), "");
  assertEquals(map.setOwner(9, "c:1"), left);
  assertEquals(map.masterOf(left), "c:1");
  assertEquals(map.replicasOf(map.setOwner(0, "a:1")), []);
});

Deno.test("redirects to ever new addresses do not make the map grow", () => {
  const map = SlotMap.fromRanges(thirds);
  for (let i = 0; i < 100_000; i++) map.setOwner(i & 3, `n${i}:1`);
  assert(map.shardLimit <= 3 + 4 + 1, `${map.shardLimit} shards`);
  assertEquals(map.addresses().size, 6 + 4);
});

Deno.test("every slot can have a master of its own", () => {
  const map = SlotMap.fromRanges(thirds);
  for (let slot = 0; slot < 16_384; slot++) map.setOwner(slot, `n${slot}:1`);
  for (let slot = 0; slot < 16_384; slot++) map.setOwner(slot, `m${slot}:1`);
  assertEquals(masters(map), Array.from({ length: 16_384 }, (_, slot) => `m${slot}:1`));
  assert(map.shardLimit <= 16_384 + 3, `${map.shardLimit} shards`);
});

Deno.test("maps are compared by address, not by number or order", () => {
  const map = SlotMap.fromRanges(thirds);
  const reordered = SlotMap.fromRanges([thirds[2]!, range(5461, 10922, "b:1", "b:3", "b:2")]);
  assert(map.differsInMasters(reordered));
  for (let slot = 0; slot <= 5460; slot++) reordered.setOwner(slot, "a:1");
  assert(!map.differsInMasters(reordered));
  assert(!reordered.differsInMasters(map));
  assert(map.differs(reordered), "replica a:2 is missing");
  assert(!map.differs(SlotMap.fromRanges([...thirds].reverse())));
});

Deno.test("one slot that moves, comes or goes is a difference", () => {
  for (const slot of [0, 5460, 5461, 16_383]) {
    const map = SlotMap.fromRanges(thirds);
    map.setOwner(slot, slot === 0 ? "c:1" : "a:9");
    assert(map.differsInMasters(SlotMap.fromRanges(thirds)), `slot ${slot} moved`);
    const gap = SlotMap.fromRanges([...thirds, range(slot, slot, "")]);
    assert(gap.differsInMasters(SlotMap.fromRanges(thirds)), `slot ${slot} came`);
    assert(SlotMap.fromRanges(thirds).differsInMasters(gap), `slot ${slot} went`);
  }
  assert(!new SlotMap().differs(new SlotMap()));
});

Deno.test("a map agrees with a plain table under random changes", () => {
  const slot = fc.oneof(fc.nat(40), fc.integer({ min: 16_350, max: 16_383 }));
  const address = fc.constantFrom("a:1", "b:1", "c:1", "d:1");
  const ranges = fc.array(fc.tuple(slot, slot, fc.oneof(address, fc.constant(""))), {
    maxLength: 8,
  });
  const moves = fc.array(fc.tuple(slot, address), { maxLength: 60 });
  const agrees = fc.property(ranges, moves, (ranges, moves) => {
    const table = new Array<string>(16_384).fill("");
    const map = SlotMap.fromRanges(ranges.map(([one, other, master]) => {
      const [first, last] = [Math.min(one, other), Math.max(one, other)];
      table.fill(master, first, last + 1);
      return range(first, last, master);
    }));
    for (const [slot, master] of moves) {
      map.setOwner(slot, master);
      table[slot] = master;
    }
    assertEquals(masters(map), table);
    assertEquals(map.addresses(), new Set(table.filter((master) => master !== "")));
    const copy = SlotMap.fromRanges(map.toRanges());
    assertEquals(copy.toRanges(), map.toRanges());
    assert(!copy.differs(map));
  });
  fc.assert(agrees, { numRuns: 60, seed: seededRandom("slot map by table").seed | 0 });
});
