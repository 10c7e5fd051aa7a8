/**
 * What a client may ask for before it has logged in, over all rows.
 *
 * @module
 */
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import { LoginGuard, STRANGER_REQUEST_BYTES_MAX } from "../../../../src/redis/login/login_guard.ts";
import { DELAY_FIRST_MS, Penalties } from "../../../../src/redis/login/penalties.ts";
import { Verdict } from "../../../../src/session/features.ts";
import { ManualClock } from "../../../support/manual_clock.ts";
import { frameOf, LocalRigClient } from "../../../support/local_rig.ts";
import { assertEquals } from "../../../deps.ts";

function createGuard(penalties = new Penalties()): LoginGuard {
  return new LoginGuard(new LocalRigClient(), new ManualClock(), penalties);
}

Deno.test("four commands pass, all others are told to log in", () => {
  const passed: string[] = [];
  const guard = createGuard();
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
  const guard = createGuard();
  assertEquals([guard.requestBytesMax, guard.inputEnded()], [STRANGER_REQUEST_BYTES_MAX, false]);
});

Deno.test("an address that guessed wrong has to wait, on any connection; then it is asked again", () => {
  const penalties = new Penalties();
  const client = new LocalRigClient();
  const clock = new ManualClock();
  const guard = new LoginGuard(client, clock, penalties);
  const { frame } = frameOf(["AUTH", "x"]);
  assertEquals(guard.admit(client, frame), Verdict.Pass);
  penalties.add(client.peerAddress, clock.nowMs);
  assertEquals(guard.admit(client, frame), Verdict.Wait);
  clock.advance(DELAY_FIRST_MS - 1);
  assertEquals(client.parsedOn, 0);
  clock.advance(1);
  assertEquals([client.parsedOn, guard.admit(client, frame)], [1, Verdict.Pass]);
});
