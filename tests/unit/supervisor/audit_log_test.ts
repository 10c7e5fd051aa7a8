/**
 * Where the audit log goes.
 *
 * @module
 */
import { Log } from "../../../src/observe/log.ts";
import { openAuditLog } from "../../../src/supervisor/audit_log.ts";
import { StartError } from "../../../src/supervisor/start_error.ts";
import { assertEquals, assertThrows } from "../../deps.ts";

const log = new Log("error", () => {});
const record = { time: "t", event: "login", cluster: "main", user: "a" } as const;
const LINE = '{"time":"t","event":"login","cluster":"main","user":"a"}\n';

Deno.test("to standard error it goes by the writer of the log, and nowhere if it is off", async () => {
  const lines: string[] = [];
  const audit = openAuditLog("stderr", (line) => lines.push(line), log)!;
  audit.write(record);
  await audit.close();
  assertEquals(lines, [LINE]);
  assertEquals(openAuditLog(null, () => {}, log), null);
});

Deno.test("a file is added to, and is for its owner only", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/audit.log`;
  for (let start = 0; start < 2; start++) {
    const audit = openAuditLog(path, () => {}, log)!;
    audit.write(record);
    await audit.close();
  }
  assertEquals(await Deno.readTextFile(path), LINE + LINE);
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a file that cannot be written is said at the start", () => {
  assertThrows(
    () => openAuditLog("/nonexistent/audit.log", () => {}, log),
    StartError,
    'Cannot open audit_log "/nonexistent/audit.log"',
  );
});
