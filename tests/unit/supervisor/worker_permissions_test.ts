import { assertEquals } from "../../deps.ts";
import { workerPermissions } from "../../../src/supervisor/worker_permissions.ts";
import { clusterConfig } from "./cluster_configs.ts";

const clusters = [clusterConfig("a", 1, 7_000), clusterConfig("b", 1, 7_001)];
clusters[1]!.listen = { hostname: "::", port: 7_001 };
clusters[1]!.servers[0]!.hostname = "cache.example";

Deno.test("workerPermissions() grants the addresses of the worker's clusters and nothing else", () => {
  assertEquals(workerPermissions(clusters, "config"), {
    net: ["127.0.0.1:7000", "127.0.0.1:7001", "[::]:7001", "cache.example:7002"],
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
  assertEquals(workerPermissions(clusters, "process").net, "inherit");
});

Deno.test({
  name: "workerPermissions() leaves out what this process may not reach",
  permissions: { net: ["127.0.0.1:7000", "cache.example:7002"] },
  fn() {
    const { net } = workerPermissions(clusters, "config");
    assertEquals(net, ["127.0.0.1:7000", "cache.example:7002"]);
  },
});
