/**
 * The proxy's own words about transactions.
 *
 * @module
 */
import {
  EXEC_ABORT,
  EXEC_MOVED,
  execNull,
  isExecAbort,
  QUEUE_MOVED,
} from "../../../../src/redis/transaction/replies.ts";
import { textOf } from "../../../support/rigs/local_rig.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("an aborted EXEC is told by its code", () => {
  assertEquals([EXEC_ABORT, EXEC_MOVED].map((reply) => isExecAbort(reply, 0)), [true, true]);
  assertEquals(isExecAbort(QUEUE_MOVED, 0), false);
  assertEquals(isExecAbort(new Uint8Array([0x2d]), 0), false);
});

Deno.test("an EXEC that did not run is a null in either version", () => {
  assertEquals([execNull(2), execNull(3)].map(textOf), ["*-1\r\n", "_\r\n"]);
});
