import { Action } from "../../../../../src/protocol/command_table.ts";
import {
  binaryRows,
  loudOf,
  operationOf,
  PacketForm,
  packetFormOf,
  rowOf,
} from "../../../../../src/protocol/memcache/binary/commands.ts";
import { assertEquals } from "../../../../deps.ts";

Deno.test("each operation has its row, and each row its operation", () => {
  for (const row of binaryRows) assertEquals(rowOf(operationOf(row)), row);
  assertEquals([rowOf(0x1f), rowOf(0x30), rowOf(0xff)], [null, null, null]);
  assertEquals(rowOf(0x1b), null, "Verbosity, which memcached does not know");
  assertEquals(binaryRows.length, 35);
});

Deno.test("the quiet form of an operation has the same form and action", () => {
  let count = 0;
  for (const row of binaryRows) {
    const loud = loudOf(operationOf(row));
    if (loud < 0) continue;
    count += 1;
    const other = rowOf(loud)!;
    assertEquals(row.name, `${other.name}q`);
    assertEquals(
      [row.action, row.flags, packetFormOf(row)],
      [other.action, other.flags, packetFormOf(other)],
    );
  }
  assertEquals(count, 13);
  // Quitting quietly is answered by nothing, whatever a server would say.
  assertEquals(loudOf(0x17), -1);
});

Deno.test("what is forwarded has a key", () => {
  for (const row of binaryRows) {
    assertEquals(row.firstKey, row.action === Action.Forward ? 1 : 0);
  }
  assertEquals(packetFormOf(rowOf(0x10)!), PacketForm.OptionalKey);
});
