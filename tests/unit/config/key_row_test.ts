/**
 * Rows of secrets take text within bounds, and say that it is not to be shown; scopes are those of types.
 *
 * @module
 */
import { valibot } from "../../../deps.ts";
import {
  scopesOf,
  secret,
  SECRET_CHARACTERS_LIMIT,
  secretTable,
} from "../../../src/config/key_row.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("secrets are text of some length, or tables where those are allowed", () => {
  const row = secret("a reason");
  const table = secretTable("a reason");
  assertEquals([row.isSecret, table.isSecret], [true, true]);
  const cases: [value: unknown, isText: boolean, isTable: boolean][] = [
    ["x", true, true],
    ["x".repeat(SECRET_CHARACTERS_LIMIT), true, true],
    ["x".repeat(SECRET_CHARACTERS_LIMIT + 1), false, false],
    ["", false, false],
    [1, false, false],
    [{}, false, true],
  ];
  for (const [value, isText, isTable] of cases) {
    assertEquals(valibot.safeParse(row.schema, value).success, isText);
    assertEquals(valibot.safeParse(table.schema, value).success, isTable);
  }
});

Deno.test("each type of cluster has its keys of placement and of protocol", () => {
  assertEquals(scopesOf("redis"), ["all", "ring", "resp"]);
  assertEquals(scopesOf("redis_cluster"), ["all", "slots", "resp"]);
  assertEquals(scopesOf("memcache"), ["all", "ring", "memcache"]);
});
