/**
 * `deno task compile:check`: whether a compiled binary holds every module that a worker runs, and all that the
 * dashboard's page loads, for machines that cannot download the runtime part of `deno compile`. The deno program itself stands in for that part, so
 * the binary cannot run as aster, but what is embedded can be looked up.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { reachableFrom } from "../tests/support/rules/import_rules.ts";
import { readRepository } from "../tests/support/rules/repository.ts";
import { preactSource, uplotSource, uplotStyle } from "../deps.ts";
import { compile, WORKER_MODULE } from "./compile.ts";

async function main(): Promise<number> {
  const directory = await Deno.makeTempDir({ prefix: "aster-compile-" });
  try {
    const output = `${directory}/aster`;
    const code = await compile(output, ["--no-check"], { DENORT_BIN: Deno.execPath() });
    if (code !== 0) return code;
    const binary = Buffer.from((await Deno.readFile(output)).buffer);
    // What is embedded comes behind the program.
    return report(binary.subarray((await Deno.stat(Deno.execPath())).size));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Looks for the text of each module; sources are embedded as they are. */
function report(embedded: Buffer): number {
  const files = readRepository();
  const modules = reachableFrom(WORKER_MODULE, files);
  const needed = files.filter((file) => modules.has(file.path));
  const missing = needed.filter((file) => !embedded.includes(Buffer.from(file.text)));
  for (const { path } of missing) console.error(`Not embedded: ${path}`);
  const found = needed.length - missing.length;
  console.log(`${found} of the ${needed.length} modules that a worker runs are embedded`);
  const lost = Object.entries(pageTexts()).filter(([, text]) =>
    !embedded.includes(Buffer.from(text))
  );
  for (const [name] of lost) console.error(`Not embedded: ${name} of the dashboard`);
  return missing.length === 0 && lost.length === 0 && found > 1 ? 0 : 1;
}

/** What the dashboard's page loads, by its name. */
function pageTexts(): Record<string, string> {
  const own = (name: string) =>
    Deno.readTextFileSync(new URL(`../src/supervisor/dashboard/${name}`, import.meta.url));
  return {
    "page.js": own("page.js"),
    "page.css": own("page.css"),
    "preact.js": preactSource,
    "uplot.js": uplotSource,
    "uplot.css": uplotStyle,
  };
}

if (import.meta.main) Deno.exit(await main());
