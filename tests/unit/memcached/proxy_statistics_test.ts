import { failures } from "../../../src/failure.ts";
import { proxyStatistics } from "../../../src/memcached/proxy_statistics.ts";
import { VERSION } from "../../../src/version.ts";
import { MemcacheScene } from "../../support/rigs/memcache_scene.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("the proxy says what it has counted, and how its servers are", () => {
  using scene = new MemcacheScene();
  const { metrics } = scene.rig;
  metrics.readRequests = 7;
  metrics.failedByKind.set([0, 1, 0, 0]);
  metrics.otherErrors = 1;
  metrics.clientsAccepted = 4;
  metrics.countFailure(failures.backendTimeout);
  const statistics = new Map(proxyStatistics(scene.context));
  assertEquals(statistics.get("proxy_version"), VERSION);
  assertEquals(
    ["cmd_total", "error_replies", "total_connections"].map((name) => statistics.get(name)),
    ["7", "2", "4"],
  );
  assertEquals(statistics.get("failures:backend_timeout"), "1");
  assertEquals(statistics.has("failures:backend_reset"), false);
  assertEquals(statistics.get("10.0.0.1:7001:healthy"), "yes");
  assertEquals(statistics.get("10.0.0.1:7001:requests"), "0");
});
