/**
 * Each type of cluster speaks its protocol over its topology.
 *
 * @module
 */
import { createCluster } from "../../../src/cluster/create_cluster.ts";
import type { ClusterConfig } from "../../../src/config/config.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { serverAt } from "../../support/rigs/cluster_config.ts";
import { type FakeBackend, startFakeBackend } from "../../support/fakes/fake_backend.ts";
import { connectFakeClient } from "../../support/fakes/fake_client.ts";
import { findFreePort } from "../../support/tools/free_port.ts";
import { RecordingClusterContext } from "../../support/fakes/recording_cluster_context.ts";
import { array, bulk, request } from "../../support/clients/resp_text.ts";
import type { Wire } from "../../support/clients/wire.ts";

/** Runs a cluster of the type in front of one scripted backend. */
async function withCluster(
  type: ClusterConfig["type"],
  body: (client: Wire, backend: FakeBackend) => Promise<void>,
): Promise<void> {
  await using backend = await startFakeBackend();
  const port = findFreePort();
  const context = new RecordingClusterContext({
    type,
    listen: tcpEndpoint("127.0.0.1", port),
    servers: [serverAt(backend.port)],
  });
  const cluster = createCluster(context);
  cluster.start();
  try {
    cluster.lead();
    await using client = await connectFakeClient(port);
    await body(client, backend);
  } finally {
    cluster.stop();
  }
}

Deno.test("redis: RESP over a ring", () =>
  withCluster("redis", async (client, backend) => {
    await client.sends(request("SET", "a", "1"), "PING\r\n");
    await backend.receives(request("SET", "a", "1"));
    await backend.sends("+OK\r\n");
    await client.receives("+OK\r\n+PONG\r\n");
  }));

Deno.test("memcache: text over a ring", () =>
  withCluster("memcache", async (client, backend) => {
    await client.sends("get a\r\n");
    await backend.receives("get a\r\n");
    await backend.sends("END\r\n");
    await client.receives("END\r\n");
  }));

Deno.test("redis_cluster: RESP over slots, whose map it fetches first", () =>
  withCluster("redis_cluster", async (client, backend) => {
    const asking = await backend.accepts();
    await asking.receives(request("CLUSTER", "SHARDS"), request("CLUSTER", "NODES"));
    await asking.sends("-ERR unknown subcommand\r\n".repeat(2));
    await asking.receives(request("CLUSTER", "SLOTS"));
    const node = array(bulk("127.0.0.1"), `:${backend.port}\r\n`, bulk("id"));
    await asking.sends(array(array(":0\r\n", ":16383\r\n", node)));
    await asking.receivesEnd();
    await client.sends(request("SET", "a", "1"));
    const serving = await backend.accepts();
    await serving.receives(request("SET", "a", "1"));
    await serving.sends(`-ASK 15495 ${backend.address}\r\n`);
    await serving.receives(request("ASKING"), request("SET", "a", "1"));
    await serving.sends("+OK\r\n+OK\r\n");
    await client.receives("+OK\r\n");
    await client.sends(request("CLUSTER", "KEYSLOT", "a"));
    await client.receives(":15495\r\n");
  }));
