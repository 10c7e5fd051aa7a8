/**
 * Policies are those that a server's COMMAND shows as tips; what differs is listed.
 *
 * @module
 */
import { respCommands } from "../../../../../src/protocol/resp/commands/mod.ts";
import { commandPolicies } from "../../../../../src/protocol/resp/commands/policies.ts";
import { laterCommands } from "../../../../../src/protocol/resp/commands/versions.ts";
import { assert, assertEquals } from "../../../../deps.ts";
import { startRedisServer } from "../../../../support/redis_server.ts";

/** Names whose tips of a Redis 7.0 are others than those of the table, with the reason. */
const DIFFERENT: Record<string, string> = {};

/** The policies among the tips of one command. */
function policyOf(tips: readonly string[]): string {
  const value = (name: string) =>
    tips.find((tip) => tip.startsWith(`${name}:`))?.slice(name.length + 1) ?? "";
  return `${value("request_policy")} ${value("response_policy")}`.trim();
}

type Described = [
  string,
  number,
  string[],
  number,
  number,
  number,
  string[],
  string[],
  unknown,
  Described[],
];

function* flatten(listed: readonly Described[]): Generator<[string, string]> {
  for (const command of listed) {
    yield [command[0], policyOf(command[7])];
    yield* flatten(command[9]);
  }
}

Deno.test("policies are the tips of redis-server 7.0", async () => {
  await using server = await startRedisServer();
  const listed = new Map(flatten(await server.call("COMMAND") as unknown as Described[]));
  const differences: Record<string, string> = {};
  for (const [name, tips] of listed) {
    const policy = commandPolicies.get(name);
    const own = policy === undefined ? "" : `${policy.request} ${policy.response ?? ""}`.trim();
    if (own !== tips) differences[name] = `server "${tips}", table "${own}"`;
  }
  assertEquals(differences, DIFFERENT);
});

Deno.test("every policy is of a command in the table", () => {
  const names = new Set(respCommands.rows.map(({ name }) => name));
  for (const name of commandPolicies.keys()) {
    const [command] = name.split("|");
    assert(names.has(command!) || laterCommands.has(command!), name);
  }
});
