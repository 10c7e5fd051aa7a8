/**
 * What users may do, as the file has it: every form, and every mistake.
 *
 * @module
 */
import { clusterOf, problemsOf, redisText } from "./load_text.ts";
import { assertEquals } from "../../deps.ts";

const NONE = {
  commands: null,
  readOnly: false,
  keyPatterns: null,
  channelPatterns: null,
  scripts: null,
};

function user(keys: string): string {
  return `auth = { users = [{ username = "a", password = "p"${keys} }] }`;
}

function limitsOf(keys: string) {
  return clusterOf(redisText(user(keys))).users[0]!.limits;
}

Deno.test("a user without further keys is not limited, and each key limits", () => {
  assertEquals(limitsOf(""), null);
  assertEquals(limitsOf(", read_only = false"), null);
  assertEquals(limitsOf(", read_only = true"), { ...NONE, readOnly: true });
  assertEquals(limitsOf(', commands = ["@read", "-keys"]'), {
    ...NONE,
    commands: ["@read", "-keys"],
  });
  assertEquals(
    limitsOf(', key_patterns = ["a:*", "%R~b"], channel_patterns = [], scripts = true'),
    {
      ...NONE,
      keyPatterns: ["a:*", "%R~b"],
      channelPatterns: [],
      scripts: true,
    },
  );
});

Deno.test("denied commands are names and categories", () => {
  const denied = (list: string) => clusterOf(redisText(`deny_commands = ${list}`)).denyCommands;
  assertEquals(denied('["FLUSHALL", "@dangerous", "config|set"]'), [
    ...["flushall", "@dangerous", "config|set"],
  ]);
  assertEquals(denied("[]"), []);
  assertEquals(clusterOf(redisText()).denyCommands, []);
});

const PLACE = "clusters[0].auth.users[0]";
const mistakes: [keys: string, ...problems: string[]][] = [
  [
    user(', commands = "get"'),
    `${PLACE}.commands = "get": expected an array of at most 1024 strings`,
  ],
  [
    user(', commands = ["get", "nosuch", "@none"]'),
    `${PLACE}.commands[1]: expected the name of a command, not "nosuch"`,
    `${PLACE}.commands[2]: expected a category of @keyspace, @read, @write, @set, ` +
    "@sortedset, @list, @hash, @string, @bitmap, @hyperloglog, @geo, @stream, @pubsub, @admin, @fast, " +
    '@slow, @blocking, @dangerous, @connection, @transaction, @scripting or @all, not "@none"',
  ],
  [user(", read_only = 1"), `${PLACE}.read_only = 1: expected true or false`],
  [user(', scripts = "no"'), `${PLACE}.scripts = "no": expected true or false`],
  [
    user(', key_patterns = ["a", ""]'),
    `${PLACE}.key_patterns[1] = "": expected a pattern of 1 to 512 characters`,
  ],
  [
    user(", channel_patterns = [1]"),
    `${PLACE}.channel_patterns = an array of 1 values: expected an array of at most 256 strings`,
  ],
  [
    'deny_commands = ["+get", "nosuch", 1, "select|0"]',
    'clusters[0].deny_commands[0]: expected names and categories of commands, without a sign, not "+get"',
    'clusters[0].deny_commands[1]: expected the name of a command, not "nosuch"',
    "clusters[0].deny_commands[2]: expected names and categories of commands, without a sign, not 1",
    'clusters[0].deny_commands[3]: expected no first word behind a command that is taken away, not "select|0"',
  ],
];

for (const [keys, ...expected] of mistakes) {
  Deno.test(`${keys} is refused`, () => {
    assertEquals(problemsOf(redisText(keys)), expected.map((problem) => `a.toml: ${problem}`));
  });
}

Deno.test("memcache has its own commands, and no channels or scripts", () => {
  const text = (keys: string) => redisText(keys).replace('"redis"', '"memcache"');
  const keys = user(', commands = ["@read", "touch"], key_patterns = ["a:*"]');
  assertEquals(clusterOf(text(`${keys}\ndeny_commands = ["flush_all"]`)).users[0]!.limits, {
    ...NONE,
    commands: ["@read", "touch"],
    keyPatterns: ["a:*"],
  });
  assertEquals(problemsOf(text(user(", scripts = true, channel_patterns = []"))), [
    `a.toml: ${PLACE}.channel_patterns: has no meaning for memcache: remove it`,
    `a.toml: ${PLACE}.scripts: has no meaning for memcache: remove it`,
  ]);
  assertEquals(problemsOf(text('deny_commands = ["flushall"]')), [
    'a.toml: clusters[0].deny_commands[0]: expected the name of a command, not "flushall"',
  ]);
});
