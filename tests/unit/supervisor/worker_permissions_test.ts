import { tcpEndpoint } from "../../../src/endpoint.ts";
import { assertEquals } from "../../deps.ts";
import { workerPermissions } from "../../../src/supervisor/worker_permissions.ts";
import { clusterConfig } from "./cluster_configs.ts";

const clusters = [clusterConfig("a", 1, 7_000), clusterConfig("b", 1, 7_001)];
clusters[1]!.listen = tcpEndpoint("::", 7_001);
Object.assign(clusters[1]!.servers[0]!, {
  endpoint: tcpEndpoint("cache.example", 7002),
  address: "cache.example:7002",
});

Deno.test("workerPermissions() grants the addresses of the worker's clusters and nothing else", () => {
  assertEquals(workerPermissions(clusters, "config", { engine: "deno" }), {
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
  assertEquals(workerPermissions(clusters, "process", { engine: "deno" }).net, "inherit");
});

Deno.test("workerPermissions() grants the C library alone to the engine that calls it", () => {
  const io = { engine: "epoll", libcPath: "/lib/libc.so.6" } as const;
  const { ffi, net, read } = workerPermissions(clusters, "process", io);
  assertEquals([ffi, net, read], [["/lib/libc.so.6"], false, false]);
});

Deno.test({
  name: "workerPermissions() leaves out what this process may not reach",
  permissions: { net: ["127.0.0.1:7000", "cache.example:7002"] },
  fn() {
    const { net } = workerPermissions(clusters, "config", { engine: "deno" });
    assertEquals(net, ["127.0.0.1:7000", "cache.example:7002"]);
  },
});
