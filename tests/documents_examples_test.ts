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
import { documentBlocks, inlineCommands } from "./support/rules/document_blocks.ts";
import { CHECK_OPTIONS } from "./unit/config/load_text.ts";

/** A digest that an example leaves out. */
const DIGEST = "0".repeat(64);

/** What a block leaves out that shows only some keys of a cluster. */
const REQUIRED: Readonly<Record<string, string>> = {
  name: '"example"',
  listen_addr: '"127.0.0.1:6390"',
  cache_type: '"redis"',
  servers: '["127.0.0.1:6379:1"]',
};

function blocks(language: string) {
  return documentBlocks.filter((block) => block.language === language);
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

/** A line of commands, without the `$ ` that tells it from what it prints. */
interface CommandLine {
  readonly where: string;
  readonly line: string;
}

/** What a first line begins with where a block is a list of commands. */
const PROGRAMS = ["$", "#", "aster", "cp", "deno", "kill", "npx", "redis-cli", "sed"];

/** Blocks that are neither commands nor files: pictures, what the program prints, and its help. */
const PRINTED = /[─►◄]|^Usage: |^my\.toml: /;

/** The lines of all blocks that are commands, each block of them whole. */
function commandLines(): CommandLine[] {
  const lists = documentBlocks.filter(({ language }) => ["", "sh", "console"].includes(language))
    .filter(({ text }) => PROGRAMS.includes(text.split(/\s/, 1)[0]!));
  return lists.flatMap(({ where, text }) => {
    const lines = text.trimEnd().split("\n");
    const isSession = lines[0]!.startsWith("$ ");
    return lines.filter((line) => isSession ? line.startsWith("$ ") : !line.startsWith("#"))
      .map((line) => ({ where, line: line.replace(/^\$ /, "") }));
  });
}

Deno.test("every language of a block in the documents is one that some test reads", () => {
  // Here; docs/migration.md's, docs/embedding.md's and the units of systemd in other files of tests.
  const read = ["", "sh", "console", "toml", "yaml", "conf", "ts", "ini"];
  const unread = documentBlocks.filter(({ language }) => !read.includes(language));
  assertEquals(unread.map(({ where }) => where), []);
});

Deno.test("every block without a language is commands that are known, or is only to be read", () => {
  const unknown = documentBlocks.filter(({ language, text }) =>
    ["", "sh", "console"].includes(language) && !PRINTED.test(text) &&
    !PROGRAMS.includes(text.split(/\s/, 1)[0]!)
  );
  assertEquals(unknown.map(({ where }) => where), []);
  const lines = commandLines();
  assert(lines.length > 30);
});

Deno.test("every command line of the program in the documents is one that it understands", () => {
  const lines = commandLines().flatMap(({ where, line }) =>
    [...line.matchAll(/(?:deno run (?:\$\(.*\)|-\S+)(?: -\S+)* mod\.ts|\baster) (.*)$/g)]
      .map((match) => ({ where, words: wordsOf(match[1]!) }))
  );
  const wrong = lines.flatMap(({ where, words }) => {
    if (isTool(words[0])) return [];
    const { errors } = isAdminCommand(words[0]) ? parseAdminCall(words) : parseFlags(words);
    return errors.map((error) => `${where}: ${words.join(" ")}: ${error}`);
  });
  assertEquals(wrong, []);
  assert(lines.length > 20);
});

Deno.test("every program of this repository that the documents run is there", () => {
  const lines = [...commandLines(), ...inlineCommands("deno")];
  const named = lines.flatMap(({ where, line }) =>
    [...line.matchAll(/deno run (?:-\S+ )*([\w/]+\.ts)\b/g)].map((match) => ({
      ...{ where, url: new URL(match[1]!, new URL("../", import.meta.url)) },
    }))
  );
  const missing = named.filter(({ url }) => !isFile(url)).map(({ where, url }) =>
    `${where}: ${url}`
  );
  assertEquals(missing, []);
  assert(named.length > 10);
});

function isFile(url: URL): boolean {
  try {
    return Deno.statSync(url).isFile;
  } catch {
    return false;
  }
}

/** The words of a line as a shell cuts them, without what stands behind a `#`, a `|`, a `>` or an `&`. */
function wordsOf(line: string): string[] {
  const command = line.replace(/\s+[#|>&].*$/, "");
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) =>
    match[1] ?? match[2] ?? match[3]!
  );
}
