/**
 * Keys: known, unknown, of a later release, protecting, and in the wrong table.
 *
 * @module
 */
import { canonicalForm, nearestName } from "../../../src/config/key_names.ts";
import { laterKeys } from "../../../src/config/schema.ts";
import { assert, assertEquals, assertMatch } from "../../deps.ts";
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

Deno.test("nearestName() names nothing that is not near, but what is a part of the other", () => {
  const names = ["name", "metrics", "log_level", "config"];
  for (const far of ["x", "backlog", "preconnect", "nam", "databases", "aaaaaaaa"]) {
    assertEquals(nearestName(far, names), far === "nam" ? "name" : null, far);
  }
  assertEquals(nearestName("conf", names), "config");
  assertEquals(nearestName("my_metrics", names), "metrics");
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
    'clusters[0]."a\\u009bb": unknown key: docs/configuration.md lists the known ones',
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

Deno.test("loadConfig() refuses whatever asks for protection, in whatever words", () => {
  const keys = [
    ...["use_tls", "ssl", "tls_cert", "tls-port", "ssl_ca", "cert_file", "private_key", "encrypt"],
    ...["requirepass", "secret", "masterauth", "acl", "aclfile", "whitelist", "allow_ips", "token"],
    ...["allowed_hosts", "read_only", "users", "rename-command", "ip_whitelist"],
    ...["protected-mode", "transport_socket", "downstream_auth_password", "firewall", "userPass"],
    ...[
      "ca_file",
      "client_ca",
      "keyFile",
      "verify_peer",
      "insecure_skip_verify",
      "pemFile",
      "https",
    ],
    ...[
      "sasl",
      "login",
      "security",
      "secure",
      "trusted_ips",
      "access_control",
      "restricted",
      "jwt",
    ],
    ...[
      "api_key",
      "rbac",
      "roles",
      "perms",
      "policy",
      "hosts_allow",
      "blocked_commands",
      "userlist",
    ],
    ...["requirepas", "passord", "redis_pw", "certficate", "encyption", "crypt", "user_roles"],
  ];
  for (const key of keys) {
    const texts = [redisText(`${key} = "hunter2"`), `${key} = "hunter2"\n` + redisText()];
    for (const text of texts) {
      const { config, problems, warnings } = loadText(text);
      assertEquals(
        [config, problems.length, warnings, problems[0]?.value],
        [null, 1, [], null],
        key,
      );
      assertMatch(problems[0]!.message, /^unknown key: .*; ignoring it could leave open/);
    }
  }
});

Deno.test("loadConfig() passes over what would protect and is off, as in published files", () => {
  const lines = [
    ...['redis_auth = ""', 'requirepass = ""', "use_tls = false", "ssl = false"],
    ...['tls_cert = ""', 'ca_file = ""', "TlsEnabled = false"],
  ];
  for (const line of lines) {
    const { config, problems, warnings } = loadText(redisText(line));
    assertEquals([config === null, problems, warnings.length], [false, [], 1], line);
  }
  const others = [
    ...["insecure_skip_verify = false", "verify_peer = false", 'whitelist = ""', "allow = []"],
    ...["protected_mode = false", "tls = true", 'tls = "off"', 'redis_auth = "no"'],
    ...['password = ""', 'auth = ""', 'backend_password = ""'],
  ];
  for (const line of others) {
    const { config, problems } = loadText(redisText(line));
    assertEquals([config, problems.length], [null, 1], line);
  }
});

Deno.test("loadConfig() passes over unknown keys that protect nothing, with a warning", () => {
  const keys = ["backlog", "preconnect", "compression", "max_connections", "keepalive", "retries"];
  // Names of other programs that have parts of such words.
  keys.push("access_log", "lb_policy", "maxmemory-policy", "read_strategy", "local_zone", "prefix");
  for (const key of keys) {
    const { config, problems, warnings } = loadText(redisText(`${key} = 1`));
    assertEquals([config === null, problems, warnings.length], [false, [], 1], key);
  }
});

Deno.test("loadConfig() says what the settings of other programs are called here", () => {
  const told: [key: string, message: string][] = [
    [
      "auto_eject_hosts",
      "twemproxy's name: ping_fail_limit above 0 ejects servers that fail their pings",
    ],
    ["server_connections", 'twemproxy\'s name: here it is "node_connections"'],
    ["requirepass", 'Redis\'s name: here it is "password"'],
    ["ServerTimeout", 'predixy\'s name: here it is "read_timeout"'],
    ["read-strategy", 'corvus\'s name: here it is "read_policy"'],
    ["op_timeout", 'envoy\'s name: here it is "read_timeout"'],
  ];
  for (const [key, message] of told) {
    const [line] = problemsOf(redisText(`${key} = 1`), { isStrict: true });
    assert(line!.startsWith(`a.toml: clusters[0].${key}: unknown key: ${message}`), line);
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
  assertEquals(laterKeys.length, 5);
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

Deno.test("loadConfig() refuses TLS where it would have no effect", () => {
  for (const key of ["tls", "backend_tls"]) {
    for (
      const text of [`[runtime]\n${key} = "on"\n${redisText()}`, `${key} = "on"\n${redisText()}`]
    ) {
      const { config, problems } = loadText(text);
      assertEquals([config, problems.length], [null, 1]);
      assertMatch(problems[0]!.message, /it belongs (to a|under) \[\[clusters\]\]/);
    }
  }
});
