/**
 * Sub-commands: what they ask, and of whom.
 *
 * @module
 */
import { askProxy, isAdminCommand, parseAdminCall } from "../../src/cli_admin.ts";
import { main } from "../../src/cli.ts";
import { assertEquals, assertMatch } from "../deps.ts";

function call(line: string): string {
  const { call, errors } = parseAdminCall(line.split(" "));
  if (call === null) return errors.join("; ");
  const { address, method, path, token } = call;
  return `${method} ${address}${path}${token === null ? "" : ` as ${token}`}`;
}

Deno.test("the first word says whether it is one", () => {
  for (const word of ["pause", "resume", "reload", "status", "state"]) {
    assertEquals(isAdminCommand(word), true, word);
  }
  for (const word of ["./pause", "default.toml", "--check", undefined]) {
    assertEquals(isAdminCommand(word), false);
  }
});

Deno.test("words and flags become parameters", () => {
  const cases: [string, string][] = [
    ["pause", "POST 127.0.0.1:2110/pause"],
    ["pause main", "POST 127.0.0.1:2110/pause?cluster=main"],
    ["pause main r0 --max 5s", "POST 127.0.0.1:2110/pause?max=5s&cluster=main&server=r0"],
    ["pause --cluster main --mode=write", "POST 127.0.0.1:2110/pause?cluster=main&mode=write"],
    ["resume main 10.0.0.1:1", "POST 127.0.0.1:2110/resume?cluster=main&server=10.0.0.1%3A1"],
    [
      "state main r0 drain --weight=5",
      "POST 127.0.0.1:2110/server/state?weight=5&cluster=main&server=r0&state=drain",
    ],
    ["reload --dry-run --force", "POST 127.0.0.1:2110/reload?dry_run=1&force=1"],
    ["status --admin 9000", "GET 127.0.0.1:9000/status"],
    ["status --admin [::1]:9000 --token x", "GET [::1]:9000/status as x"],
  ];
  for (const [line, expected] of cases) assertEquals(call(line), expected, line);
});

Deno.test("everything that is wrong is said", () => {
  const cases: [string, string][] = [
    ["pause main r0 x", '"x" is one word too many'],
    ["pause main --cluster main", "the cluster is named twice"],
    ["pause --max", "--max needs a value"],
    ["pause --mode all --mode all", "--mode is given more than once"],
    ["reload main", '"main" is one word too many'],
    ["status --max=5s", 'unknown flag "--max" of "status"'],
    ["status --admin off", '--admin "off": expected [HOST:]PORT'],
    ["status --token env:", "--token: env: wants a variable's name"],
    ["status --ca /no/such", "--ca: the file /no/such cannot be read"],
  ];
  for (const [line, expected] of cases) assertEquals(call(line), expected, line);
});

Deno.test("askProxy() prints the answer, and says whether it was a good one", async () => {
  const seen: (string | null)[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    seen.push(`${request.method} ${request.headers.get("authorization")}`);
    const isGood = new URL(request.url).pathname === "/resume";
    return new Response(isGood ? "good\n" : "bad\n", { status: isGood ? 200 : 409 });
  });
  const address = `127.0.0.1:${server.addr.port}`;
  const out: string[] = [];
  const err: string[] = [];
  const ask = (path: string, token: string | null) =>
    askProxy(
      { method: "POST", path, address, token, ca: null },
      (line) => out.push(line),
      (line) => err.push(line),
    );
  assertEquals([await ask("/resume", "x"), await ask("/pause", null)], [true, false]);
  assertEquals([out, err, seen], [["good"], ["bad"], ["POST Bearer x", "POST null"]]);
});

Deno.test("main() ends with 2 where the line is wrong, with 1 where nobody answers", async () => {
  const { error } = console;
  const lines: string[] = [];
  console.error = (line: string) => lines.push(line);
  try {
    assertEquals(await main(["pause", "a", "b", "c"]), 2);
    assertEquals(await main(["status", "--admin", "127.0.0.1:1"]), 1);
  } finally {
    console.error = error;
  }
  assertMatch(lines.join("\n"), /one word too many[^]*the proxy at 127.0.0.1:1 does not answer/);
});
