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

Deno.test("FloodGuard passes a hundred records a second of one message, however many backends there are", () => {
  const written: LogRecord[] = [];
  let nowMs = 0;
  const guard = new FloodGuard((record) => written.push(record), () => nowMs);
  for (let server = 0; server < 1_500; server++) guard.write(lost(`a:${server}`));
  assertEquals(written.length, 100);
  // Another message has a hundred of its own.
  guard.write({ level: "info", message: "backend is back", fields: { backend: "a:1" } });
  assertEquals(written.length, 101);
  nowMs = 1_000;
  guard.write(lost("b:1"));
  assertEquals(written.slice(101), [
    { level: "warning", message: "backend connection lost", fields: { suppressed: 1_400 } },
    lost("b:1"),
  ]);
  guard.flush();
  assertEquals(written.length, 103);
});

Deno.test("FloodGuard counts what summaries stand for where those are left out", () => {
  const written: LogRecord[] = [];
  const guard = new FloodGuard((record) => written.push(record), () => 0);
  for (let server = 0; server < 200; server++) {
    for (let count = 0; count < 15; count++) guard.write(lost(`a:${server}`));
  }
  guard.flush();
  assertEquals(written.length, 101);
  assertEquals(written.at(-1)!.fields, { suppressed: 200 * 15 - 100 });
});

Deno.test("FloodGuard remembers at most a thousand kinds of record", () => {
  const written: LogRecord[] = [];
  const guard = new FloodGuard((record) => written.push(record), () => 0);
  const lostBy = (cluster: number) => ({ ...lost("b:1"), fields: { cluster, backend: "b:1" } });
  for (let i = 0; i < 11; i++) guard.write(lost("a:1"));
  for (let cluster = 0; cluster < 999; cluster++) guard.write(lostBy(cluster));
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
