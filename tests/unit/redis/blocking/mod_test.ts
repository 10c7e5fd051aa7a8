/**
 * Every blocking command of the table is answered.
 *
 * @module
 */
import { isBlockingForm } from "../../../../src/protocol/command_table.ts";
import { respCommands } from "../../../../src/protocol/resp/commands/mod.ts";
import { Blocking } from "../../../../src/redis/blocking/mod.ts";
import { FeatureScene } from "../../../support/feature_scene.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("every command that may block has its answer, and no other", () => {
  using scene = new FeatureScene((context) => [new Blocking(context)]);
  const blocking = respCommands.rows.map(({ name }) => name)
    .filter((name) => isBlockingForm(name) || (/^b(l|r|z)/.test(name) && !/^bgr/.test(name)));
  assertEquals([...new Blocking(scene.context).answers.keys()].sort(), blocking.sort());
});
