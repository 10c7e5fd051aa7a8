import { assert, assertEquals, assertMatch } from "../../deps.ts";
import { hideSecrets, type LogOutput, openLogOutput } from "../../../src/supervisor/log_output.ts";

function open(format: "text" | "json", lines: string[]): LogOutput {
  return openLogOutput({
    level: "info",
    format,
    isColored: false,
    writeLine: (line) => lines.push(line),
  });
}

Deno.test("text lines carry time, level, message and fields", () => {
  const lines: string[] = [];
  const output = open("text", lines);
  output.log.debug("too fine");
  output.log.warning("backend is ejected", { cluster: "main", backend: "127.0.0.1:1", pings: 3 });
  assertEquals(lines.length, 1);
  assertMatch(
    lines[0]!,
    /^\d{4}-\d\d-\d\dT[\d:.]+Z WARNING backend is ejected cluster=main backend=127.0.0.1:1 pings=3\n$/,
  );
});

Deno.test("a field value cannot break its line or reach the terminal", () => {
  const lines: string[] = [];
  open("text", lines).log.error("client sent", { bytes: "a b\n2026 ERROR \x1b[2J\x9b1m" });
  assert(lines[0]!.endsWith(String.raw`bytes="a b\n2026 ERROR \u001b[2J\u009b1m"` + "\n"));
});

Deno.test("JSON lines carry the fields at their top level", () => {
  const lines: string[] = [];
  open("json", lines).write({
    level: "info",
    message: "cluster is served",
    fields: { cluster: 'a "b"', threads: 2 },
  });
  const parsed = JSON.parse(lines[0]!);
  assertEquals(parsed.level, "INFO");
  assertEquals(parsed.message, "cluster is served");
  assertEquals(parsed.logger, "aster");
  assertEquals(parsed.cluster, 'a "b"');
  assertEquals(parsed.threads, 2);
  assertEquals(Number.isNaN(Date.parse(parsed["@timestamp"])), false);
  assertEquals(lines[0]!.indexOf("\n"), lines[0]!.length - 1);
});

Deno.test("values of fields named like secrets are never written", () => {
  const fields = {
    password: "p1",
    backend_password: "p2",
    backend_auth: "p3",
    requirepass: "p4",
    accessToken: "p5",
    author: "shown",
    key: "shown",
    passed: 3,
    nested: { list: [{ secret: "p6" }] },
  };
  assertEquals(hideSecrets(fields), {
    password: "[hidden]",
    backend_password: "[hidden]",
    backend_auth: "[hidden]",
    requirepass: "[hidden]",
    accessToken: "[hidden]",
    author: "shown",
    key: "shown",
    passed: 3,
    nested: { list: [{ secret: "[hidden]" }] },
  });
  const lines: string[] = [];
  open("json", lines).log.info("profile", fields);
  assertEquals(/p[1-6]/.test(lines[0]!), false);
});

Deno.test("the supervisor's own repeated records are held back and summarised", () => {
  const lines: string[] = [];
  const output = open("text", lines);
  for (let i = 0; i < 25; i++) output.log.warning("worker ended", { cluster: "main" });
  assertEquals(lines.length, 10);
  output.flush();
  assertEquals(lines.length, 11);
  assertMatch(lines[10]!, /worker ended cluster=main suppressed=15\n$/);
});
