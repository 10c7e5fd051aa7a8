/**
 * The number changes with the configuration, and tells nothing of secrets.
 *
 * @module
 */
import { configHash } from "../../../src/supervisor/config_hash.ts";
import { assert, assertEquals } from "../../deps.ts";
import { clusterConfig, config } from "./cluster_configs.ts";
import { userWith } from "../../support/rigs/user_config.ts";

Deno.test("configHash() is of what runs, without secrets", () => {
  const one = config(clusterConfig("main", 1, 7_000));
  const hash = configHash(one);
  assert(Number.isSafeInteger(hash) && hash > 0);
  assertEquals(configHash({ ...structuredClone(one), file: "other.toml" }), hash);
  assert(configHash(config(clusterConfig("main", 2, 7_000))) !== hash);
  const secret = structuredClone(one);
  secret.runtime.adminToken = "sesame";
  secret.clusters[0]!.users = [userWith("default", "abracadabra")];
  const other = configHash(secret);
  secret.runtime.adminToken = "open";
  secret.clusters[0]!.users = [userWith("default", "sesame")];
  secret.clusters[0]!.backendCredentials = { username: null, password: "sesame" };
  assertEquals(configHash(secret), other);
  assert(other !== hash, "who may connect counts");
});
