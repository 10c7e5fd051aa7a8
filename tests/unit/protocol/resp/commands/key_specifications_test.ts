/**
 * Specifications are read from records; `tests/servers/redis_command_test.ts` compares them with a server's.
 *
 * @module
 */
import {
  areMovable,
  columnsOf,
  parseSpecifications,
} from "../../../../../src/protocol/resp/commands/key_specifications.ts";
import { assertEquals, assertThrows } from "../../../../deps.ts";

Deno.test("each form of a specification is read", () => {
  const parse = (text: string) => parseSpecifications(text)[0]!;
  const one = { last: 0, step: 1, limit: 0 };
  assertEquals(parse("RO access: 1"), {
    flags: ["RO", "access"],
    start: { index: 1 },
    range: one,
  });
  assertEquals(parse("OW: 1 to -1 step 2").range, { last: -1, step: 2, limit: 0 });
  assertEquals(parse("RO: 2 counted").range, { countedStep: 1 });
  assertEquals(parse("OW update: 1 counted step 2").range, { countedStep: 2 });
  assertEquals(parse("RO: 1 to +1").range, { ...one, last: 1 });
  assertEquals(parse("RO: STREAMS from 4 to -1 limit 2"), {
    flags: ["RO"],
    start: { keyword: "STREAMS", startFrom: 4 },
    range: { last: -1, step: 1, limit: 2 },
  });
  assertEquals(parse("OW update: unknown"), {
    flags: ["OW", "update"],
    start: null,
    range: null,
  });
  assertEquals(parseSpecifications(""), []);
  assertThrows(() => parse("RO 1"), Error, '"RO 1"');
});

Deno.test("columns are the keys with a fixed place from the first on, without a gap", () => {
  const cases: [string, number[]][] = [
    ["", [0, 0, 0]],
    ["RO: 2", [2, 2, 1]],
    ["RO: 1 to -2", [1, -2, 1]],
    ["OW: 1 to -1 step 2", [1, -1, 2]],
    ["RO: 1 to +1", [1, 2, 1]],
    ["RW: 1, RW: 2", [1, 2, 1]],
    ["OW: 2, RO: 3 to -1", [2, -1, 1]],
    ["OW: 1, RO: 2 counted", [1, 1, 1]],
    ["RO: 1, OW: STORE from 5", [1, 1, 1]],
    ["RO: 2 counted", [0, 0, 0]],
    ["RO: 1, RO: 4", [1, 1, 1]],
  ];
  for (const [text, expected] of cases) {
    const { firstKey, lastKey, keyStep } = columnsOf(parseSpecifications(text));
    assertEquals([firstKey, lastKey, keyStep], expected, text);
  }
});

Deno.test("keys are movable where one of the specifications has no fixed place", () => {
  const movable = [
    "",
    "RO: 1, RO: 2 to -1",
    "RO: 1 counted",
    "RO: 1, OW: unknown",
    "RO: KEYS from 1",
  ];
  assertEquals(movable.map((text) => areMovable(parseSpecifications(text))), [
    ...[false, false, true, true, true],
  ]);
});
