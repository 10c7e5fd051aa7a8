import { USAGE } from "../../../src/cli_flags.ts";
import { clusterKeys, runtimeKeys } from "../../../src/config/schema.ts";
import {
  CONFIGURATION_DOCUMENT,
  renderConfigurationDocument,
} from "../../../tasks/configuration_doc.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../../deps.ts";

const written = Deno.readTextFileSync(
  new URL(`../../../${CONFIGURATION_DOCUMENT}`, import.meta.url),
);
/** As it should be: what is wrong with the page that is there, one test says. */
const page = renderConfigurationDocument(written);

/** The cells of a key's line in the tables of keys. */
function cellsOf(key: string): string[] {
  const line = page.split("\n").find((one) => one.startsWith(`| \`${key}\` `));
  if (line === undefined) throw new Error(`no line for ${key}`);
  return line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim());
}

Deno.test("the page of the configuration is what the code says; if not, run deno task docs", () => {
  assertEquals(written, page);
});

Deno.test("the page has every key once, in the table of its table", () => {
  const keysBetween = (start: string, end: string) =>
    [...page.slice(page.indexOf(start), page.indexOf(end)).matchAll(/^\| `(\w+)`/gm)]
      .map((match) => match[1]!);
  const cluster = keysBetween("<!-- clusters: made", "<!-- end of clusters");
  const runtime = keysBetween("<!-- runtime: made", "<!-- end of runtime");
  assertEquals(cluster, Object.keys(clusterKeys));
  assertEquals(runtime, Object.keys(runtimeKeys));
});

Deno.test("a key's line says what its row says", () => {
  assertEquals(cellsOf("dial_timeout"), [
    ...["`dial_timeout`", "integer, ms", "500", "1 to 3600000", "all"],
    "Longest time for connecting to a backend, handshake included.",
  ]);
  assertEquals(cellsOf("password").slice(1, 5), [
    ...["string or strings, secret", "none"],
    ...["a string of 1 to 512 characters, or a list of these", "all"],
  ]);
  assertEquals(
    cellsOf("backend_queue_soft_bytes")[2],
    "`max_backend_queue_bytes` if that is less, else 4194304 (4 MiB)",
  );
  assertEquals(
    cellsOf("deny_commands")[3],
    'an array of names and categories of commands, such as `["config\\|set", "@dangerous"]`',
  );
  assertEquals(
    cellsOf("tls")[3],
    'a table such as `{ cert = "tls.crt", key = "tls.key" }`, or `false`',
  );
  assertEquals(cellsOf("metrics")[3], "`host:port`, a port, or `off`; a number from 1 to 65535");
});

Deno.test("a key's line says when another value takes effect, where that is not at once", () => {
  const cases: [key: string, note: string][] = [
    ["hash", " _Reload: new connections._"],
    ["tls", " _Reload: new connections, certificates at once._"],
    ["password", " _Reload: as `auth`._"],
    ["io", " _Reload: next start._"],
  ];
  for (const [key, note] of cases) assert(cellsOf(key).at(-1)!.endsWith(note), key);
  for (const key of ["auth", "servers", "log_level"]) {
    assert(!cellsOf(key).at(-1)!.includes("_Reload"), key);
  }
});

Deno.test("what is said of each key, flag and variable is sentences", () => {
  const blocks = page.matchAll(/<!-- (?!scopes)\w+: made by deno task docs -->([^]*?)<!-- end of/g);
  const lines = [...blocks].flatMap(([, block]) => block!.match(/^\| `.*/gm) ?? []);
  assert(lines.length > 120);
  for (const line of lines) assertMatch(line, /\| [A-Z`][^|]*(\\\|[^|]*)*\._? +\|$/);
});

Deno.test("what the page says otherwise than the code is written anew, and what it lacks is named", () => {
  const changed = page.replace("| `dial_timeout` ", "| `dial_time` ");
  assertEquals(renderConfigurationDocument(changed), page);
  const without = page.replace("<!-- end of runtime -->", "");
  const error = assertThrows(() => renderConfigurationDocument(without), Error);
  assertEquals(
    error.message,
    "Cannot write docs/configuration.md: expected <!-- runtime: made by deno task docs --> and then <!-- end of runtime -->",
  );
});

Deno.test("the page tells of every sub-command, and of the flags of each", () => {
  const list = page.slice(page.indexOf("The first word may be"), page.indexOf("Exit codes:"));
  const words = USAGE.slice(USAGE.indexOf("Ask a running proxy"));
  const names = [...words.matchAll(/^ {2}aster (\w+)/gm)].map((match) => match[1]!);
  assertEquals(new Set(names).size, 9);
  for (const name of names) assert(list.includes(`\`${name}\``), name);
  for (const [flag] of words.matchAll(/--[a-z]+(-[a-z]+)*/g)) assert(list.includes(flag), flag);
});
