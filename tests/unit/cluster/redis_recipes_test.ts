/**
 * What the local answers of a Redis cluster are told of their cluster.
 *
 * @module
 */
import { observedLists } from "../../support/rigs/redis_context.ts";
import { ClusterPeers } from "../../../src/cluster/cluster_peers.ts";
import { createRedisAnswers } from "../../../src/cluster/redis_recipes.ts";
import type { ClusterConfig } from "../../../src/config/config.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { createRespProtocol } from "../../../src/protocol/resp/mod.ts";
import { RequestFrame } from "../../../src/protocol/protocol.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { LocalRigClient } from "../../support/rigs/local_rig.ts";
import { RecordingClusterContext } from "../../support/fakes/recording_cluster_context.ts";
import { bulk, request } from "../../support/clients/resp_text.ts";
import { assertEquals } from "../../deps.ts";

/** The local answer to a request, in a cluster of this type on port 6380. */
function answer(type: ClusterConfig["type"], ...words: string[]): string {
  return answerAt("0.0.0.0", type, ...words);
}

/** The same with another address that is listened at. */
function answerAt(hostname: string, type: ClusterConfig["type"], ...words: string[]): string {
  using rig = new CoreRig({ backendCount: 3 });
  const protocol = createRespProtocol();
  const context = new RecordingClusterContext({
    type,
    listen: tcpEndpoint(hostname, 6380),
  });
  context.advertisedAddress = { address: "192.0.2.7", isExplicit: false };
  rig.metrics.clientsConnected = 17;
  // No server is asked for its version.
  rig.router.shards = () => [];
  const answers = createRedisAnswers(protocol, {
    cluster: context,
    metrics: rig.metrics,
    router: rig.router,
    backends: rig.context,
    peers: new ClusterPeers(context),
    observed: observedLists(rig.slowLog),
    clients: () => [],
    userChanged: () => {},
  });
  const frame = new RequestFrame();
  const bytes = new TextEncoder().encode(request(...words));
  assertEquals(protocol.createRequestParser(frame).parse(bytes, 0, bytes.length), 0);
  const client = new LocalRigClient();
  answers.answer(client, frame, bytes);
  return client.replies.join("");
}

Deno.test("INFO shows the cluster's own port and clients", () => {
  const info = answer("redis", "INFO");
  for (const line of ["tcp_port:6380", "connected_clients:17"]) {
    assertEquals(info.includes(`${line}\r\n`), true, line);
  }
});

Deno.test("a cluster-aware client is sent to the advertised address of this proxy", () => {
  const slots = answer("redis_cluster", "CLUSTER", "SLOTS");
  assertEquals(slots.includes(`${bulk("192.0.2.7")}:6380\r\n`), true, slots);
  assertEquals(slots.startsWith("*1\r\n*3\r\n:0\r\n:16383\r\n"), true, slots);
});

Deno.test("a cluster-aware client is sent to the address that is listened at, where it is one", () => {
  for (const words of [["CLUSTER", "SLOTS"], ["CLUSTER", "SHARDS"], ["CLUSTER", "NODES"]]) {
    const reply = answerAt("127.0.0.1", "redis_cluster", ...words);
    assertEquals([reply.includes("127.0.0.1"), reply.includes("192.0.2.7")], [true, false], reply);
  }
});

Deno.test("only a cluster of type redis_cluster is one", () => {
  assertEquals(answer("redis_cluster", "READONLY"), "+OK\r\n");
  assertEquals(answer("redis", "READONLY").startsWith("-ERR "), true);
});
