import { findUnusedNames } from "../../../support/rules/unused_names.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("names that only their table, comments or tests have are found", () => {
  const files = [
    { path: "src/table.ts", text: "export const rows = { used: 1, forgotten: 2, told: 3 };\n" },
    { path: "src/user.ts", text: "// told\nmetrics.used += 1;\n" },
    { path: "tests/user.ts", text: "forgotten();\n" },
  ];
  const names = ["used", "forgotten", "told"];
  assertEquals(findUnusedNames(files, names, /^src\/table\.ts$/), ["forgotten", "told"]);
});
