import { parseConfig } from "../../../mod.ts";
import {
  containerWords,
  planContainers,
  removeContainers,
  startContainer,
} from "../../../tasks/demo_containers.ts";
import { planDemo, plannedPorts } from "../../../tasks/demo_plan.ts";
import { assert, assertEquals } from "../../deps.ts";
import { isFree, withFreePorts } from "../../support/tools/free_port.ts";
import { until } from "../../support/tools/poll.ts";
import { RespClient } from "../../support/clients/resp_client.ts";

const demo = planDemo(
  parseConfig(Deno.readTextFileSync(new URL("../../../default.toml", import.meta.url))),
);

Deno.test("two containers serve all that the demo needs, at loopback alone", () => {
  const containers = planContainers(demo);
  assertEquals(containers.map(({ name }) => name), ["aster-demo-redis", "aster-demo-memcached"]);
  assertEquals(
    new Set(containers.flatMap(({ ports }) => ports)),
    new Set(plannedPorts(demo)),
  );
  for (const container of containers) {
    const words = containerWords(container);
    assertEquals(words[0], "run");
    const published = words.filter((_, index) => words[index - 1] === "--publish");
    assertEquals(published, container.ports.map((port) => `127.0.0.1:${port}:${port}`));
    assertEquals(words.slice(-3), [container.image, "-c", container.script]);
    for (const port of container.ports) assert(container.script.includes(` ${port} `), `${port}`);
  }
});

Deno.test("a container that would serve nothing is none", () => {
  const containers = planContainers({ ...demo, memcached: [] });
  assertEquals(containers.map(({ name }) => name), ["aster-demo-redis"]);
});

/** The bus of a node is at its port and 10,000, as in the image. */
const isNodePort = (port: number) => port + 10_000 < 32_000 && isFree(port + 10_000);

Deno.test("what runs in the containers serves, and ends when it is told to", async () => {
  const directory = await Deno.makeTempDir();
  // Stands in for the engine: what would run in a container runs here.
  const engine = `${directory}/docker`;
  const log = `${directory}/asked`;
  await Deno.writeTextFile(
    engine,
    `#!/bin/sh
echo "$1" >>${log}
[ "$1" = run ] || exit 0
for script; do :; done
exec sh -c "$script"
`,
    { mode: 0o755 },
  );
  try {
    await withFreePorts(40, async (free) => {
      const nodes = free.filter(isNodePort).slice(0, 6);
      const [redis, memcached] = free.filter((port) => !nodes.includes(port));
      const at = (port: number) => ({ kind: "tcp", hostname: "127.0.0.1", port }) as const;
      const containers = planContainers({
        redis: [at(redis!)],
        memcached: [at(memcached!)],
        redisClusters: [nodes],
        proxy: [],
      });
      for (const container of containers) {
        await using _ = await startContainer(engine, container);
        if (container.clusterPorts.length === 0) continue;
        using client = await RespClient.connect({ hostname: "127.0.0.1", port: nodes[5]! });
        assert(String(await client.call("CLUSTER", "NODES")).includes(`127.0.0.1:${nodes[0]}@`));
      }
      await removeContainers(engine, containers);
      await until(() => [redis!, memcached!, ...nodes].every((port) => isFree(port)), {
        what: "all servers have ended",
      });
    });
    assertEquals(await Deno.readTextFile(log), "run\nrun\nrm\n");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
