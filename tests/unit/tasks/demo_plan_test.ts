import { tcpEndpoint } from "../../../src/endpoint.ts";
import { assertEquals } from "../../deps.ts";
import { parseConfig } from "../../../mod.ts";
import { type DemoPlan, describeTries, planDemo, plannedPorts } from "../../../tasks/demo_plan.ts";
import { findCommand } from "../../../tasks/servers.ts";

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
  const plan = planDemo(parseConfig(clusters));
  assertEquals(plan.redis, [
    tcpEndpoint("127.0.0.1", 7011),
    tcpEndpoint("127.0.0.1", 7012),
  ]);
  assertEquals(plan.memcached, [tcpEndpoint("127.0.0.1", 11212)]);
  assertEquals(plan.redisClusters, [[7000, 7001, 7002, 7003, 7004, 7005]]);
  assertEquals(plannedPorts(plan).length, 9);
  assertEquals(plan.proxy, [9001, 9002, 9003, 9004, 2110]);
});

/** What there is to try on a machine with these programs, of the clusters that have servers. */
function triesWith(programs: readonly string[], without: Partial<DemoPlan> = {}): string[] {
  const config = parseConfig(clusters);
  const plan = { ...planDemo(config), ...without };
  return describeTries(config, plan, (name) => programs.includes(name));
}

Deno.test("the demo says three commands to try, and where the dashboard is", () => {
  const tries = triesWith(["redis-cli", "nc"]);
  assertEquals(tries.filter((line) => line.startsWith("#")), [
    "# slots (redis_cluster)",
    "# ring (redis)",
    "# same (redis)",
    "# what it does, in a browser",
  ]);
  assertEquals(
    tries[1],
    "printf 'mset apple red banana yellow plum blue\\nmget apple banana plum\\n' | " +
      "redis-cli -h 127.0.0.1 -p 9001",
  );
  assertEquals(tries.at(-1), "http://127.0.0.1:2110/");
});

Deno.test("what the demo says to try needs no program that the machine lacks", () => {
  const programs = ["redis-cli", "nc", "bash", "node"];
  for (let first = 0; first <= programs.length; first++) {
    const there = programs.slice(first);
    const lacking = programs.slice(0, first);
    const tries = triesWith(there, { redis: [] });
    assertEquals(tries.filter((line) => line.startsWith("#")), [
      "# slots (redis_cluster)",
      "# cache (memcache)",
      "# what it does, in a browser",
    ]);
    for (const line of tries) {
      assertEquals(lacking.filter((name) => line.split(/[ |]/).includes(name)), [], line);
    }
  }
});

for (const program of ["nc", "bash", "node"]) {
  Deno.test({
    name: `what the demo says to try with ${program} alone asks and shows the answer`,
    // What is not there is not suggested either.
    ignore: findCommand(program) === null,
    fn: async () => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const config = parseConfig(
        clusters.replace("127.0.0.1:9004", `127.0.0.1:${listener.addr.port}`),
      );
      const plan = { ...planDemo(config), redis: [], redisClusters: [] };
      const [, line] = describeTries(config, plan, (name) => name === program);
      const served = (async () => {
        using connection = await listener.accept();
        const buffer = new Uint8Array(1024);
        let asked = "";
        // A shell sends line by line.
        while (!asked.endsWith("quit\r\n")) {
          const count = await connection.read(buffer);
          if (count === null) break;
          asked += new TextDecoder().decode(buffer.subarray(0, count));
        }
        await connection.write(new TextEncoder().encode("STORED\r\n"));
        return asked;
      })();
      const { stdout } = await new Deno.Command("sh", { args: ["-c", line!] }).output();
      listener.close();
      assertEquals(await served, "set greeting 0 0 5\r\nhello\r\nget greeting\r\nquit\r\n");
      assertEquals(new TextDecoder().decode(stdout), "STORED\r\n");
    },
  });
}

Deno.test("default.toml can be demonstrated: no port stands for two servers", () => {
  const text = Deno.readTextFileSync(new URL("../../../default.toml", import.meta.url));
  const plan = planDemo(parseConfig(text));
  const ports = [...plannedPorts(plan), ...plan.proxy];
  assertEquals(plan.redisClusters.length, 1);
  assertEquals(new Set(ports).size, ports.length);
});
