import { memcacheRecipe } from "../../../src/cluster/memcache.ts";
import { RingTopology } from "../../../src/cluster/ring_topology.ts";
import { clusterConfig } from "../../support/rigs/cluster_config.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { RecordingClusterContext } from "../../support/fakes/recording_cluster_context.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("memcache: its own protocol over a ring, and nothing is kept to be sent again", () => {
  using rig = new CoreRig({ backendCount: 0 });
  const recipe = memcacheRecipe(clusterConfig({ type: "memcache" }));
  const context = new RecordingClusterContext({ type: "memcache" });
  assertEquals(new TextDecoder().decode(recipe.protocol.probe), `${"version".padEnd(24)}\r\n`);
  assertEquals(recipe.retainsRequests, false);
  assertEquals(recipe.createTopology(context, rig.context) instanceof RingTopology, true);
});
