import { tcpEndpoint } from "../../../src/endpoint.ts";
import { assertEquals } from "../../deps.ts";
import { parseConfig } from "../../../mod.ts";
import { planDemo, plannedPorts } from "../../../tasks/demo_plan.ts";

const clusters = `
[runtime]
metrics = "0.0.0.0:2110"
[[clusters]]
name = "slots"
listen_addr = "0.0.0.0:9001"
cache_type = "redis_cluster"
servers = ["127.0.0.1:7000", "127.0.0.1:7001"]
[[clusters]]
name = "ring"
listen_addr = "127.0.0.1:9002"
cache_type = "redis"
servers = ["127.0.0.1:7011:1", "127.0.0.1:7012:2"]
[[clusters]]
name = "same"
listen_addr = "127.0.0.1:9003"
cache_type = "redis"
servers = ["127.0.0.1:7012"]
[[clusters]]
name = "cache"
listen_addr = "127.0.0.1:9004"
cache_type = "memcache"
servers = ["127.0.0.1:11212:1 first"]
`;

Deno.test("the demo starts each server of the configuration once, and a whole Redis Cluster", () => {
  const plan = planDemo(parseConfig(clusters), () => true);
  assertEquals(plan.redis, [
    tcpEndpoint("127.0.0.1", 7011),
    tcpEndpoint("127.0.0.1", 7012),
  ]);
  assertEquals(plan.memcached, [tcpEndpoint("127.0.0.1", 11212)]);
  assertEquals(plan.redisClusters, [[7000, 7001, 7002, 7003, 7004, 7005]]);
  assertEquals(plannedPorts(plan).length, 9);
  assertEquals(plan.proxy, [9001, 9002, 9003, 9004, 2110]);
});

Deno.test("the demo says what to try on each address", () => {
  const { tries } = planDemo(parseConfig(clusters), () => true);
  assertEquals(tries.filter((line) => line.startsWith("#")), [
    "# slots (redis_cluster)",
    "# ring (redis)",
    "# same (redis)",
    "# cache (memcache)",
    "# what it does, in a browser",
  ]);
  assertEquals(tries[1], "redis-cli -h 127.0.0.1 -p 9001 mset apple red banana yellow plum blue");
  assertEquals(tries.at(-1), "http://127.0.0.1:2110/");
});

Deno.test("what the demo says to try needs no program that the machine lacks", () => {
  const { tries } = planDemo(parseConfig(clusters), (name) => name !== "nc");
  assertEquals(tries.some((line) => / nc /.test(line)), false);
  assertEquals(tries.some((line) => line.includes("/dev/tcp/127.0.0.1/9004;")), true);
});

Deno.test("default.toml can be demonstrated: no port stands for two servers", () => {
  const text = Deno.readTextFileSync(new URL("../../../default.toml", import.meta.url));
  const plan = planDemo(parseConfig(text), () => true);
  const ports = [...plannedPorts(plan), ...plan.proxy];
  assertEquals(plan.redisClusters.length, 1);
  assertEquals(new Set(ports).size, ports.length);
});
