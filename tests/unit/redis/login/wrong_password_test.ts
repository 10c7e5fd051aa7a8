/**
 * The reply to a wrong password comes when it is due.
 *
 * @module
 */
import { WrongPassword } from "../../../../src/redis/login/wrong_password.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("it comes when it is due, once", () => {
  const client = new LocalRigClient();
  const wrong = new WrongPassword(client.answerLater(), 500);
  assertEquals([wrong.onTick(499), client.replies.length], [true, 0]);
  assertEquals([wrong.onTick(500), client.replies.length], [false, 1]);
});

Deno.test("a client that left is forgotten", () => {
  const client = new LocalRigClient();
  const late = client.answerLater();
  late.reply(new Uint8Array(0), 0, 0);
  assertEquals(new WrongPassword(late, 0).onTick(0), false);
});
