/**
 * The reply to a wrong password comes later each time, up to a limit.
 *
 * @module
 */
import {
  DELAY_FIRST_MS,
  DELAY_MAX_MS,
  WrongPassword,
} from "../../../../src/redis/login/wrong_password.ts";
import { LocalRigClient } from "../../../support/local_rig.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("delays double up to the longest", () => {
  for (
    const [failureCount, delayMs] of [
      [1, DELAY_FIRST_MS],
      [2, 2 * DELAY_FIRST_MS],
      [6, DELAY_MAX_MS],
      [1000, DELAY_MAX_MS],
    ] as const
  ) {
    const client = new LocalRigClient();
    const wrong = new WrongPassword(client.answerLater(), 500, failureCount);
    assertEquals([wrong.onTick(500 + delayMs - 1), client.replies.length], [true, 0]);
    assertEquals([wrong.onTick(500 + delayMs), client.replies.length], [false, 1]);
  }
});

Deno.test("a client that left is forgotten", () => {
  const client = new LocalRigClient();
  const late = client.answerLater();
  late.reply(new Uint8Array(0), 0, 0);
  assertEquals(new WrongPassword(late, 0, 1).onTick(0), false);
});
