import { CATEGORIES, categoriesOf } from "../../../../../src/protocol/resp/commands/categories.ts";
import { assert, assertEquals } from "../../../../deps.ts";

Deno.test("categories are those of the name and those that follow from the flags", () => {
  const cases: [string, string, string][] = [
    ["get", "readonly fast", "@read @string @fast"],
    ["blpop", "write noscript blocking", "@write @list @slow @blocking"],
    ["eval_ro", "readonly noscript", "@slow @scripting"],
    ["acl|load", "admin noscript", "@admin @slow @dangerous"],
    ["publish", "pubsub fast", "@pubsub @fast"],
    ["keys", "readonly", "@keyspace @read @slow @dangerous"],
    ["of.a.module", "", "@slow"],
  ];
  for (const [name, flags, categories] of cases) {
    assertEquals(categoriesOf(name, flags.split(" ")).join(" "), categories, name);
  }
});

Deno.test("none is left out of the order", () => {
  assert(new Set(CATEGORIES).size === 21);
});
