/**
 * Accounts: the right password, and nothing else.
 *
 * @module
 */
import { Accounts } from "../../../../src/redis/login/accounts.ts";
import { assertEquals } from "../../../deps.ts";
import { userWith } from "../../../support/rigs/user_config.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("each user has its password; without a name it is the default user's", () => {
  const accounts = new Accounts([
    userWith("default", "pä ss"),
    userWith("app", "other"),
  ]);
  assertEquals(accounts.areWanted, true);
  assertEquals(accounts.check(null, bytes("pä ss")), "default");
  assertEquals(accounts.check(bytes("default"), bytes("pä ss")), "default");
  assertEquals(accounts.check(bytes("app"), bytes("other")), "app");
  for (const wrong of ["", "pä", "pä ss ", "other"]) {
    assertEquals(accounts.check(null, bytes(wrong)), null);
  }
  assertEquals(accounts.check(bytes("app"), bytes("pä ss")), null);
  assertEquals(accounts.check(bytes("nobody"), bytes("nobody")), null);
  assertEquals(accounts.check(bytes("nobody"), bytes("other")), null);
});

Deno.test("without users the default user is in, with any password", () => {
  const accounts = new Accounts([]);
  assertEquals(accounts.areWanted, false);
  assertEquals(accounts.check(bytes("default"), bytes("any")), "default");
  assertEquals(accounts.check(bytes("app"), bytes("any")), null);
});

Deno.test("without a default user nobody is in without a name", () => {
  const accounts = new Accounts([userWith("app", "other")]);
  assertEquals(accounts.check(null, bytes("other")), null);
});
