/**
 * What going over from npm to JSR would change: prints the lines of `deno.json` as they would be, and changes
 * nothing. With `--write` it changes them; `deno check` then tells whether JSR's packages fit.
 *
 * @module
 */

/** JSR's package and version for what npm's copy of the standard library stands in for, by the name in `deno.json`. */
const packages: Readonly<Record<string, string>> = {
  "@std/cli": "jsr:@std/cli@^1/parse-args",
  "@std/text": "jsr:@std/text@^1",
  "@std/yaml": "jsr:@std/yaml@^1/parse",
  "@logtape/logtape": "jsr:@logtape/logtape@^2",
  valibot: "jsr:@valibot/valibot@^1",
};

/** The text of `deno.json` with JSR's packages, and what has changed: pairs of lines. */
export function toJsr(text: string): { text: string; changes: readonly [string, string][] } {
  const changes: [string, string][] = [];
  const lines = text.split("\n").map((line) => {
    const [, name] = /^ {4}"([^"]+)": "npm:[^"]*",?$/.exec(line) ?? [];
    const target = name === undefined ? undefined : packages[name];
    if (target === undefined) return line;
    const changed = line.replace(/"npm:[^"]*"/, JSON.stringify(target));
    changes.push([line.trim(), changed.trim()]);
    return changed;
  });
  return { text: lines.join("\n"), changes };
}

if (import.meta.main) {
  const file = new URL("../deno.json", import.meta.url);
  const { text, changes } = toJsr(await Deno.readTextFile(file));
  for (const [before, after] of changes) console.log(`- ${before}\n+ ${after}`);
  if (Deno.args.includes("--write")) await Deno.writeTextFile(file, text);
}
