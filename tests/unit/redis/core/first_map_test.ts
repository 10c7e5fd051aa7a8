/**
 * Which requests wait for the first slot map.
 *
 * @module
 */
import { FirstMap } from "../../../../src/redis/core/first_map.ts";
import { Verdict } from "../../../../src/session/stages.ts";
import { clusterConfig } from "../../../support/rigs/cluster_config.ts";
import { FeatureScene } from "../../../support/rigs/feature_scene.ts";
import { frameOf, LocalRigClient } from "../../../support/rigs/local_rig.ts";
import type { RedisContext } from "../../../../src/redis/core/feature.ts";
import { assertEquals } from "../../../deps.ts";

function createScene(options: Partial<RedisContext> = {}) {
  const scene = new FeatureScene((context) => [new FirstMap(context)], options);
  const connect = () => {
    const client = new LocalRigClient();
    scene.local.onConnect(client);
    return client;
  };
  const verdict = (client: LocalRigClient, line: string) => {
    const { frame, bytes } = frameOf(line.split(" "));
    return client.stage?.onRequest(client, frame, bytes) ?? Verdict.Pass;
  };
  return { scene, connect, verdict };
}

Deno.test("what needs a server waits, what the proxy answers by itself does not", () => {
  const { scene, connect, verdict } = createScene();
  using _ = scene;
  scene.rig.router.awaitsFirstMap = true;
  const client = connect();
  for (
    const line of [
      "GET a",
      "MGET a b",
      "DBSIZE",
      "SCAN 0",
      "BLPOP a 0",
      "SUBSCRIBE a",
      "WATCH a",
      "EXEC",
      "EVAL x 0",
      "SCRIPT LOAD x",
      "HELLO 3",
      "INFO",
      "PUBLISH a b",
      "RANDOMKEY",
      "CLUSTER COUNTKEYSINSLOT 1",
    ]
  ) assertEquals(verdict(client, line), Verdict.Wait, line);
  for (
    const line of [
      "PING",
      "AUTH x",
      "QUIT",
      "RESET",
      "MULTI",
      "CLIENT ID",
      "GET",
      "NOSUCH a",
      "SHUTDOWN",
      "CONFIG GET x",
    ]
  ) assertEquals(verdict(client, line), Verdict.Pass, line);
});

Deno.test("behind the wait the stage leaves with the next request; later clients have none", () => {
  const { scene, connect, verdict } = createScene();
  using _ = scene;
  assertEquals(connect().stage, null);
  scene.rig.router.awaitsFirstMap = true;
  const client = connect();
  const { frame, bytes } = frameOf(["RESET"]);
  scene.local.answer(client, frame, bytes);
  assertEquals([verdict(client, "GET a"), client.stage!.onInputEnd()], [Verdict.Wait, false]);
  scene.rig.router.awaitsFirstMap = false;
  assertEquals([verdict(client, "GET a"), client.stage], [Verdict.Pass, null]);
});

Deno.test("what is forwarded to servers by configuration waits, too", () => {
  const { scene, connect, verdict } = createScene({
    config: clusterConfig({ adminCommands: "forward" }),
  });
  using _ = scene;
  scene.rig.router.awaitsFirstMap = true;
  const client = connect();
  assertEquals(verdict(client, "CONFIG GET x"), Verdict.Wait);
  assertEquals(verdict(client, "SHUTDOWN"), Verdict.Pass);
});
