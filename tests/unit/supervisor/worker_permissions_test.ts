import { tcpEndpoint } from "../../../src/endpoint.ts";
import { assertEquals } from "../../deps.ts";
import { mayServe, workerPermissions } from "../../../src/supervisor/worker_permissions.ts";
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

const deno = { engine: "deno" } as const;

/** A cluster that listens at 127.0.0.1:7000 and has this server. */
function withServer(hostname: string, port: number) {
  const cluster = clusterConfig("a", 1, 7_000);
  const endpoint = tcpEndpoint(hostname, port);
  cluster.servers = [{ ...cluster.servers[0]!, endpoint, address: `${hostname}:${port}` }];
  return [cluster];
}

Deno.test("a list adds what it names, and a worker may take over servers within it", () => {
  const former = withServer("10.0.0.1", 1);
  const list = ["10.0.0.0/8", "cache.example:7002"];
  assertEquals(workerPermissions(former, list, deno).net, [
    "127.0.0.1:7000",
    "10.0.0.1:1",
    ...list,
  ]);
  const may = (hostname: string, port: number) =>
    mayServe(former, withServer(hostname, port), list, deno);
  assertEquals(
    [
      may("10.200.3.4", 9),
      may("cache.example", 7002),
      may("cache.example", 7003),
      may("11.0.0.1", 1),
    ],
    [true, true, false, false],
  );
});

Deno.test({
  name:
    "where the process was narrowed itself workers inherit a subnet, and may have what it may have",
  permissions: { net: ["127.0.0.1:7000", "10.0.0.1:1", "10.0.0.0/8"] },
  fn() {
    const former = withServer("10.0.0.1", 1);
    assertEquals(workerPermissions(former, ["10.0.0.0/8"], deno).net, "inherit");
    const may = (hostname: string) =>
      mayServe(former, withServer(hostname, 9), ["10.0.0.0/8"], deno);
    assertEquals([may("10.200.3.4"), may("11.0.0.1")], [true, false]);
  },
});
