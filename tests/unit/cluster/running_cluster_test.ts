/**
 * One cluster in one worker: accepting, counting, stopping.
 *
 * @module
 */
import { REQUEST_OBJECTS_BYTES } from "../../../src/backend/outbox.ts";
import type { MemoryHolder } from "../../../src/cluster/memory_limit.ts";
import { RingTopology } from "../../../src/cluster/ring_topology.ts";
import { type Recipe, RunningCluster } from "../../../src/cluster/running_cluster.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { failures } from "../../../src/failure.ts";
import type { LocalClient } from "../../../src/session/stages.ts";
import { serverAt } from "../../support/rigs/cluster_config.ts";
import { startFakeBackend } from "../../support/fakes/fake_backend.ts";
import { connectFakeClient } from "../../support/fakes/fake_client.ts";
import { findFreePort } from "../../support/tools/free_port.ts";
import { LineAnswers, LineProtocol } from "../../support/clients/line_protocol.ts";
import { until } from "../../support/tools/poll.ts";
import { RecordingClusterContext } from "../../support/fakes/recording_cluster_context.ts";
import { assertEquals, assertThrows } from "../../deps.ts";

/** A ring that speaks the line protocol; `ids` gets the ids of clients that asked for an echo. */
function recipe(ids: number[] = []): Recipe {
  const answers = new LineAnswers();
  return {
    protocol: new LineProtocol(),
    retainsRequests: false,
    createTopology: (cluster, backends) => new RingTopology(cluster, backends),
    createLocalAnswers: () => ({
      onConnect: () => {},
      stop: () => answers.stop(),
      answer(client: LocalClient, frame, bytes): boolean {
        ids.push(client.id);
        return answers.answer(client, frame, bytes);
      },
    }),
  };
}

Deno.test("clients are served until the cluster stops; then all are closed and none accepted", async () => {
  await using backend = await startFakeBackend();
  const port = findFreePort();
  const context = new RecordingClusterContext({
    listen: tcpEndpoint("127.0.0.1", port),
    servers: [serverAt(backend.port)],
  });
  const cluster = new RunningCluster(context, recipe());
  assertEquals(cluster.name, "test");
  cluster.start();
  await using client = await connectFakeClient(port);
  await client.sends("get a\nget b\n");
  await backend.receives("get a\nget b\n");
  await backend.sends("A\n");
  await client.receives("A\n");
  const counted = cluster.metrics();
  assertEquals(
    [counted.cluster, counted.clientsConnected, counted.clientsAccepted, counted.requests],
    ["test", 1, 1, 2],
  );
  assertEquals(counted.backends.map(({ address, inFlight }) => [address, inFlight]), [
    [backend.address, 1],
  ]);
  cluster.stop();
  await client.receivesEnd();
  await backend.receivesEnd();
  assertEquals(cluster.metrics().failures[failures.shuttingDown.id], 1);
  assertEquals(cluster.metrics().clientsConnected, 0);
  await until(() => isRefused(port), { what: "connections are refused" });
});

Deno.test("client ids of different workers never meet", async () => {
  const seen: number[] = [];
  for (const workerNumber of [0, 1, 4095]) {
    const port = findFreePort();
    const context = new RecordingClusterContext(
      { listen: tcpEndpoint("127.0.0.1", port), servers: [serverAt(1)] },
      workerNumber,
    );
    const cluster = new RunningCluster(context, recipe(seen));
    cluster.start();
    for (let count = 0; count < 2; count++) {
      await using client = await connectFakeClient(port);
      await client.sends("echo x\n");
      await client.receives("x\n");
    }
    cluster.stop();
  }
  assertEquals(new Set(seen).size, 6);
  assertEquals(seen.every((id) => Number.isSafeInteger(id) && id > 0), true);
});

Deno.test("there are no more clients than there is room for, and what keeps others out is said", async () => {
  const port = findFreePort();
  const context = new RecordingClusterContext({ listen: tcpEndpoint("127.0.0.1", port) });
  context.clientRoom.clientsMax = 2;
  const cluster = new RunningCluster(context, recipe());
  cluster.start();
  const counted = () => {
    const { clientsConnected, failures: counts } = cluster.metrics();
    return [clientsConnected, counts[failures.tooManyOpenFiles.id]! > 0];
  };
  await using first = await connectFakeClient(port);
  await first.sends("echo 1\n");
  await first.receives("1\n");
  assertEquals([counted(), context.clientRoom.clientCount], [[1, false], 1]);
  const second = await connectFakeClient(port);
  await using third = await connectFakeClient(port);
  await third.sends("echo 3\n");
  await until(() => cluster.metrics().failures[failures.tooManyOpenFiles.id]! >= 2, {
    what: "two looks at the room",
  });
  assertEquals([counted(), context.clientRoom.clientCount], [[2, true], 2]);
  assertEquals(context.messages(), ["error: Clients wait to be accepted"]);
  await second[Symbol.asyncDispose]();
  await third.receives("3\n");
  assertEquals(context.clientRoom.clientCount, 2);
  await cluster.stop();
  assertEquals(context.clientRoom.clientCount, 0);
});

Deno.test("a client beyond max_clients is told so and closed, until there is a place again", async () => {
  const port = findFreePort();
  const context = new RecordingClusterContext({
    listen: tcpEndpoint("127.0.0.1", port),
    maxClients: 2,
  });
  // Another worker of the cluster has one of the places.
  context.clusterRoom.entered();
  const cluster = new RunningCluster(context, recipe());
  cluster.start();
  const first = await connectFakeClient(port);
  await first.sends("echo 1\n");
  await first.receives("1\n");
  await using second = await connectFakeClient(port);
  await second.receives("too many clients\n");
  await second.receivesEnd();
  await first.sends("echo 2\n");
  await first.receives("2\n");
  const { failures: counts, clientsConnected } = cluster.metrics();
  assertEquals([counts[failures.clientLimit.id], clientsConnected], [1, 1]);
  assertEquals([context.clusterRoom.clientCount, context.clientRoom.clientCount], [2, 1]);
  assertEquals(context.messages(), ["warning: Client is refused"]);
  await first[Symbol.asyncDispose]();
  await until(() => context.clusterRoom.clientCount === 1, { what: "a place" });
  await using third = await connectFakeClient(port);
  await third.sends("echo 3\n");
  await third.receives("3\n");
  await cluster.stop();
  assertEquals([context.clusterRoom.clientCount, context.clientRoom.clientCount], [1, 0]);
});

Deno.test("requests that wait for a server are among what their client's buffers take", async () => {
  const port = findFreePort();
  const context = new RecordingClusterContext({
    listen: tcpEndpoint("127.0.0.1", port),
    servers: [serverAt(findFreePort())],
    failoverWaitMs: 60_000,
  });
  const cluster = new RunningCluster(context, recipe());
  cluster.start();
  await using client = await connectFakeClient(port);
  const request = `put a ${"x".repeat(50_000)}\n`;
  await client.sends(request);
  await until(() => cluster.metrics().waitingRequests === 1, { what: "the request waits" });
  const holdersOf = (size: number) => {
    const found: MemoryHolder[] = [];
    cluster.visitHolders((holder, byteCount) => {
      if (byteCount === size) found.push(holder);
    });
    return found;
  };
  const size = request.length + REQUEST_OBJECTS_BYTES;
  const [holder] = holdersOf(size);
  assertEquals(Object.keys(holder!.holderFields), ["client", "address"]);
  cluster.shed(holder!, size);
  assertEquals(holdersOf(size), []);
  await client.receivesEnd();
  await cluster.stop();
});

Deno.test("a lost client is counted, and no more; a lack of descriptors tells what the room is", () => {
  const context = new RecordingClusterContext({ listen: tcpEndpoint("127.0.0.1", 1) });
  const cluster = new RunningCluster(context, recipe());
  cluster.acceptFailed(failures.clientReset);
  assertEquals([context.clientRoom.clientsMax, context.messages()], [0, []]);
  cluster.acceptFailed(failures.outOfMemory);
  assertEquals(context.clientRoom.clientsMax, 0);
  cluster.acceptFailed(failures.tooManyOpenFiles);
  assertEquals(context.clientRoom.clientsMax, 1);
  const { failures: counts } = cluster.metrics();
  const { clientReset, outOfMemory, tooManyOpenFiles } = failures;
  assertEquals([clientReset, outOfMemory, tooManyOpenFiles].map(({ id }) => counts[id]), [1, 1, 1]);
});

Deno.test("a port that is taken is an error of start()", () => {
  const holder = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const context = new RecordingClusterContext({
    listen: tcpEndpoint("127.0.0.1", holder.addr.port),
  });
  const cluster = new RunningCluster(context, recipe());
  assertThrows(() => cluster.start(), Deno.errors.AddrInUse);
  cluster.stop();
  holder.close();
});

Deno.test("what the leader found goes to the topology, and what it finds is published", async () => {
  await using backend = await startFakeBackend();
  const context = new RecordingClusterContext({
    listen: tcpEndpoint("127.0.0.1", findFreePort()),
    servers: [serverAt(backend.port)],
    pingFailLimit: 1,
  });
  const cluster = new RunningCluster(context, recipe());
  cluster.start();
  cluster.follow({ kind: "ejected", cluster: "test", addresses: [backend.address] });
  assertEquals(cluster.metrics().backends[0]!.isHealthy, false);
  cluster.lead();
  await backend.receives("probe\n");
  await backend.sends("pong\n");
  await until(() => cluster.metrics().backends[0]!.isHealthy, { what: "the return" });
  assertEquals(context.published, [{ kind: "ejected", cluster: "test", addresses: [] }]);
  cluster.refresh();
  cluster.stop();
});

async function isRefused(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ port })).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused;
  }
}
