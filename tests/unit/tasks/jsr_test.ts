import { toJsr } from "../../../tasks/jsr.ts";
import { assert, assertEquals } from "../../deps.ts";

const manifest = Deno.readTextFileSync(new URL("../../../deno.json", import.meta.url));

Deno.test("every package of the standard library would come from JSR, and nothing else changes", () => {
  const { text, changes } = toJsr(manifest);
  const before = JSON.parse(manifest);
  const after = JSON.parse(text);
  const standard = Object.keys(before.imports).filter((name) => name.startsWith("@std/"));
  assert(standard.length > 0);
  for (const name of standard) {
    assert(after.imports[name].startsWith(`jsr:${name}@`), after.imports[name]);
  }
  assertEquals({ ...after, imports: null }, { ...before, imports: null });
  assertEquals(Object.keys(after.imports), Object.keys(before.imports));
  const changed = Object.keys(before.imports)
    .filter((name) => before.imports[name] !== after.imports[name]);
  assertEquals(changes.length, changed.length);
});
