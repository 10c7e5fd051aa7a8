import { redisClusterRecipe } from "../../../src/cluster/redis_cluster.ts";
import { SlotTopology } from "../../../src/cluster/slot_topology.ts";
import { clusterConfig } from "../../support/rigs/cluster_config.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { RecordingClusterContext } from "../../support/fakes/recording_cluster_context.ts";
import { request } from "../../support/clients/resp_text.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("redis_cluster: RESP over slots; requests are kept, as redirections send them again", () => {
  using rig = new CoreRig({ backendCount: 0, retainsRequests: true });
  const recipe = redisClusterRecipe(clusterConfig({}));
  const context = new RecordingClusterContext({ type: "redis_cluster" });
  assertEquals(new TextDecoder().decode(recipe.protocol.probe), request("PING"));
  assertEquals(recipe.retainsRequests, true);
  assertEquals(recipe.createTopology(context, rig.context) instanceof SlotTopology, true);
});
