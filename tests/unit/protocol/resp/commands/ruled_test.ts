/**
 * Redis's commands as rules see them.
 *
 * @module
 */
import { CATEGORIES } from "../../../../../src/protocol/resp/commands/categories.ts";
import { ruledCommands } from "../../../../../src/protocol/resp/commands/ruled.ts";
import { assertEquals } from "../../../../deps.ts";

Deno.test("all commands are there, those of the configuration too, with subcommands in their commands", () => {
  const own = { name: "own", firstKey: 1, lastKey: 1, keyStep: 1, isRead: true };
  const { all, categories, mayExist, otherCategories } = ruledCommands([own]);
  const names = all.map(({ name }) => name);
  assertEquals(names.filter((name) => name.includes("|")), []);
  assertEquals(all.find(({ name }) => name === "own")!.categories, ["@read", "@slow"]);
  assertEquals(
    all.find(({ name }) => name === "object")!.subcommands.map(({ name }) => name).slice(0, 2),
    ["object|encoding", "object|freq"],
  );
  assertEquals(categories, CATEGORIES);
  assertEquals(otherCategories, ["@read", "@write"]);
  assertEquals([mayExist("json.get"), mayExist("nosuch")], [true, false]);
});
