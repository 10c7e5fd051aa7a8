import { alignColumns } from "../../../tasks/markdown_table.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("columns are as wide as their widest cell", () => {
  assertEquals(
    alignColumns([["a", "bcd"], ["ef", ""]]),
    "| a  | bcd |\n| -- | --- |\n| ef |     |\n",
  );
});
