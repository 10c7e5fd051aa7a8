import { assertEquals } from "../../deps.ts";
import { Log, type LogRecord } from "../../../src/observe/log.ts";

Deno.test("Log writes records at or above its level", () => {
  const written: LogRecord[] = [];
  const log = new Log("warning", (record) => written.push(record));
  log.info("not written");
  log.warning("written", { backend: "a:1" });
  log.error("written too");
  assertEquals(written, [
    { level: "warning", message: "written", fields: { backend: "a:1" } },
    { level: "error", message: "written too", fields: {} },
  ]);
  assertEquals(log.isEnabled("info"), false);
  assertEquals(log.isEnabled("error"), true);
});
