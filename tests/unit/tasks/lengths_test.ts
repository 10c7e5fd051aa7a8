import { longestLines } from "../../../tasks/lengths.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("long files and functions are listed, the longest first", () => {
  const body = "  one();\n".repeat(80);
  const files = [
    { path: "a.ts", text: "one();\n".repeat(401) },
    { path: "b.ts", text: `export function long(): void {\n${body}}\n` },
    { path: "c.ts", text: "one();\n".repeat(400) },
  ];
  assertEquals(longestLines(files), [
    "   401  a.ts",
    "    82  b.ts:1: export function long(): void {",
  ]);
});
