import { INVALID_KIND, kindOf, REQUEST_KINDS } from "../../../src/observe/request_kinds.ts";
import { CommandFlag } from "../../../src/protocol/command_table.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("the kind of a request is what its command's flags say of data", () => {
  const named = (row: { flags: number } | null) => REQUEST_KINDS[kindOf(row)];
  const { Read, Write, Barrier, Script } = CommandFlag;
  assertEquals([named({ flags: Read }), named({ flags: Read | Barrier })], ["read", "read"]);
  assertEquals([named({ flags: Write }), named({ flags: Write | Script })], ["write", "write"]);
  assertEquals([named({ flags: 0 }), named({ flags: Barrier | Script })], ["other", "other"]);
  assertEquals([named(null), REQUEST_KINDS[INVALID_KIND]], ["invalid", "invalid"]);
});
