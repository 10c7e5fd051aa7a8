import { assertEquals } from "../../deps.ts";
import { FloodGuard } from "../../../src/observe/flood_guard.ts";
import type { LogRecord } from "../../../src/observe/log.ts";

function lost(backend: string): LogRecord {
  return { level: "warning", message: "backend connection lost", fields: { backend } };
}

Deno.test("FloodGuard passes ten identical records a second and counts the others", () => {
  const written: LogRecord[] = [];
  let nowMs = 0;
  const guard = new FloodGuard((record) => written.push(record), () => nowMs);
  for (let i = 0; i < 15; i++) guard.write(lost("a:1"));
  assertEquals(written.length, 10);
  nowMs = 1_000;
  guard.write(lost("a:1"));
  assertEquals(written.length, 12);
  assertEquals(written[10]!.fields, { backend: "a:1", suppressed: 5 });
  assertEquals(written[11]!.fields, { backend: "a:1" });
  guard.flush();
  assertEquals(written.length, 12);
});

Deno.test("FloodGuard keeps records of other backends apart", () => {
  const written: LogRecord[] = [];
  const guard = new FloodGuard((record) => written.push(record), () => 0);
  for (let i = 0; i < 15; i++) guard.write(lost("a:1"));
  guard.write(lost("b:2"));
  assertEquals(written.at(-1)!.fields, { backend: "b:2" });
  guard.flush();
  assertEquals(written.at(-1)!.fields, { backend: "a:1", suppressed: 5 });
});

Deno.test("FloodGuard remembers at most a thousand kinds of record", () => {
  const written: LogRecord[] = [];
  const guard = new FloodGuard((record) => written.push(record), () => 0);
  for (let i = 0; i < 11; i++) guard.write(lost("a:1"));
  for (let i = 0; i < 999; i++) guard.write(lost(`b:${i}`));
  assertEquals(written.length, 1_009);
  guard.write(lost("c:1"));
  assertEquals(written[1_009]!.fields, { backend: "a:1", suppressed: 1 });
  assertEquals(written[1_010]!.fields, { backend: "c:1" });
  guard.flush();
});

Deno.test("FloodGuard summarises a flood that stops, by itself", async () => {
  const summary = Promise.withResolvers<LogRecord>();
  const guard = new FloodGuard((record) => {
    if ("suppressed" in record.fields) summary.resolve(record);
  });
  for (let i = 0; i < 12; i++) guard.write(lost("a:1"));
  assertEquals((await summary.promise).fields.suppressed, 2);
});
