import { tcpEndpoint } from "../../../src/endpoint.ts";
import { assertEquals, assertRejects } from "../../deps.ts";
import { Log, type LogRecord } from "../../../src/observe/log.ts";
import { describeClusters, startProxy } from "../../../src/supervisor/proxy.ts";
import { StartError } from "../../../src/supervisor/start_error.ts";
import { clusterConfig, config } from "./cluster_configs.ts";

Deno.test("describeClusters() names each cluster and all of its servers", () => {
  const small = clusterConfig("small", 2, 7_000);
  const large = clusterConfig("large", 1, 7_100);
  large.listen = tcpEndpoint("::1", 7_100);
  large.servers = Array.from({ length: 10 }, (_, index) => ({
    ...small.servers[0]!,
    alias: index === 0 ? "first" : null,
    address: `h:${index}`,
  }));
  assertEquals(describeClusters(config(small, large)), [
    {
      cluster: "small",
      type: "redis",
      address: "127.0.0.1:7000",
      threads: 2,
      backends: 1,
      servers: "127.0.0.1:7001",
    },
    {
      cluster: "large",
      type: "redis",
      address: "[::1]:7100",
      threads: 1,
      backends: 10,
      servers: "first@h:0,h:1,h:2,h:3,h:4,h:5,h:6,h:7,h:8,h:9",
    },
  ]);
});

Deno.test("startProxy() fails before anything starts when an address is taken", async () => {
  const holder = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const records: LogRecord[] = [];
  const sink = (record: LogRecord) => records.push(record);
  try {
    const taken = config(clusterConfig("main", 1, holder.addr.port));
    const error = await assertRejects(() =>
      startProxy({
        config: taken,
        output: { log: new Log("info", sink), write: sink, flush() {}, setLevel() {} },
        advertisedAddress: { address: "127.0.0.1", isExplicit: true },
        io: { engine: "deno" },
        isStandalone: true,
        isTakeover: false,
      }), StartError);
    assertEquals(
      error.message,
      `Cannot listen on 127.0.0.1:${holder.addr.port} for cluster "main": address already in use`,
    );
    assertEquals(records, []);
  } finally {
    holder.close();
  }
});
