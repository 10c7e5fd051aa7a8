/**
 * Keys: known, unknown, of a later release, protecting, and in the wrong table.
 *
 * @module
 */
import { canonicalForm, nearestName } from "../../../src/config/key_names.ts";
import { laterKeys, protectingKeys } from "../../../src/config/schema.ts";
import { assertEquals } from "../../deps.ts";
import { loadText, problemsOf, redisText, warningsOf } from "./load_text.ts";

Deno.test("canonicalForm() drops case and underscores, and nothing else", () => {
  assertEquals(canonicalForm("Read_From__Slave_"), "readfromslave");
  assertEquals(canonicalForm("read-from-slave"), "read-from-slave");
});

Deno.test("nearestName() takes the name with the fewest edits", () => {
  const names = ["read_timeout", "write_timeout", "dial_timeout"];
  assertEquals(nearestName("readtimeuot", names), "read_timeout");
  assertEquals(nearestName("Write-Timeout", names), "write_timeout");
  assertEquals(nearestName("dail_timeout", names), "dial_timeout");
});

const unknownCases: [text: string, message: string][] = [
  [
    redisText("read_timeuot = 5"),
    'clusters[0].read_timeuot: unknown key: the nearest known name is "read_timeout"',
  ],
  ["thread = 4\n" + redisText(), "thread: unknown key: it belongs under [[clusters]]"],
  ["LogLevel = 4\n" + redisText(), "LogLevel: unknown key: it belongs under [runtime]"],
  [redisText("metrics = 1"), "clusters[0].metrics: unknown key: it belongs under [runtime]"],
  [
    "[runtime]\nReadTimeout = 4\n" + redisText(),
    "runtime.ReadTimeout: unknown key: it belongs to a [[clusters]] entry",
  ],
  [
    "[runtime]\nlog_levle = 4\n" + redisText(),
    'runtime.log_levle: unknown key: the nearest known name is "log_level"',
  ],
  ["cluster = 4\n" + redisText(), 'cluster: unknown key: the nearest known name is "clusters"'],
  [
    redisText('"a\\u009bb" = 4'),
    'clusters[0]."a\\u009bb": unknown key: the nearest known name is "name"',
  ],
];
for (const [text, message] of unknownCases) {
  Deno.test(`loadConfig() reports ${message.split(":")[0]} without its value`, () => {
    assertEquals(warningsOf(text), [`a.toml: ${message}`]);
    assertEquals(loadText(text).problems, []);
    assertEquals(problemsOf(text, { isStrict: true }), [`a.toml: ${message}`]);
    assertEquals(warningsOf(text, { isStrict: true }), []);
  });
}

Deno.test("loadConfig() takes a misspelt key that would protect for no trifle", () => {
  for (const key of ["passwrod", "pasword", "passwd", "Authh", "backend_pwd"]) {
    const { config, problems } = loadText(redisText(`${key} = "hunter2"`));
    assertEquals([config, problems.length, problems[0]!.value], [null, 1, null], key);
  }
});

Deno.test("loadConfig() treats names of JavaScript's own as any unknown key", () => {
  for (const key of ["constructor", "toString", "hasOwnProperty", "valueOf"]) {
    const { config, warnings } = loadText(redisText(`${key} = 1`));
    assertEquals(warnings.map(({ path }) => path), [`clusters[0].${key}`]);
    assertEquals(config!.clusters[0]!.thread, 1);
  }
});

Deno.test("loadConfig() accepts the keys of later releases with a warning, under --check too", () => {
  assertEquals(laterKeys.length, 12);
  for (const key of laterKeys) {
    for (const isStrict of [false, true]) {
      const { config, problems, warnings } = loadText(redisText(`${key} = { a = 1 }`), {
        isStrict,
      });
      assertEquals(problems, []);
      assertEquals(config === null, false);
      assertEquals(warnings, [{
        file: "a.toml",
        path: `clusters[0].${key}`,
        value: null,
        message: "accepted, but it has no effect yet",
      }]);
    }
  }
});

Deno.test("loadConfig() does not pass over a password in the wrong table", () => {
  for (const key of ["password", "auth", "backend_password", "BackendAuth"]) {
    for (
      const text of [
        `[runtime]\n${key} = "hunter2"\n` + redisText(),
        `${key} = "hunter2"\n` + redisText(),
      ]
    ) {
      const { config, problems } = loadText(text);
      assertEquals([config, problems.length, problems[0]!.value], [null, 1, null]);
      assertEquals(problems[0]!.message.slice(0, 23), "unknown key: it belongs");
    }
  }
});

Deno.test("loadConfig() refuses what protects, wherever it stands, and never shows it", () => {
  assertEquals(protectingKeys.length, 2);
  for (const key of protectingKeys) {
    const texts: [text: string, path: string][] = [
      [redisText(`${key} = "hunter2"`), `clusters[0].${key}`],
      [
        redisText(`${key.toUpperCase()} = { users = ["hunter2"] }`),
        `clusters[0].${key.toUpperCase()}`,
      ],
      [redisText(`[clusters.${key}]\npassword = "hunter2"`), `clusters[0].${key}`],
      [`[runtime]\n${key} = "hunter2"\n` + redisText(), `runtime.${key}`],
      [`${key} = "hunter2"\n` + redisText(), key],
    ];
    for (const [text, path] of texts) {
      const { config, problems, warnings } = loadText(text);
      assertEquals(config, null);
      assertEquals(warnings, []);
      assertEquals(problems, [{
        file: "a.toml",
        path,
        value: null,
        message: "not supported yet, and ignoring it would leave open what it is to protect: " +
          "remove it only if that is acceptable",
      }]);
    }
  }
});
