import { Log, type LogRecord } from "../../../src/observe/log.ts";
import type { ServerSetting } from "../../../src/supervisor/operator_orders.ts";
import { formatState, parseState, StateFile } from "../../../src/supervisor/state_file.ts";
import { assertEquals, assertThrows } from "../../deps.ts";

const settings: ServerSetting[] = [
  { cluster: "main", server: "first", state: "drain", weight: null },
  { cluster: "main", server: "10.0.0.1:6379", state: "ready", weight: 3 },
];

async function inDirectory(use: (path: string, log: Log) => Promise<LogRecord[] | void>) {
  const directory = await Deno.makeTempDir();
  const records: LogRecord[] = [];
  try {
    await use(`${directory}/state.json`, new Log("info", (record) => records.push(record)));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  return records;
}

Deno.test("what was written is read again, and nothing else is left", async () => {
  const records = await inDirectory(async (path, log) => {
    const file = new StateFile(path, log);
    assertEquals(file.read(), []);
    assertEquals(await file.write(settings), true);
    assertEquals(new StateFile(path, log).read(), settings);
    const both = await Promise.all([file.write([]), file.write(settings.slice(1))]);
    assertEquals([both, file.read()], [[true, true], settings.slice(1)]);
    const names = [...Deno.readDirSync(path.slice(0, path.lastIndexOf("/")))];
    assertEquals(names.map(({ name }) => name), ["state.json"]);
  });
  assertEquals(records, []);
});

Deno.test("a file that makes no sense is said so, and has nothing", async () => {
  const records = await inDirectory(async (path, log) => {
    await Deno.writeTextFile(path, formatState(settings).slice(0, -20));
    assertEquals(new StateFile(path, log).read(), null);
  });
  assertEquals(records.map(({ level, message }) => [level, message]), [
    ["error", "State file is ignored: servers are as configured"],
  ]);
});

Deno.test("what cannot be written is said, and the file is as before", async () => {
  const records = await inDirectory(async (path, log) => {
    const file = new StateFile(path, log);
    await file.write(settings);
    await Deno.mkdir(`${path}.new`);
    assertEquals([await file.write([]), file.read()], [false, settings]);
    await Deno.remove(`${path}.new`);
    assertEquals([await file.write([]), file.read()], [true, []]);
  });
  assertEquals(records.map(({ message }) => message), [
    "State file cannot be written: a restart forgets states of servers",
  ]);
});

Deno.test("each thing that is wrong is named", () => {
  const [one] = settings;
  const wrong: [value: unknown, reason: string][] = [
    [null, "version: expected 1"],
    [{ version: 2, servers: [] }, "version: expected 1"],
    [{ version: 1, servers: {} }, "servers: expected an array"],
    [{ version: 1, servers: [one, null] }, "servers[1].cluster: expected a name"],
    [{ version: 1, servers: [{ ...one, server: 1 }] }, "servers[0].server: expected an alias"],
    [{ version: 1, servers: [{ ...one, state: "up" }] }, "servers[0].state: expected ready"],
    [{ version: 1, servers: [{ ...one, weight: 0 }] }, "servers[0].weight: expected 1 to 65535"],
    [{ version: 1, servers: [{ ...one, weight: "1" }] }, "servers[0].weight: expected 1 to 65535"],
  ];
  for (const [value, reason] of wrong) {
    assertThrows(() => parseState(JSON.stringify(value)), Error, reason);
  }
});
