/**
 * TOML as files in the wild write it: what TOML allows is read, what it forbids is refused. The cases are those of
 * which a library was seen to get one wrong.
 *
 * @module
 */
import { assertEquals, assertMatch } from "../../deps.ts";
import { clusterOf, loadText, problemsOf, redisText } from "./load_text.ts";
import { userWith } from "../../support/rigs/user_config.ts";

const valid: [title: string, keys: string][] = [
  ["an array that ends before a brace", 'auth = {users = [{username = "a", password = "b"},\n]}'],
  ["a comma behind an inline table's last pair", 'auth = {username = [], password = "p", }'],
  ["an inline table over several lines", 'auth = {\n  password = "p" # comment\n}'],
  ["dotted keys", 'auth.password = "p"'],
  ["dotted keys within an inline table", "commands = { a.b.key = 1 }"],
  ["a quoted key with a dot", 'commands = { "json.get" = { key = 1 } }'],
  ["an array over several lines with comments", "# a\nthread = 1 # b"],
  ["numbers in other bases", "thread = 0x1\nread_timeout = 0b1010\nmax_pipeline = 0o17"],
  ["grouped digits", "client_output_limit = 67_108_864"],
];
for (const [title, keys] of valid) {
  Deno.test(`loadConfig() reads ${title}`, () => {
    const { problems } = loadText(redisText(keys));
    assertEquals(problems.filter(({ message }) => /TOML/.test(message)), []);
  });
}

Deno.test("loadConfig() reads users in an array that ends before a brace", () => {
  const text = redisText('auth = {users = [{username = "a", password = "b"},\n]}');
  assertEquals(clusterOf(text).users, [userWith("a", "b")]);
});

const invalid: [title: string, keys: string][] = [
  ["two pairs on one line", "thread = 1 read_timeout = 5"],
  ["a raw control character in a string", 'hash_tag = "\u0001\u0002"'],
  ["a raw control character in a literal string", "hash_tag = '\u0001\u0002'"],
  ["a control character in a comment", "# \u0001"],
  ["a carriage return alone", "# a\rthread = 1"],
  ["one key twice in an inline table", 'auth = { password = "p", password = "q" }'],
  ["an inline table that is extended", 'auth = { password = "p" }\nauth.username = "u"'],
  ["an array of values that is extended as tables", "x = []\n[[clusters.x]]"],
  ["a leading zero", "thread = 01"],
  ["an empty value", "thread ="],
  ["an hour that is none", "x = 2026-01-01T25:00:00Z"],
  ["a bare word", "thread = one"],
  ["an integer beyond 53 bits", "thread = 9007199254740993"],
  ["an unknown escape", 'hash_tag = "\\q}"'],
  ["nesting without end", `x = ${"[".repeat(5000)}`],
];
for (const [title, keys] of invalid) {
  Deno.test(`loadConfig() refuses ${title}`, () => {
    const problems = problemsOf(redisText(keys));
    assertEquals(problems.length, 1);
    assertMatch(problems[0]!, /: (line \d+, column \d+: not valid TOML: \w|.*defined twice)/);
  });
}
