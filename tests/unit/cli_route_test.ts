import { placementShare, routeOf } from "../../src/cli_route.ts";
import { parseConfig } from "../../src/embed.ts";
import { assert, assertEquals } from "../deps.ts";

function clusterOf(lines: string) {
  return parseConfig(`[runtime]
metrics = "off"
[[clusters]]
name = "main"
listen_addr = "127.0.0.1:7000"
${lines}`).clusters[0]!;
}

Deno.test("a key of a ring has a server, by its name and address", () => {
  // As twemproxy places them.
  const ring = clusterOf(`cache_type = "redis"
servers = ["10.0.0.1:1:1 server1", "10.0.0.2:1:1 server2", "10.0.0.3:1:1 server3"]`);
  assertEquals(["foo", "bar", "key:1", ""].map(routeOf(ring)), [
    "foo\tserver1\t10.0.0.1:1",
    "bar\tserver2\t10.0.0.2:1",
    "key:1\tserver3\t10.0.0.3:1",
    "\tserver3\t10.0.0.3:1",
  ]);
});

Deno.test("a key of a Redis Cluster has a slot", () => {
  const slots = clusterOf('cache_type = "redis_cluster"\nservers = ["10.0.0.1:1"]');
  assertEquals(["foo", "{foo}bar"].map(routeOf(slots)), [
    "foo\tslot 12182",
    "{foo}bar\tslot 12182",
  ]);
  assertEquals(placementShare(slots), 0);
});

Deno.test("twemproxy and aster 1.x differ where a server without a name is on memcached's own port", () => {
  const share = (servers: string, more = "") =>
    placementShare(clusterOf(`cache_type = "memcache"\nservers = ${servers}\n${more}`));
  assert(share('["10.0.0.1:11211:1", "10.0.0.2:11211:1", "10.0.0.3:11211:1"]') > 0.3);
  assertEquals(share('["10.0.0.1:11211:1 a", "10.0.0.2:11211:1 b"]'), 0);
  assertEquals(share('["10.0.0.1:11211:1", "10.0.0.2:1:1"]', 'distribution = "random"'), 0);
});
