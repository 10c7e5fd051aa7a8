/**
 * Backends that misbehave: stray and malformed replies, replies too late or never, connections refused.
 *
 * @module
 */
import { failures } from "../../src/failure.ts";
import type { FakeBackend } from "../support/fakes/fake_backend.ts";
import { startScriptedCluster } from "../support/rigs/in_process_cluster.ts";
import { until } from "../support/tools/poll.ts";
import { array, backendError, bulk, request } from "../support/clients/resp_text.ts";
import { bothSilent, respRoundTrip } from "../support/clients/sequence.ts";
import { assertEquals } from "../deps.ts";

const get = (key: string) => request("GET", key);

Deno.test("a stray reply closes the backend's connection; the next request is answered by its own", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  for (const stray of [bulk("stray"), "$5\r\nstr", "+", "-ERR stray\r\n"]) {
    await client.sends(get("a"));
    await backend.receives(get("a"));
    await backend.sends(bulk("A"), stray);
    await client.receives(bulk("A"));
    const former = await backend.connection();
    await former.receivesEnd();
    await client.sends(get("b"));
    await backend.accepts();
    await backend.receives(get("b"));
    await backend.sends(bulk("B"));
    await client.receives(bulk("B"));
  }
  await bothSilent(client, backend, respRoundTrip);
});

Deno.test("a stray reply to an idle connection closes it, and a split one never meets a request", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  await client.sends(get("a"));
  await backend.receives(get("a"));
  await backend.sends(bulk("A"));
  await client.receives(bulk("A"));
  await backend.sends("$5\r\n");
  await (await backend.connection()).receivesEnd();
  await client.sends(get("b"));
  await backend.accepts();
  await backend.receives(get("b"));
  await backend.sends(bulk("B"));
  await client.receives(bulk("B"));
});

Deno.test("a malformed reply fails what was sent and closes that connection only", async () => {
  await using scene = await startScriptedCluster(2);
  const [bad, good] = scene.backends as [FakeBackend, FakeBackend];
  const [a, b] = [scene.cluster.keyOf(0), scene.cluster.keyOf(1)];
  const client = await scene.client();
  await client.sends(get(a), get(b), get(a));
  await bad.receives(get(a), get(a));
  await good.receives(get(b));
  await bad.sends("?what\r\n");
  await good.sends(bulk("B"));
  const error = backendError(bad.address, "malformed reply");
  await client.receives(error, bulk("B"), error);
  await (await bad.connection()).receivesEnd();
  await good.isSilent();
});

Deno.test("a backend that does not answer in time: an error at once, the late reply is dropped", async () => {
  await using scene = await startScriptedCluster(1, { readTimeoutMs: 1_000 });
  const { backend } = scene;
  const [slow, other] = [await scene.client("slow"), await scene.client("other")];
  await slow.sends(get("a"));
  await backend.receives(get("a"));
  await slow.receives(backendError(backend.address, "no reply in time"));
  await other.sends(get("b"));
  await backend.receives(get("b"));
  await backend.sends(bulk("A, too late"), bulk("B"));
  await other.receives(bulk("B"));
  await bothSilent(slow, backend, respRoundTrip);
  await other.isSilent();
});

Deno.test("a backend silent for twice the read timeout loses its connection; the next one serves", async () => {
  await using scene = await startScriptedCluster(1, { readTimeoutMs: 500 });
  const { backend } = scene;
  const client = await scene.client();
  await client.sends(get("a"));
  await backend.receives(get("a"));
  await backend.sends(bulk("A"));
  await client.receives(bulk("A"));
  await client.sends(get("b"));
  await backend.receives(get("b"));
  await client.receives(backendError(backend.address, "no reply in time"));
  await backend.receivesEnd();
  await client.sends(get("c"));
  await backend.accepts();
  await backend.receives(get("c"));
  await backend.sends(bulk("C"));
  await client.receives(bulk("C"));
});

Deno.test("a hung backend does not slow the requests of others", async () => {
  await using scene = await startScriptedCluster(2);
  const [hung, good] = scene.backends as [FakeBackend, FakeBackend];
  const [a, b] = [scene.cluster.keyOf(0), scene.cluster.keyOf(1)];
  const [waiting, other] = [await scene.client("waiting"), await scene.client("other")];
  await waiting.sends(get(a));
  await hung.receives(get(a));
  for (let count = 0; count < 20; count++) {
    await other.sends(get(b));
    await good.receives(get(b));
    await good.sends(bulk(`${count}`));
    await other.receives(bulk(`${count}`));
  }
  await waiting.isSilent();
  await hung.sends(bulk("late but fine"));
  await waiting.receives(bulk("late but fine"));
});

Deno.test("a backend that is down fails its requests at once; when it is back it serves", async () => {
  await using scene = await startScriptedCluster(2);
  const [down, good] = scene.backends as [FakeBackend, FakeBackend];
  const [a, b] = [scene.cluster.keyOf(0), scene.cluster.keyOf(1)];
  await down.refuses();
  const client = await scene.client();
  const error = backendError(down.address, "connection refused");
  await client.sends(get(a), get(b), request("MGET", a, b), request("DEL", a, b));
  await good.receives(get(b), request("MGET", b), request("DEL", b));
  await good.sends(bulk("B"), array(bulk("B")), ":1\r\n");
  await client.receives(error, bulk("B"), array(error, bulk("B")), error);
  assertEquals(
    scene.cluster.metrics().backends.map(({ isHealthy }) => isHealthy),
    [false, true],
  );
  await down.listens();
  const serving = answerAll(down, get(a), bulk("A"));
  await until(async () => {
    await client.sends(get(a));
    const reply = await client.receivesUpTo("\r\n");
    if (reply === error) return false;
    assertEquals(reply, "$1\r\n");
    await client.receives("A\r\n");
    return true;
  }, { what: "the backend serves again" });
  await serving;
  await client.isSilent();
});

async function answerAll(backend: FakeBackend, request: string, reply: string): Promise<void> {
  await backend.receives(request);
  await backend.sends(reply);
}

Deno.test("a node that answers a command with an error is not failed: the error is the reply", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  await client.sends(request("INCR", "a"), request("MGET", "a", "b"));
  await backend.receives(request("INCR", "a"), request("MGET", "a", "b"));
  await backend.sends("-ERR value is not an integer\r\n", "-LOADING wait\r\n");
  await client.receives("-ERR value is not an integer\r\n", "-LOADING wait\r\n");
  await bothSilent(client, backend, respRoundTrip);
});

Deno.test("requests beyond the queue of a backend that takes no bytes fail at once", async () => {
  await using scene = await startScriptedCluster(2, {
    maxBackendQueueBytes: 2_000_000,
    backendQueueSoftBytes: 2_000_000,
    writeTimeoutMs: 60_000,
    readTimeoutMs: 60_000,
  });
  const [, good] = scene.backends as [FakeBackend, FakeBackend];
  const [a, b] = [scene.cluster.keyOf(0), scene.cluster.keyOf(1)];
  const large = request("SET", a, "v".repeat(1_500_000));
  // The kernel takes some megabytes; what these send is more than that and the queue together.
  const clients = [];
  for (let index = 0; index < 16; index++) clients.push(await scene.client());
  await Promise.all(clients.map((client) => client.sends(large)));
  const failuresOf = () => scene.cluster.metrics().failures[failures.backendQueueFull.id]!;
  await until(() => failuresOf() > 0, { what: "the queue is full" });
  const other = await scene.client("other");
  await other.sends(get(b));
  await good.receives(get(b));
  await good.sends(bulk("B"));
  await other.receives(bulk("B"));
  assertEquals(scene.cluster.metrics().clientsConnected, 17);
});
