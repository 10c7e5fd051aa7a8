/**
 * Examples in documents: each block of configuration is checked as `--check` would, each command line of the program
 * as the program would read it.
 *
 * @module
 */
import { isAdminCommand, parseAdminCall } from "../src/cli_admin.ts";
import { isTool } from "../src/cli_tools.ts";
import { parseFlags } from "../src/cli_flags.ts";
import { formatProblem, loadConfig } from "../src/config/load.ts";
import { assert, assertEquals } from "./deps.ts";
import { readRepository } from "./support/repository.ts";
import { CHECK_OPTIONS } from "./unit/config/load_text.ts";

/** Where examples stand that users follow; decisions and the list of changes tell of other days. */
const documents = readRepository().filter(({ path }) =>
  path.endsWith(".md") && !path.startsWith("docs/decisions/") && path !== "CHANGELOG.md"
);

/** A digest that an example leaves out. */
const DIGEST = "0".repeat(64);

/** What a block leaves out that shows only some keys of a cluster. */
const REQUIRED: Readonly<Record<string, string>> = {
  name: '"example"',
  listen_addr: '"127.0.0.1:6390"',
  cache_type: '"redis"',
  servers: '["127.0.0.1:6379:1"]',
};

interface Example {
  readonly where: string;
  readonly text: string;
}

function blocks(language: string): Example[] {
  return documents.flatMap(({ path, text }) =>
    [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$/gm)].filter((match) =>
      match[2] === language
    )
      .map((match) => {
        const line = text.slice(0, match.index).split("\n").length;
        const indented = new RegExp(`^${match[1]}`, "gm");
        return { where: `${path}:${line}`, text: match[3]!.replace(indented, "") };
      })
  );
}

/** The block as a whole file: keys without a table are those of a cluster, and `…` stands for nothing. */
function wholeFile(text: string): string {
  const shown = text.replaceAll(/^ *…$/gm, "").replaceAll("sha256:…", `sha256:${DIGEST}`);
  if (/^\[\[clusters\]\]/m.test(shown)) return shown;
  const isTable = /^\s*\[(runtime|defaults)\]/.test(shown);
  const missing = Object.entries(REQUIRED)
    .filter(([key]) => isTable || !new RegExp(`^${key}\\s*=`, "m").test(shown))
    .map(([key, value]) => `${key} = ${value}`).join("\n");
  return isTable ? `${shown}\n[[clusters]]\n${missing}\n` : `[[clusters]]\n${missing}\n${shown}`;
}

Deno.test("every block of configuration in the documents is one that --check accepts", () => {
  const found = blocks("toml");
  const wrong = found.flatMap(({ where, text }) => {
    const { problems, warnings } = loadConfig(wholeFile(text), where, CHECK_OPTIONS);
    return [...problems, ...warnings].map((problem) => formatProblem(problem));
  });
  assertEquals(wrong, []);
  assert(found.length > 0);
});

Deno.test("every command line of the program in the documents is one that it understands", () => {
  const lines = [...blocks(""), ...blocks("sh"), ...blocks("console")].flatMap(({ where, text }) =>
    [...text.matchAll(/^(?:\$ )?(?:deno run (?:\$\(.*\)|-\S+)(?: -\S+)* mod\.ts|aster) (.*)$/gm)]
      .map((match) => ({ where, words: wordsOf(match[1]!) }))
  );
  const wrong = lines.flatMap(({ where, words }) => {
    if (isTool(words[0])) return [];
    const { errors } = isAdminCommand(words[0]) ? parseAdminCall(words) : parseFlags(words);
    return errors.map((error) => `${where}: ${words.join(" ")}: ${error}`);
  });
  assertEquals(wrong, []);
  assert(lines.length > 2);
});

/** The words of a line as a shell cuts them, without what stands behind a `#`, a `|`, a `>` or an `&`. */
function wordsOf(line: string): string[] {
  const command = line.replace(/\s+[#|>&].*$/, "");
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) =>
    match[1] ?? match[2] ?? match[3]!
  );
}
