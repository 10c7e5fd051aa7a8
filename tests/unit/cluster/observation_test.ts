import { Observation } from "../../../src/cluster/observation.ts";
import type { KeySampler } from "../../../src/session/key_sampler.ts";
import { assert, assertEquals } from "../../deps.ts";
import { clusterConfig } from "../../support/rigs/cluster_config.ts";
import { createWatch } from "../../support/rigs/core_rig.ts";
import { RigPeers } from "../../support/rigs/redis_context.ts";

Deno.test("what is watched follows the configuration", () => {
  const config = clusterConfig({ slowlogSlowerThanUs: 5_000, bigKeyBytes: 100 });
  const observation = new Observation(config, new RigPeers());
  const watch = createWatch();
  const sessions: { sampler: KeySampler | null } = { sampler: null };
  observation.configure(config, watch, sessions);
  assertEquals([watch.slowMs, watch.isOn, sessions.sampler], [5, true, null]);
  // Nothing smaller is looked at one by one.
  assertEquals(watch.bigBytes, 65_537);
  observation.configure({ ...config, slowlogSlowerThanUs: -1, bigKeyBytes: 0 }, watch, sessions);
  assertEquals([watch.slowMs, watch.bigBytes, watch.isOn], [Infinity, Infinity, false]);
  observation.configure({ ...config, slowlogLengthMax: 0, bigKeyBytes: 0 }, watch, sessions);
  assertEquals([watch.slowMs, watch.isOn], [Infinity, false]);
});

Deno.test("hot keys are counted anew only where something about their counting changes", () => {
  const config = clusterConfig({ hotkeys: true });
  const observation = new Observation(config, new RigPeers());
  const sessions: { sampler: KeySampler | null } = { sampler: null };
  observation.configure(config, createWatch(), sessions);
  const first = sessions.sampler;
  assert(first !== null);
  observation.configure({ ...config, maxClients: 5 }, createWatch(), sessions);
  assertEquals(sessions.sampler === first, true);
  observation.configure({ ...config, hotkeySampleEvery: 1 }, createWatch(), sessions);
  assertEquals(sessions.sampler === first, false);
  observation.configure({ ...config, hotkeys: false }, createWatch(), sessions);
  assertEquals([sessions.sampler, observation.inspect("hotkeys")], [null, []]);
});
