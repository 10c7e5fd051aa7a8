import { ChangeLog, CHANGES_MAX, describeFinding } from "../../../src/supervisor/change_log.ts";
import type { SharedState } from "../../../src/worker/messages.ts";
import { assertEquals } from "../../deps.ts";

function ejected(...addresses: string[]): SharedState {
  return { kind: "ejected", cluster: "c", addresses };
}

function slots(...ranges: [first: number, last: number, master: string][]): SharedState {
  return {
    kind: "slots",
    cluster: "c",
    ranges: ranges.map(([first, last, master]) => ({ first, last, master, replicas: [] })),
    masters: [],
  };
}

Deno.test("the last changes are kept, latest first", () => {
  const changes = new ChangeLog(() => 0);
  for (let count = 1; count <= CHANGES_MAX + 5; count++) changes.add("c", `change ${count}`);
  assertEquals(changes.entries().length, CHANGES_MAX);
  assertEquals(changes.entries()[0], {
    time: "1970-01-01T00:00:00.000Z",
    cluster: "c",
    text: "change 55",
  });
  changes.add("", "x".repeat(1_000));
  assertEquals(changes.entries()[0]!.text.length, 500);
});

Deno.test("servers that are ejected or back are named", () => {
  assertEquals(describeFinding(undefined, ejected("a:1")), ["a:1 is ejected: its pings fail"]);
  assertEquals(describeFinding(ejected("a:1", "b:1"), ejected("b:1", "c:1")), [
    "c:1 is ejected: its pings fail",
    "a:1 is back",
  ]);
  assertEquals(describeFinding(ejected("a:1"), ejected("a:1")), []);
});

Deno.test("of a slot map it is said who owns slots, and how many moved", () => {
  const map = slots([0, 8_191, "a:1"], [8_192, 16_383, "b:1"]);
  assertEquals(describeFinding(undefined, map), ["slot map known: 2 masters"]);
  assertEquals(describeFinding(map, map), []);
  const moved = slots([0, 8_190, "a:1"], [8_191, 8_191, "c:1"], [8_192, 16_383, "c:1"]);
  assertEquals(describeFinding(map, moved), [
    "c:1 owns slots",
    "b:1 owns no slots any more",
    "8193 slots changed owners",
  ]);
  assertEquals(describeFinding(map, slots([0, 16_382, "a:1"])).at(-1), "8192 slots changed owners");
});

Deno.test("other findings are no changes", () => {
  const nodes: SharedState = {
    kind: "nodes",
    cluster: "c",
    out: new Set(),
    latencies: new Map(),
    zones: new Map(),
  };
  assertEquals(describeFinding(undefined, nodes), []);
});
