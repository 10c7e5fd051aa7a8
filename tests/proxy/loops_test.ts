/**
 * A proxy that is led back to itself by what no file shows: the machine's own addresses, and what nodes announce.
 *
 * @module
 */
import { type Aster, startAster } from "../support/servers/aster.ts";
import { patientTimeouts } from "../support/rigs/cluster_config.ts";
import { connectFakeClient } from "../support/fakes/fake_client.ts";
import { until } from "../support/tools/poll.ts";
import { request } from "../support/clients/resp_text.ts";
import { ScriptedNode } from "../support/fakes/scripted_node.ts";
import { readMetric } from "../servers/metrics.ts";
import { assert, assertEquals } from "../deps.ts";

const ITSELF = "it is this proxy itself, or leads back to it";

/** An address of this machine that no file could know. */
const ownAddress =
  Deno.networkInterfaces().find(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.")
  )?.address ?? null;

function cluster(name: string, type: string, listen: string, server: string, more = ""): string {
  return `
    [[clusters]]
    name = "${name}"
    listen_addr = "${listen}"
    cache_type = "${type}"
    servers = ["${server}"]
    ${patientTimeouts()}
    ${more}
  `;
}

async function ask(port: number, what: string): Promise<string> {
  await using client = await connectFakeClient(port);
  await client.sends(what);
  return await client.receivesUpTo("\r\n");
}

async function countedAs(aster: Aster, cluster: string): Promise<void> {
  const labels = ['reason="backend_is_proxy"', 'source="proxy"', `cluster="${cluster}"`];
  assert(await readMetric(aster, "aster_failures_total", ...labels) > 0, "it is counted");
  await aster.logged(/Proxy cannot connect.*backend_is_proxy/);
}

Deno.test({
  name: "a cluster that is led to itself by an address of the machine says so",
  // A machine without a network has no such address.
  ignore: ownAddress === null,
  async fn() {
    const config = (redis: number, memcache: number) =>
      cluster("redis", "redis", `0.0.0.0:${redis}`, `${ownAddress}:${redis}:1`) +
      cluster("memcache", "memcache", `0.0.0.0:${memcache}`, `${ownAddress}:${memcache}:1`);
    await using aster = await startAster(config, { portCount: 2, metrics: true });
    const [redis, memcache] = aster.ports as [number, number];
    assertEquals(
      await ask(redis, request("GET", "key")),
      `-ERR backend ${ownAddress}:${redis}: ${ITSELF}\r\n`,
    );
    assertEquals(
      await ask(memcache, "get key\r\n"),
      `SERVER_ERROR backend ${ownAddress}:${memcache}: ${ITSELF}\r\n`,
    );
    await countedAs(aster, "redis");
    await countedAs(aster, "memcache");
    assertEquals(await readMetric(aster, "aster_ejections_total"), 0);
  },
});

Deno.test({
  name: "clusters that are led to each other by addresses of the machine say so",
  // As above.
  ignore: ownAddress === null,
  async fn() {
    const config = (one: number, other: number) =>
      cluster("one", "redis", `0.0.0.0:${one}`, `${ownAddress}:${other}:1`) +
      cluster("other", "redis", `0.0.0.0:${other}`, `${ownAddress}:${one}:1`, "thread = 2");
    await using aster = await startAster(config, { portCount: 2, metrics: true });
    for (const port of aster.ports) {
      const reply = await ask(port, request("GET", "key"));
      assert(reply.endsWith(`: ${ITSELF}\r\n`), reply);
    }
  },
});

Deno.test("a Redis Cluster whose node announces the proxy's own address is refused at that node", async () => {
  await using node = new ScriptedNode();
  const config = (port: number) =>
    cluster("slots", "redis_cluster", `127.0.0.1:${port}`, node.address);
  await using aster = await startAster(config, { metrics: true });
  const itself = `-ERR backend 127.0.0.1:${aster.port}: ${ITSELF}\r\n`;
  // By a redirection; a key of slot 12182.
  node.answer = () => `-MOVED 12182 127.0.0.1:${aster.port}\r\n`;
  node.serves([0, 16_383, node.address]);
  await until(async () => await ask(aster.port, request("GET", "foo")) === itself, {
    what: "the redirection is refused",
  });
  // By the slot map.
  node.answer = () => "+OK\r\n";
  node.serves([0, 8_191, node.address], [8_192, 16_383, `127.0.0.1:${aster.port}`]);
  await until(async () => await ask(aster.port, request("GET", "bar")) === "+OK\r\n", {
    what: "a node that serves",
  });
  assertEquals(await ask(aster.port, request("GET", "foo")), itself);
  // The node goes on being believed, not the proxy's own map.
  node.serves([0, 16_383, node.address]);
  await until(async () => await ask(aster.port, request("GET", "foo")) === "+OK\r\n", {
    what: "the next map",
  });
  await countedAs(aster, "slots");
});
