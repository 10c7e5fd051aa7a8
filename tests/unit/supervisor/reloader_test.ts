import type { Config } from "../../../src/config/config.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { Log, type LogRecord } from "../../../src/observe/log.ts";
import { Reloader } from "../../../src/supervisor/reloader.ts";
import { StartError } from "../../../src/supervisor/start_error.ts";
import { assert, assertEquals } from "../../deps.ts";
import { loadOptions, redisText } from "../config/load_text.ts";

class Stage {
  text = redisText();
  current: Config = load(this.text).config!;
  readonly applied: Config[] = [];
  readonly records: LogRecord[] = [];
  problems: string[] = [];
  failure: StartError | null = null;
  readonly reloader = new Reloader({
    read: () => {
      if (this.text === "") throw new Error("a.toml: there is no such file");
      return this.text;
    },
    load,
    current: () => this.current,
    apply: (config) => {
      if (this.failure !== null) throw this.failure;
      this.applied.push(config);
      this.current = config;
      return Promise.resolve(this.problems);
    },
    log: new Log("info", (record) => this.records.push(record)),
  }, this.text);

  messages(): string[] {
    return this.records.map(({ message }) => message);
  }
}

function load(text: string) {
  return loadConfig(text, "a.toml", loadOptions());
}

Deno.test("a file that says the same changes nothing", async () => {
  const stage = new Stage();
  const result = await stage.reloader.reload();
  assertEquals(result, { isApplied: true, changes: [], moved: 0, problems: [] });
  assertEquals([stage.applied.length, stage.messages()], [0, [
    "Configuration reloaded: no change",
  ]]);
});

Deno.test("what changes is applied and told, with the share of keys that move", async () => {
  const stage = new Stage();
  stage.text = redisText("read_timeout = 7").replace(
    /servers = .*/,
    'servers = ["127.0.0.1:7099"]',
  );
  const { isApplied, changes, moved } = await stage.reloader.reload();
  assertEquals([isApplied, moved, stage.applied[0]!.clusters[0]!.readTimeoutMs], [true, 1, 7]);
  assertEquals(changes, [
    'cluster "one": servers, read_timeout',
    'cluster "one": 100.0 % of its keys get another server',
  ]);
  assertEquals(stage.messages(), ["Configuration reloaded"]);
});

Deno.test("a file that is not right, or cannot be read, leaves the former in force and says why", async () => {
  for (const text of [redisText("read_timeout = 0"), "[[clusters", ""]) {
    const stage = new Stage();
    stage.text = text;
    const { isApplied, problems } = await stage.reloader.reload();
    assertEquals([isApplied, problems.length, stage.applied.length], [false, 1, 0]);
    assertEquals(stage.messages(), ["Configuration not reloaded: the former stays in force"]);
    assertEquals([stage.reloader.state.isGood, stage.reloader.state.count], [false, 1]);
    stage.text = redisText();
    await stage.reloader.reload();
    assertEquals([stage.reloader.state.isGood, stage.reloader.state.count], [true, 2]);
  }
});

Deno.test("too many keys moving needs force", async () => {
  const stage = new Stage();
  stage.text = `[runtime]\nreload_max_moved = 50\n${redisText()}`
    .replace(/servers = .*/, 'servers = ["127.0.0.1:7099"]');
  const refused = await stage.reloader.reload();
  assertEquals([refused.isApplied, refused.moved, stage.applied.length], [false, 1, 0]);
  assert(/reload_max_moved/.test(refused.problems[0]!));
  assertEquals((await stage.reloader.reload({ isForced: true })).isApplied, true);
});

Deno.test("a dry run says what would change, and changes nothing", async () => {
  const stage = new Stage();
  stage.text = redisText("read_timeout = 7");
  const result = await stage.reloader.reload({ isDryRun: true });
  assertEquals(result, {
    isApplied: false,
    changes: ['cluster "one": read_timeout'],
    moved: 0,
    problems: [],
  });
  assertEquals([stage.applied.length, stage.messages(), stage.reloader.state.count], [0, [], 0]);
  stage.text = "x";
  assertEquals((await stage.reloader.reload({ isDryRun: true })).problems.length, 1);
  assertEquals(stage.messages(), []);
});

Deno.test("what could not be done is told, and the reload does not count as good", async () => {
  const stage = new Stage();
  stage.text = redisText("read_timeout = 7");
  stage.problems = ["no such address"];
  const { isApplied, problems } = await stage.reloader.reload();
  assertEquals([isApplied, problems], [true, ["no such address"]]);
  assertEquals(stage.reloader.state.isGood, false);
  assertEquals(stage.messages(), ["Configuration reloaded, but not all of it"]);
});

Deno.test("an address that is taken leaves the former in force", async () => {
  const stage = new Stage();
  stage.text = redisText("read_timeout = 7");
  stage.failure = new StartError("Cannot listen on 127.0.0.1:1");
  const { isApplied, problems } = await stage.reloader.reload();
  assertEquals([isApplied, problems], [false, ["Cannot listen on 127.0.0.1:1"]]);
  assertEquals(stage.messages(), ["Configuration not reloaded: the former stays in force"]);
});

Deno.test("a file that was looked at already is not looked at again unless it changes", async () => {
  const stage = new Stage();
  await stage.reloader.reloadIfChanged();
  assertEquals(stage.records, []);
  stage.text = "";
  await stage.reloader.reloadIfChanged();
  assertEquals(stage.records, []);
  stage.text = "bad";
  await stage.reloader.reloadIfChanged();
  await stage.reloader.reloadIfChanged();
  assertEquals(stage.records.length, 1);
  stage.text = redisText("read_timeout = 7");
  await stage.reloader.reloadIfChanged();
  assertEquals(stage.applied.length, 1);
});

Deno.test("reloads run one after the other", async () => {
  const stage = new Stage();
  stage.text = redisText("read_timeout = 7");
  const first = stage.reloader.reload();
  const second = stage.reloader.reload();
  assertEquals((await first).changes.length, 1);
  assertEquals((await second).changes, []);
});

Deno.test("what could not be done is tried again at the next reload, though the file says the same", async () => {
  const stage = new Stage();
  stage.text = redisText("read_timeout = 7");
  stage.problems = ["no such address"];
  await stage.reloader.reload();
  assertEquals((await stage.reloader.reload()).problems, ["no such address"]);
  stage.problems = [];
  assertEquals((await stage.reloader.reload()).problems, []);
  assertEquals([stage.applied.length, stage.reloader.state.isGood], [3, true]);
  await stage.reloader.reload();
  assertEquals(stage.applied.length, 3);
});
