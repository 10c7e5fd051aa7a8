import { Imported, timeoutMs } from "../../../src/import/imported.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("what was imported is written as TOML, the process's own settings first and only where there are any", () => {
  const imported = new Imported();
  imported.clusters.push({ name: "a", servers: ["h:1"] });
  assertEquals(imported.toml(), '[[clusters]]\nname = "a"\nservers = [ "h:1" ]\n');
  imported.runtime.metrics = "off";
  assertEquals(imported.toml().startsWith('[runtime]\nmetrics = "off"\n'), true);
});

Deno.test("timeouts are kept within what the configuration takes", () => {
  assertEquals([0, 0.4, 12.6, 1e9].map(timeoutMs), [1, 1, 13, 3_600_000]);
});
