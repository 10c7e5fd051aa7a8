import { redisRecipe } from "../../../src/cluster/redis.ts";
import { RingTopology } from "../../../src/cluster/ring_topology.ts";
import { clusterConfig } from "../../support/rigs/cluster_config.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { RecordingClusterContext } from "../../support/fakes/recording_cluster_context.ts";
import { request } from "../../support/clients/resp_text.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("redis: RESP over a ring, and nothing is kept to be sent again", () => {
  using rig = new CoreRig({ backendCount: 0 });
  const recipe = redisRecipe(clusterConfig({}));
  const context = new RecordingClusterContext({ type: "redis" });
  assertEquals(new TextDecoder().decode(recipe.protocol.probe), request("PING"));
  assertEquals(recipe.retainsRequests, false);
  assertEquals(recipe.createTopology(context, rig.context) instanceof RingTopology, true);
});
