/**
 * Policies are those that a server's COMMAND shows as tips; what differs is listed.
 *
 * @module
 */
import { respDescriptions } from "../../../../../src/protocol/resp/commands/mod.ts";
import { assertEquals } from "../../../../deps.ts";
import { startRedisServer } from "../../../../support/servers/redis_server.ts";

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
    const own = policyOf(respDescriptions.get(name)?.tips ?? []);
    if (own !== tips) differences[name] = `server "${tips}", table "${own}"`;
  }
  assertEquals(differences, DIFFERENT);
});
