/**
 * Features do not answer each other's commands, and every one that they answer has a local row.
 *
 * @module
 */
import { Action } from "../../../src/protocol/command_table.ts";
import { respCommands } from "../../../src/protocol/resp/commands/mod.ts";
import { createRedisFeatures } from "../../../src/redis/features.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { redisContext } from "../../support/rigs/redis_context.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("each command of a feature is its own, and its row says that it is answered here", () => {
  using rig = new CoreRig();
  const names = createRedisFeatures(redisContext(rig))
    .flatMap(({ answers }) => Object.keys(answers));
  assertEquals(new Set(names).size, names.length);
  const local = respCommands.rows.filter(({ action }) => action === Action.Local);
  const known = new Set(local.map(({ handler }) => handler));
  assertEquals(names.filter((name) => !known.has(name)), []);
});
