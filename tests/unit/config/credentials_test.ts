/**
 * Names and passwords of the file: every form, every mistake, and no value in any message.
 *
 * @module
 */
import { clusterOf, loadText, problemsOf, redisText, warningsOf } from "./load_text.ts";
import { assert, assertEquals } from "../../deps.ts";
import { digestOf, userWith } from "../../support/rigs/user_config.ts";

Deno.test("one password, or users, or both", () => {
  const users = (keys: string) => clusterOf(redisText(keys)).users;
  const main = userWith("default", "hunter2");
  assertEquals(users(""), []);
  assertEquals(users('password = "hunter2"'), [main]);
  assertEquals(users('auth = "hunter2"'), [main]);
  assertEquals(users('password = "other"\nauth = { password = "hunter2" }'), [main]);
  assertEquals(
    users('auth = { password = "hunter2", users = [{ username = "a", password = "b" }] }'),
    [main, userWith("a", "b")],
  );
});

Deno.test("one password by the name of auth is warned of: an aster 1.x sent it to the servers", () => {
  const warnings = (keys: string) => loadText(redisText(keys)).warnings.map(({ path }) => path);
  assertEquals(warnings('auth = "hunter2"'), ["clusters[0].auth"]);
  assertEquals(warnings('auth = "hunter2"\nbackend_password = "p"'), []);
  assertEquals(warnings('auth = "hunter2"\nbackend_auth = "p"'), []);
  assertEquals(warnings('auth = { password = "hunter2" }'), []);
  assertEquals(warnings('password = "hunter2"'), []);
});

Deno.test("who the proxy is to its backends", () => {
  const credentials = (keys: string) => clusterOf(redisText(keys)).backendCredentials;
  assertEquals(credentials(""), null);
  assertEquals(credentials('backend_password = "p"'), { username: null, password: "p" });
  assertEquals(credentials('backend_auth = "p"'), { username: null, password: "p" });
  assertEquals(credentials('backend_password = "q"\nbackend_auth = { password = "p" }'), {
    username: null,
    password: "p",
  });
  assertEquals(credentials('backend_auth = { username = "u", password = "p" }'), {
    username: "u",
    password: "p",
  });
});

Deno.test("a user may have several passwords, in clear, as digests, or elsewhere", () => {
  const secrets = {
    env: (name: string) => ({ NEW: "new" })[name],
    file: (path: string) => path === "/run/old" ? "old\n" : "",
  };
  const digest = digestOf("given").toUpperCase();
  const { config, problems, secretPlaces } = loadText(
    redisText(`password = ["env:NEW", "file:/run/old", "sha256:${digest}", "plain"]
backend_auth = { username = "u", password = "file:/run/old" }`),
    { secrets },
  );
  assertEquals(problems, []);
  assertEquals(config!.clusters[0]!.users, [userWith("default", "new", "old", "given", "plain")]);
  assertEquals(config!.clusters[0]!.backendCredentials, { username: "u", password: "old" });
  assertEquals(secretPlaces, [
    { kind: "env", name: "NEW" },
    { kind: "file", path: "/run/old" },
    { kind: "file", path: "/run/old" },
  ]);
});

Deno.test("a secret that cannot be had is an error to run with, and a warning to check with", () => {
  const text = redisText('password = "env:ASTER_NO_SUCH_SECRET"');
  const fault = "a.toml: clusters[0].password: the variable ASTER_NO_SUCH_SECRET is not set";
  assertEquals(problemsOf(text), [fault]);
  assertEquals(problemsOf(text, { isStrict: true }), []);
  assertEquals(warningsOf(text, { isStrict: true }), [fault]);
  assertEquals(problemsOf(text, { secrets: null }), []);
});

const STRING = "expected a string of 1 to 512 characters";
const STRINGS = `${STRING}, or a list of these`;
const mistakes: [keys: string, ...problems: string[]][] = [
  ['password = ""', `clusters[0].password: ${STRINGS}`],
  ["password = 4711", `clusters[0].password: ${STRINGS}`],
  ["password = []", "clusters[0].password: expected 1 to 16 passwords, not 0"],
  ['password = ["hunter2", 4711]', `clusters[0].password: ${STRINGS}`],
  [
    'password = ["x", "sha256:hunter2"]',
    "clusters[0].password[1]: expected 64 hexadecimal digits behind sha256:",
  ],
  ['auth = "env:hunter-2"', "clusters[0].auth: env: wants a variable's name"],
  [
    'backend_auth = { password = "file:" }',
    "clusters[0].backend_auth.password: file: wants a path",
  ],
  ["auth = 4711", `clusters[0].auth: ${STRING}, or a table`],
  ["auth = {}", "clusters[0].auth: expected a password, users, or both"],
  [
    'auth = { pasword = "hunter2" }',
    "clusters[0].auth.pasword: unknown key: expected password or users",
    "clusters[0].auth: expected a password, users, or both",
  ],
  [
    'auth = { users = "hunter2" }',
    "clusters[0].auth.users: expected an array of at most 256 tables",
    "clusters[0].auth: expected a password, users, or both",
  ],
  [
    'auth = { password = "x", users = ["hunter2", { username = "a" }, { password = 4711 }] }',
    "clusters[0].auth.users[0]: expected a table with username and password",
    `clusters[0].auth.users[1].password: missing: ${STRINGS}`,
    `clusters[0].auth.users[2].username: missing: ${STRING}`,
    `clusters[0].auth.users[2].password: ${STRINGS}`,
  ],
  [
    'auth = { password = "x", users = [{ username = "default", password = "hunter2" }] }',
    "clusters[0].auth: a user name occurs twice: keep one",
  ],
  [
    'backend_auth = { username = "hun ter2", password = "x" }',
    "clusters[0].backend_auth.username: expected printable ASCII characters without spaces",
  ],
  [
    'backend_auth = { user = "hunter2" }',
    "clusters[0].backend_auth.user: unknown key: expected username or password",
    `clusters[0].backend_auth.password: missing: ${STRING}`,
  ],
];

for (const [keys, ...expected] of mistakes) {
  Deno.test(`${keys} is refused, and no value is shown`, () => {
    const problems = problemsOf(redisText(keys));
    assertEquals(problems, expected.map((problem) => `a.toml: ${problem}`));
    assert(!/hunter2|4711/.test(problems.join()));
  });
}

Deno.test("memcache's clients log in, too, and the proxy at its servers", () => {
  const text = redisText('password = "hunter2"\nbackend_auth = { username = "u", password = "p" }')
    .replace('"redis"', '"memcache"');
  const { config, problems } = loadText(text);
  assertEquals(problems, []);
  const [cluster] = config!.clusters;
  assertEquals(cluster!.users, [userWith("default", "hunter2")]);
  assertEquals(cluster!.backendCredentials, { username: "u", password: "p" });
});
