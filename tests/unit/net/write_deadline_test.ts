import type { IoEngine, Socket } from "../../../src/net/io_engine.ts";
import { isWriteOverdue } from "../../../src/net/write_deadline.ts";
import { assertEquals } from "../../deps.ts";

function overdueAt(nowMs: number, writingSinceMs: number, delayMs = 0): boolean {
  const engine = { writeDelayMs: () => delayMs } as unknown as IoEngine;
  return isWriteOverdue({ writingSinceMs } as Socket, engine, nowMs, 1000);
}

Deno.test("a write is overdue when it has had no progress for longer than the timeout", () => {
  assertEquals([overdueAt(2000, 1000), overdueAt(2001, 1000)], [false, true]);
  assertEquals(overdueAt(1_000_000, 0), false, "none is under way");
});

Deno.test("what the engine itself needs for a write is not held against the other side", () => {
  assertEquals([overdueAt(2500, 1000, 500), overdueAt(2501, 1000, 500)], [false, true]);
});
