/**
 * Rules: what each grants and takes away, and what is none. `tests/servers/redis_users_test.ts` compares decisions with
 * a server's.
 *
 * @module
 */
import { GrantedCommands, whyNoRule } from "../../../src/protocol/command_rules.ts";
import { ruledCommands } from "../../../src/protocol/resp/commands/ruled.ts";
import { assertEquals } from "../../deps.ts";

const COMMANDS = ruledCommands([
  { name: "own.read", firstKey: 1, lastKey: 1, keyStep: 1, isRead: true },
]);
const NAMES = ["get", "set", "keys", "config|get", "config|set", "client|id", "own.read", "x.y"];

function granted(...rules: string[]): string[] {
  const commands = new GrantedCommands(rules, COMMANDS);
  return NAMES.filter((name) => commands.has(name));
}

Deno.test("rules apply from left to right, and a later one wins", () => {
  assertEquals(granted(), []);
  assertEquals(granted("@all"), NAMES);
  assertEquals(granted("allcommands", "nocommands"), []);
  assertEquals(granted("+@all", "-@all", "get"), ["get"]);
  assertEquals(granted("@read", "-keys"), ["get", "own.read"]);
  assertEquals(granted("-keys", "@read"), ["get", "keys", "own.read"]);
  assertEquals(granted("@read", "-@dangerous", "+KEYS"), ["get", "keys", "own.read"]);
});

Deno.test("a command comes and goes with its subcommands, and each by itself", () => {
  assertEquals(granted("config"), ["config|get", "config|set"]);
  assertEquals(granted("config", "-config|set"), ["config|get"]);
  assertEquals(granted("+config|get"), ["config|get"]);
  assertEquals(granted("@all", "-@admin"), ["get", "set", "keys", "client|id", "own.read", "x.y"]);
});

Deno.test("commands that no list has might read and write, and are named by themselves", () => {
  assertEquals(granted("@write"), ["set"]);
  assertEquals(granted("@slow").includes("x.y"), false);
  assertEquals(granted("@all", "-@read").includes("x.y"), false);
  assertEquals(granted("@all", "-@write"), NAMES.filter((name) => !/^(set|x.y)$/.test(name)));
  assertEquals(granted("@all", "-x.y"), NAMES.filter((name) => name !== "x.y"));
  assertEquals(granted("@all", "-x.y", "@all"), NAMES);
  assertEquals(granted("x.y"), ["x.y"]);
});

Deno.test("a first word is granted where its command has no subcommands", () => {
  const commands = new GrantedCommands(["select|0", "select|1"], COMMANDS);
  assertEquals(commands.has("select"), false);
  assertEquals(["0", "1", "2"].map((word) => commands.hasFirstWord("select", word)), [
    ...[true, true, false],
  ]);
  assertEquals(
    new GrantedCommands(["select|0", "-select"], COMMANDS).hasFirstWord("select", "0"),
    false,
  );
});

Deno.test("what is no rule is said to be none", () => {
  const right =
    "@read,+@all,-@dangerous,get,+GET,-get,config|get,select|0,json.get,-a.b,allcommands";
  for (const rule of right.split(",")) assertEquals(whyNoRule(rule, COMMANDS), null, rule);
  const wrong: [rule: string, fault: RegExp][] = [
    ["", /^rules such as/],
    ["get set", /^rules such as/],
    ["@read|get", /^rules such as/],
    ["@none", /^a category of @keyspace, /],
    ["nosuch", /^the name of a command/],
    ["config|nosuch", /^a subcommand of config/],
    ["-select|0", /^no first word/],
    ["~key", /^rules such as/],
  ];
  for (const [rule, fault] of wrong) {
    assertEquals(
      fault.test(whyNoRule(rule, COMMANDS) ?? ""),
      true,
      `${rule}: ${whyNoRule(rule, COMMANDS)}`,
    );
  }
});
