import { clientState } from "../../../../src/redis/client/client_state.ts";
import { createRedisFeatures } from "../../../../src/redis/features.ts";
import { assertEquals } from "../../../deps.ts";
import { FeatureScene } from "../../../support/rigs/feature_scene.ts";

Deno.test("a client's state is that of its stages", async () => {
  using scene = new FeatureScene(createRedisFeatures, {}, 3);
  const idle = { flags: "", sub: 0, psub: 0, ssub: 0, multi: -1, watch: 0 };
  assertEquals(clientState(scene.client), idle);
  scene.ask("WATCH k0");
  const watching = { ...idle, watch: 1 };
  assertEquals(clientState(scene.client), watching, "watching is no transaction yet");
  const conn = await scene.accept(0);
  await conn.receives("+OK\r\n");
  scene.askAll("MULTI", "PING");
  assertEquals(clientState(scene.client), { ...watching, flags: "x", multi: 1 });
  scene.client.stage!.onClose();
  await scene.ends();
});

Deno.test("a client that is about to be subscribed has the flag, and no channels yet", async () => {
  using scene = new FeatureScene(createRedisFeatures);
  scene.askAll("SUBSCRIBE a b", "PSUBSCRIBE c*");
  const { flags, sub, psub, ssub } = clientState(scene.client);
  assertEquals([flags, sub, psub, ssub], ["P", 0, 0, 0]);
  scene.client.stage!.onClose();
  await scene.ends();
});
