/**
 * The commands of transactions where none is open.
 *
 * @module
 */
import { Transactions } from "../../../../src/redis/transaction/mod.ts";
import { FeatureScene } from "../../../support/rigs/feature_scene.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("without MULTI there is nothing to execute or to discard, and UNWATCH is fine", () => {
  using scene = new FeatureScene((context) => [new Transactions(context)]);
  assertEquals(scene.askAll("EXEC", "DISCARD", "UNWATCH"), [
    "-ERR EXEC without MULTI",
    "-ERR DISCARD without MULTI",
    "+OK",
  ]);
});

Deno.test("an empty transaction asks no backend", () => {
  using scene = new FeatureScene((context) => [new Transactions(context)]);
  assertEquals(scene.askAll("MULTI", "EXEC", "MULTI", "DISCARD"), ["+OK", "*0", "+OK", "+OK"]);
  assertEquals([scene.client.stage, scene.rig.network.attempts.length], [null, 0]);
});
