import { CATEGORIES, categoriesOf } from "../../../../../src/protocol/resp/commands/categories.ts";
import { assert, assertEquals } from "../../../../deps.ts";

Deno.test("categories are those of the name and those that follow from the flags", () => {
  const cases: [string, string, string][] = [
    ["@string", "readonly fast", "@read @string @fast"],
    ["@list", "write noscript blocking", "@write @list @slow @blocking"],
    ["@scripting", "readonly noscript", "@slow @scripting"],
    ["", "admin noscript", "@admin @slow @dangerous"],
    ["", "pubsub fast", "@pubsub @fast"],
    ["@keyspace @dangerous", "readonly", "@keyspace @read @slow @dangerous"],
    ["", "", "@slow"],
  ];
  for (const [named, flags, categories] of cases) {
    assertEquals(categoriesOf(named, flags.split(" ")).join(" "), categories, `${named}, ${flags}`);
  }
});

Deno.test("none is left out of the order", () => {
  assert(new Set(CATEGORIES).size === 21);
});
