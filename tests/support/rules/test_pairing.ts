/**
 * Which test belongs to which source file: `src/router/ring.ts` ↔ `tests/unit/router/ring_test.ts`, with the
 * exceptions and their reasons.
 *
 * @module
 */
import { type SourceFile, withoutComments } from "./repository.ts";

/**
 * Source files that are tested elsewhere: the path of the test that runs them, and why there. An entry must
 * go when the file has a test of its own.
 */
const TESTED_ELSEWHERE: Record<string, { test: string; reason: string }> = {
  "src/net/byte_receiver.ts": {
    test: "tests/unit/net/deno/deno_socket_test.ts",
    reason: "an interface with one constructor of its argument; sockets are what calls it",
  },
  ...Object.fromEntries(
    ["deno/node_tls", "deno/tls_dial", "deno/tls_listener", "deno/tls_socket"].map((name) => [
      `src/net/${name}.ts`,
      {
        test: "tests/unit/net/deno/tls_contract_test.ts",
        reason: "one handshake needs all of them: the contract of TLS drives them together",
      },
    ]),
  ),
  ...Object.fromEntries(
    ["epoll/tls_accepts", "epoll/tls_dial", "epoll/tls_socket"].map((name) => [
      `src/net/${name}.ts`,
      {
        test: "tests/unit/net/epoll/tls_contract_test.ts",
        reason: "one handshake needs all of them: the contract of TLS drives them together",
      },
    ]),
  ),
};

/** Unit tests that belong to no single source file, with the reason. */
const TESTS_OF_MANY: Record<string, string> = {
  "tests/unit/support/servers/servers_test.ts":
    "each kind of server that tests start, driven the same way: one file apiece would say it thrice",
  "tests/unit/net/deno/tls_contract_test.ts": "what this engine and the other promise of TLS alike",
  "tests/unit/net/epoll/tls_contract_test.ts":
    "what this engine and the other promise of TLS alike",
  "tests/unit/worker/import_graph_test.ts":
    "all modules that a worker runs, by Deno's own reading rather than ours",
};

/** Every source file with logic that no test is paired with, and every exception that is none any more. */
export function findMissingTests(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  const missing: string[] = [];
  for (const file of files) {
    if (!/^src\/.*\.ts$/.test(file.path) || !hasLogic(file.text)) continue;
    const test = testOf(file.path);
    const exception = TESTED_ELSEWHERE[file.path];
    if (paths.has(test) && exception !== undefined) {
      missing.push(`${file.path}: exception is stale`);
    }
    if (paths.has(test)) continue;
    if (exception === undefined) missing.push(`${file.path}: no ${test}`);
    else if (!paths.has(exception.test)) missing.push(`${file.path}: no ${exception.test}`);
  }
  for (const path of Object.keys(TESTED_ELSEWHERE)) {
    if (!paths.has(path)) missing.push(`${path}: exception for a file that does not exist`);
  }
  return missing;
}

/** Every unit test whose source file does not exist. `ring_random_test.ts` may stand beside `ring_test.ts`. */
export function findStrayTests(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map((file) => file.path));
  const stray: string[] = [];
  for (const { path } of files) {
    const name = /^tests\/unit\/(.*)_test\.ts$/.exec(path)?.[1];
    if (name === undefined || path in TESTS_OF_MANY) continue;
    const folder = name.startsWith("support/") || name.startsWith("tasks/") ? "" : "src/";
    if (!hasSource(name, folder, paths)) stray.push(path);
  }
  return stray;
}

function hasSource(name: string, folder: string, paths: ReadonlySet<string>): boolean {
  const words = name.split("_");
  for (let count = words.length; count > 0; count--) {
    const source = words.slice(0, count).join("_");
    if (paths.has(`${folder}${source}.ts`) || paths.has(`tests/${source}.ts`)) return true;
  }
  return false;
}

function testOf(path: string): string {
  return path.replace(/^src\//, "tests/unit/").replace(/\.ts$/, "_test.ts");
}

/** Whether a file has more than types and constants: something that runs and can be wrong. */
function hasLogic(text: string): boolean {
  const code = withoutComments(text).replace(/^(export )?(interface|type) [^]*?^\}/gm, "");
  // FUNCTION is a command of Redis, too.
  return /\bfunction\b(?!["|])|=> |^ {2}[^\n]*\) ?(: [^\n]*)?\{$/m.test(code);
}
