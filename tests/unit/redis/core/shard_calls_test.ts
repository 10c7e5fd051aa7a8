/**
 * Calls to several backends are answered together, in the order of the backends.
 *
 * @module
 */
import { portOf } from "../../../../src/endpoint.ts";
import { callShards } from "../../../../src/redis/core/shard_calls.ts";
import { Redirection } from "../../../../src/router/router.ts";
import { FeatureScene } from "../../../support/rigs/feature_scene.ts";
import { textOf } from "../../../support/rigs/local_rig.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("replies and failures come in the order of the backends, once all are there", async () => {
  using scene = new FeatureScene(() => []);
  const heard: string[][] = [];
  const request = new TextEncoder().encode("get a\n");
  callShards(scene.context, scene.client, scene.rig.backends, request, (replies) => {
    heard.push(
      replies.map(({ bytes, isError, backend }) =>
        `${portOf(backend.endpoint)} ${isError} ${textOf(bytes).trim()}`
      ),
    );
  });
  const first = await scene.accept(0);
  const second = await scene.accept(1);
  await second.ends();
  assertEquals(heard, []);
  await first.receives("A\n");
  assertEquals(heard, [[
    "7000 false A",
    "7001 true -ERR backend 10.0.0.1:7001: connection closed",
  ]]);
  await scene.ends();
});

Deno.test("the router hears of errors: a former master's say that the map is out of date", async () => {
  using scene = new FeatureScene(() => []);
  const learnt: string[] = [];
  scene.rig.router.onLearn = (reply) => {
    learnt.push(reply.trim());
    return Redirection.None;
  };
  callShards(
    scene.context,
    scene.client,
    scene.rig.backends,
    new TextEncoder().encode("get a\n"),
    () => {},
  );
  await (await scene.accept(0)).receives("A\n");
  await (await scene.accept(1)).receives("-READONLY no\n");
  assertEquals(learnt, ["-READONLY no"]);
  await scene.ends();
});

Deno.test("without backends there is nothing to wait for", () => {
  using scene = new FeatureScene(() => []);
  let count = -1;
  callShards(scene.context, scene.client, [], new Uint8Array(0), ({ length }) => count = length);
  assertEquals(count, 0);
});
