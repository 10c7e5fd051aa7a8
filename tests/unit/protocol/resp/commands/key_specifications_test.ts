/**
 * Specifications are read from their table; `tests/servers/redis_command_test.ts` compares them with a server's.
 *
 * @module
 */
import {
  keySpecifications,
  parseSpecification,
} from "../../../../../src/protocol/resp/commands/key_specifications.ts";
import { respCommands } from "../../../../../src/protocol/resp/commands/mod.ts";
import { subcommandArities } from "../../../../../src/protocol/resp/commands/subcommands.ts";
import { assert, assertEquals, assertThrows } from "../../../../deps.ts";

Deno.test("each form of a specification is read", () => {
  const one = { last: 0, step: 1, limit: 0 };
  assertEquals(parseSpecification("RO access: 1"), {
    flags: ["RO", "access"],
    start: { index: 1 },
    range: one,
  });
  assertEquals(parseSpecification("OW: 1 to -1 step 2").range, { last: -1, step: 2, limit: 0 });
  assertEquals(parseSpecification("RO: 2 counted").range, "counted");
  assertEquals(parseSpecification("RO: 1 to +1").range, { ...one, last: 1 });
  assertEquals(parseSpecification("RO: STREAMS from 4 to -1 limit 2"), {
    flags: ["RO"],
    start: { keyword: "STREAMS", startFrom: 4 },
    range: { last: -1, step: 1, limit: 2 },
  });
  assertEquals(parseSpecification("OW update: unknown"), {
    flags: ["OW", "update"],
    start: null,
    range: null,
  });
  assertThrows(() => parseSpecification("RO 1"), Error, '"RO 1"');
});

Deno.test("all are of commands or subcommands in the tables", () => {
  const names = new Set(respCommands.rows.map(({ name }) => name));
  for (const name of keySpecifications.keys()) {
    assert(names.has(name) || subcommandArities.has(name), name);
  }
});
