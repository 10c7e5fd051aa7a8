import { assertEquals } from "../../deps.ts";
import { workerAddresses, workerPermissions } from "../../../src/supervisor/worker_permissions.ts";
import { clusterConfig, config } from "./cluster_configs.ts";

const two = config(clusterConfig("a", 1, 7_000), clusterConfig("b", 1, 7_001));
two.clusters[1]!.listen.hostname = "::";
two.clusters[1]!.servers[0]!.hostname = "cache.example";

Deno.test("workerAddresses() lists listeners and backends once, IPv6 in brackets", () => {
  assertEquals(workerAddresses(two), [
    "127.0.0.1:7000",
    "127.0.0.1:7001",
    "[::]:7001",
    "cache.example:7002",
  ]);
});

Deno.test("workerPermissions() grants the network of the config and nothing else", () => {
  const permissions = workerPermissions(two);
  assertEquals(permissions, {
    net: workerAddresses(two),
    read: false,
    write: false,
    env: false,
    sys: false,
    run: false,
    ffi: false,
    import: false,
  });
});

Deno.test("workerPermissions() inherits the network where the config says so", () => {
  const open = { ...two, runtime: { ...two.runtime, network: "process" as const } };
  assertEquals(workerPermissions(open).net, "inherit");
});

Deno.test({
  name: "workerPermissions() leaves out what this process may not reach",
  permissions: { net: ["127.0.0.1:7000", "cache.example:7002"] },
  fn() {
    assertEquals(workerPermissions(two).net, ["127.0.0.1:7000", "cache.example:7002"]);
  },
});
