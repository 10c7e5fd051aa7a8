/**
 * What a client may ask for before it has logged in, over all rows.
 *
 * @module
 */
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import { LoginGuard, STRANGER_REQUEST_BYTES_MAX } from "../../../../src/redis/login/login_guard.ts";
import { Verdict } from "../../../../src/session/features.ts";
import { frameOf, LocalRigClient } from "../../../support/local_rig.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("four commands pass, all others are told to log in", () => {
  const passed: string[] = [];
  const guard = new LoginGuard();
  for (const row of respCommands.rows) {
    const client = new LocalRigClient();
    const words = [row.name, ...Array.from({ length: Math.abs(row.arity) - 1 }, () => "0")];
    const { frame } = frameOf(words);
    if (frame.row === null) continue;
    if (guard.admit(client, frame) === Verdict.Pass) passed.push(row.name);
    else assertEquals(client.replies, ["-NOAUTH Authentication required.\r\n"]);
  }
  assertEquals(passed.sort(), ["auth", "hello", "quit", "reset"]);
});

Deno.test("its requests are bounded, and it has nothing due when it leaves", () => {
  const guard = new LoginGuard();
  assertEquals([guard.requestBytesMax, guard.inputEnded()], [STRANGER_REQUEST_BYTES_MAX, false]);
});
