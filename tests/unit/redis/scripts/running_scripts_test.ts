/**
 * SCRIPT KILL and FUNCTION STATS reach every server over connections of their own; one success, or one function that
 * runs, is enough.
 *
 * @module
 */
import { killEverywhere, statsEverywhere } from "../../../../src/redis/scripts/running_scripts.ts";
import { FeatureScene } from "../../../support/rigs/feature_scene.ts";
import { assertEquals } from "../../../deps.ts";

const REQUEST = new TextEncoder().encode("kill\n");
const NOT_BUSY = "-NOTBUSY No scripts in execution right now.";

for (
  const [replies, expected] of [
    [["+OK", NOT_BUSY], "+OK"],
    [[NOT_BUSY, NOT_BUSY], NOT_BUSY],
    [[NOT_BUSY, "-UNKILLABLE wrote"], "-UNKILLABLE wrote"],
  ] as const
) {
  Deno.test(`${replies.join(" and ")} make ${expected}`, async () => {
    using scene = new FeatureScene(() => []);
    killEverywhere(scene.context, scene.client, REQUEST);
    for (const [index, reply] of replies.entries()) {
      await (await scene.accept(index)).receives(`${reply}\r\n`);
    }
    assertEquals(scene.told(), [expected]);
    assertEquals(scene.context.dedicated.takenCount, 0);
    await scene.ends();
  });
}

Deno.test("a server that is down is an error unless another one ended something", async () => {
  using scene = new FeatureScene(() => []);
  killEverywhere(scene.context, scene.client, REQUEST);
  await scene.rig.refuse(0);
  await (await scene.accept(1)).receives(`${NOT_BUSY}\r\n`);
  assertEquals(scene.told(), ["-ERR backend 10.0.0.1:7000: connection refused"]);
  await scene.ends();
});

Deno.test("what any server says of a function that runs is the answer, before errors", async () => {
  using scene = new FeatureScene(() => []);
  statsEverywhere(scene.context, scene.client, REQUEST);
  await scene.rig.refuse(0);
  await (await scene.accept(1)).receives("*4 a function\n");
  assertEquals(scene.told(), ["*4 a function"]);
  await scene.ends();
});
