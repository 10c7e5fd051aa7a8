/**
 * The tidy test: what the repository promises about itself, and no other tool checks. Each test lists every
 * breach at once.
 *
 * @module
 */
import { assertEquals } from "./deps.ts";
import { clusterReload, runtimeReload } from "../src/config/reload.ts";
import { BACKEND_COUNTS, CLUSTER_COUNTS } from "../src/observe/metric_table.ts";
import { respDescriptions } from "../src/protocol/resp/commands/mod.ts";
import { findCommandLists } from "./support/rules/command_lists.ts";
import { findLeaningDocs } from "./support/rules/docstrings.ts";
import {
  findForbiddenImports,
  findImportCycles,
  reachableFrom,
} from "./support/rules/import_rules.ts";
import { readRepository, withoutComments } from "./support/rules/repository.ts";
import { findMissingTests, findStrayTests } from "./support/rules/test_pairing.ts";
import { findUnusedNames } from "./support/rules/unused_names.ts";

const files = readRepository();
const code = files.filter((file) => file.path.endsWith(".ts"));
const sources = code.filter((file) => file.path.startsWith("src/") || file.path === "mod.ts");

/** Folders whose code is pure: bytes in, bytes out. */
const PURE_FOLDERS = /^src\/(protocol|hash|bytes|router|request)\//;
/** Folders on the data path that leave sockets and waiting to `src/net/`. */
const SYNCHRONOUS_FOLDERS = /^src\/(protocol|hash|bytes|router|request|session|redis|memcached)\//;

/** One line for each match of `pattern` in a text. */
function occurrences(path: string, text: string, pattern: RegExp): string[] {
  const found: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (pattern.test(line)) found.push(`${path}:${index + 1}: ${line.trim()}`);
  }
  return found;
}

Deno.test("every import follows the table", () => {
  assertEquals(findForbiddenImports(code), []);
});

Deno.test("no imports of what runs go in a circle", () => {
  assertEquals(findImportCycles(code), []);
});

Deno.test("a worker runs no external package and no code of the supervisor", () => {
  const reached = reachableFrom("src/worker/thread_entry.ts", files);
  const allowed = /^src\/(?!supervisor\/|cli|embed)|^node:(crypto|process|tls)$/;
  const outside = [...reached].filter(([path]) => !allowed.test(path));
  assertEquals(outside.map(([path, importer]) => `${importer} imports ${path}`), []);
});

Deno.test("commands of Redis are named in their records, and nowhere else in lists or comparisons", () => {
  const names = new Set([...respDescriptions.keys()].filter((name) => !name.includes("|")));
  assertEquals(findCommandLists(code, names), []);
});

Deno.test("only src/net and the admin server touch sockets", () => {
  const pattern = /\bDeno\.(listen|connect|serve|startTls|listenTls|connectTls)\b/;
  const allowed = /^src\/(net\/|supervisor\/(http_server|trial_bind)\.ts$)/;
  const users = sources.filter((file) => !allowed.test(file.path));
  assertEquals(
    users.flatMap((file) => occurrences(file.path, withoutComments(file.text), pattern)),
    [],
  );
});

Deno.test("pure code has no Deno, and the data path does not wait", () => {
  const breaches = sources.flatMap((file) => {
    const text = withoutComments(file.text);
    return [
      ...PURE_FOLDERS.test(file.path) ? occurrences(file.path, text, /\bDeno\./) : [],
      ...SYNCHRONOUS_FOLDERS.test(file.path)
        ? occurrences(file.path, text, /(?<![#.\w])(await|async|Promise)\b/)
        : [],
    ];
  });
  assertEquals(breaches, []);
});

/** Who may set timers of the runtime: for a rhythm, a pause or the end of the process, never to judge another side. */
const TIMER_OWNERS = new Set([
  ...["src/clock.ts", "src/backend/health.ts", "src/backend/push_connection.ts"],
  "src/cluster/node_watch.ts",
  ...["src/cluster/slot_fetch.ts", "src/cluster/slot_topology.ts", "src/net/flush_queue.ts"],
  ...["src/router/held_exchanges.ts", "src/router/backup_requests.ts"],
  ...["src/net/deno/deno_listener.ts", "src/net/deno/last_accepts.ts"],
  "src/net/epoll/epoll_listener.ts",
  ...["src/net/deno/deno_channel.ts", "src/net/epoll/descriptor_channel.ts"],
  ...[
    "src/observe/flood_guard.ts",
    "src/supervisor/admin_server.ts",
    "src/supervisor/dashboard/dashboard.ts",
    "src/supervisor/dashboard/event_streams.ts",
    "src/supervisor/file_watch.ts",
  ],
  ...[
    "src/supervisor/log_writer.ts",
    "src/supervisor/memory_watch.ts",
    "src/supervisor/silence_watch.ts",
    "src/net/epoll/thread_remains.ts",
    "src/supervisor/proxy.ts",
    "src/supervisor/supervisor.ts",
  ],
  "src/supervisor/runtime_debugger.ts",
  // The pace of a screen.
  "src/cli_top.ts",
]);

Deno.test("deadlines are on the clock, which does not count time in which the process stood still", () => {
  const others = sources.filter((file) => !TIMER_OWNERS.has(file.path));
  const timers = /(?<![#.\w])(setTimeout|setInterval)\(/;
  assertEquals(
    others.flatMap((file) => occurrences(file.path, withoutComments(file.text), timers)),
    [],
  );
});

Deno.test("every source file with logic has its test, and every test its source", () => {
  assertEquals(findMissingTests(files), []);
  assertEquals(findStrayTests(files), []);
});

Deno.test("every file of code opens by saying what it is for", () => {
  const mute = code.filter((file) =>
    !/_test\.ts$/.test(file.path) &&
    !/^(#!.*\n)?\/\*\*\n(?: \*[^\n]*\n)*? \* @module\n \*\/\n/.test(file.text)
  );
  assertEquals(mute.map((file) => file.path), []);
});

Deno.test("what is exported is explained by its own comment", () => {
  assertEquals(findLeaningDocs(code), []);
});

Deno.test("every key of the configuration is read, and everything with a metric is counted", () => {
  const keys = [clusterReload, runtimeReload].flatMap((rows) => Object.keys(rows));
  assertEquals(findUnusedNames(code, keys, /^src\/config\//), []);
  const counts = [...CLUSTER_COUNTS, ...BACKEND_COUNTS];
  assertEquals(findUnusedNames(code, counts, /^src\/observe\/metric_table\.ts$/), []);
});

Deno.test("no file has a name that says nothing", () => {
  const vague = /(^|\/)(utils?|common|helpers?|misc|types|index|shared|stuff)(\.ts|\/)/;
  assertEquals(code.map((file) => file.path).filter((path) => vague.test(path)), []);
  const cased = code.map((file) => file.path).filter((path) => /[A-Z-]/.test(path));
  assertEquals(cased, [], "names are snake_case");
});

Deno.test("nothing is left to do in comments", () => {
  // Put together, so that this file does not find itself.
  const pattern = new RegExp(`\\b(${["TO", "FIX", "XX"].join("|")})(DO|ME|X)\\b`);
  assertEquals(files.flatMap((file) => occurrences(file.path, file.text, pattern)), []);
});

Deno.test("nothing names the machine it was made on", () => {
  const folders = ["work", "root", "home", "Users", "tmp/brief"].join("|");
  const path = new RegExp(`(^|[\\s"'\`(=:])/(${folders})/`);
  const host = new RegExp(
    `\\b(${["registry", "mirror", "artifactory", "nexus"].join("|")})\\.[a-z]`,
  );
  const breaches = files.flatMap((file) => [
    ...occurrences(file.path, file.text, path),
    ...occurrences(file.path, file.text, host),
  ]);
  assertEquals(breaches, []);
});

Deno.test("no test is singled out, and none is skipped without a reason beside it", () => {
  const tests = code.filter((file) => file.path.startsWith("tests/"));
  const breaches = tests.flatMap((file) => {
    const lines = file.text.split("\n");
    return lines.flatMap((line, index) => {
      const isSingled = new RegExp(`\\.${"only"}\\(|\\b${"only"}: true`).test(line);
      const isSkipped = new RegExp(`\\.${"ignore"}\\(|^\\s*${"ignore"}:`).test(line);
      const hasReason = /\/\//.test(line) || /^\s*\/\//.test(lines[index - 1] ?? "");
      return isSingled || (isSkipped && !hasReason) ? [`${file.path}:${index + 1}: ${line}`] : [];
    });
  });
  assertEquals(breaches, []);
});

/** A file of the repository that holds JSON. */
function readJson(path: string) {
  return JSON.parse(Deno.readTextFileSync(new URL(`../${path}`, import.meta.url)));
}

Deno.test("whoever runs the proxy downloads nothing that only tests need", () => {
  // Packages by name and version.
  const own: Record<string, { integrity: string }> = readJson("deno.lock").npm;
  const ofTests: Record<string, { integrity: string }> = readJson("tests/deno.lock").npm;
  const shared = Object.values<string>(readJson("deno.json").imports).join(" ");
  const text = files.find((file) => file.path === "tests/deps.ts")!.text;
  const testsOnly = [...text.matchAll(/"npm:([^"/]+@[\d.]+)/g)].map((match) => match[1]!)
    .filter((target) => !shared.includes(`npm:${target}`));
  assertEquals(testsOnly.length, 6);
  // If this fails, a command ran without the lock of tests (tasks/test_lock.ts): take deno.lock back.
  assertEquals(testsOnly.filter((name) => name in own), []);
  assertEquals(testsOnly.filter((name) => !(name in ofTests)), []);
  for (const [name, { integrity }] of Object.entries(own)) {
    assertEquals(ofTests[name]?.integrity, integrity, name);
  }
});
