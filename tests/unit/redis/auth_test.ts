/**
 * AUTH without a configured password, as Redis answers it.
 *
 * @module
 */
import { authAnswer, isUser } from "../../../src/redis/auth.ts";
import { assertEquals, assertMatch } from "../../deps.ts";
import { textOf } from "../../support/local_rig.ts";

Deno.test("the default user has no password: any will do, but not for another user", () => {
  assertEquals(textOf(authAnswer(["AUTH", "default", "any"])), "+OK\r\n");
  assertEquals(
    textOf(authAnswer(["AUTH", "someone", "any"])),
    "-WRONGPASS invalid username-password pair or user is disabled.\r\n",
  );
  assertEquals([isUser("default"), isUser("Default")], [true, false]);
});

Deno.test("a password alone is refused, since none is configured", () => {
  assertMatch(textOf(authAnswer(["AUTH", "any"])), /^-ERR AUTH <password> called without any/);
});

Deno.test("more words than a user and a password are a syntax error", () => {
  assertEquals(textOf(authAnswer(["AUTH", "a", "b", "c"])), "-ERR syntax error\r\n");
});
