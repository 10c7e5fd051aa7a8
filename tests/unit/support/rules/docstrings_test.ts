import { findLeaningDocs } from "../../../support/rules/docstrings.ts";
import { assertEquals } from "../../../deps.ts";

function leaningIn(text: string, path = "src/a.ts"): string[] {
  return findLeaningDocs([{ path, text }]);
}

Deno.test("exports are explained by a comment of their own", () => {
  assertEquals(leaningIn("/** Bytes of a line. */\nexport const LINE = 1;\n"), []);
  assertEquals(leaningIn("/**\n * Reads it.\n */\nexport async function read(): void {}\n"), []);
  assertEquals(leaningIn("/** Bytes. */\n// deno-fmt-ignore: a table\nexport const A = 1;\n"), []);
  assertEquals(leaningIn("const A = 1;\nexport * from './b.ts';\n"), []);
});

Deno.test("one that is missing, or leans on another, is found", () => {
  const first = "/** Bytes of a line. */\nexport const LINE = 1;\n";
  assertEquals(leaningIn(`${first}export const B = 2;\n`), [
    "src/a.ts: B has no comment of its own",
  ]);
  assertEquals(leaningIn(`${first}/** The same of a word. */\nexport const B = 2;\n`), [
    'src/a.ts: B: "The same of a word. */"',
  ]);
  assertEquals(leaningIn("/**\n * See {@link Socket}.\n */\nexport class C {}\n"), [
    'src/a.ts: C: "See {@link Socket}."',
  ]);
});
