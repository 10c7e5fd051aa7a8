/**
 * What RESP3 has besides replies: attributes go to the client with the reply that they belong to, and pushes that
 * nobody asked for end neither a reply nor a connection.
 *
 * @module
 */
import type { FakeBackend } from "../support/fakes/fake_backend.ts";
import { startScriptedCluster } from "../support/rigs/in_process_cluster.ts";
import { array, bulk, request } from "../support/clients/resp_text.ts";
import { bothSilent, respRoundTrip } from "../support/clients/sequence.ts";
import type { Wire } from "../support/clients/wire.ts";
import { assertEquals } from "../deps.ts";

const ATTRIBUTE = `|1\r\n${bulk("popularity")}${array(bulk("key"), ":90\r\n")}`;
const PUSH = `>2\r\n${bulk("invalidate")}${array(bulk("key"))}`;

/** Opens the connection of RESP3 to `backend` by a request of `key`, which goes there. */
async function openResp3(client: Wire, backend: FakeBackend, key: string): Promise<void> {
  await client.sends(request("GET", key));
  await backend.accepts();
  await backend.receives(request("HELLO", "3"));
  await backend.sends("%0\r\n");
  await backend.receives(request("GET", key));
  await backend.sends("_\r\n");
  await client.receives("_\r\n");
}

/** Takes a client to RESP3; its proxy asks every server for its version. */
async function sayHello3(client: Wire, ...backends: FakeBackend[]): Promise<void> {
  await client.sends(request("HELLO", "3"));
  for (const backend of backends) {
    await backend.accepts();
    await backend.receives(request("INFO", "server"));
    await backend.sends(bulk("redis_version:7.0.15\r\n"));
  }
  await client.receivesUpTo("modules\r\n*0\r\n");
}

Deno.test("attributes reach a client of RESP3 with their reply, in front of it and within it", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  await sayHello3(client, backend);
  await openResp3(client, backend, "a");
  const replies = [
    ATTRIBUTE + bulk("A"),
    ATTRIBUTE + "-ERR no\r\n",
    ATTRIBUTE + ATTRIBUTE + array(ATTRIBUTE + ":1\r\n", ":2\r\n"),
    `|0\r\n%1\r\n${ATTRIBUTE}+a\r\n+b\r\n`,
    ATTRIBUTE + bulk("x".repeat(100_000)),
  ];
  for (const reply of replies) {
    await client.sends(request("GET", "a"), request("GET", "a"));
    await backend.receives(request("GET", "a"), request("GET", "a"));
    await backend.sends(reply, bulk("B"));
    await client.receives(reply, bulk("B"));
  }
  await client.sends(request("GET", "a"));
  await backend.receives(request("GET", "a"));
  await backend.sendsInPieces(ATTRIBUTE + bulk("A"));
  await client.receives(ATTRIBUTE + bulk("A"));
  await bothSilent(client, backend, respRoundTrip);
});

Deno.test("attributes of a split request's parts are dropped, and its values are right", async () => {
  await using scene = await startScriptedCluster(2);
  const [first, second] = scene.backends as [FakeBackend, FakeBackend];
  const [a, b] = [scene.cluster.keyOf(0), scene.cluster.keyOf(1)];
  const [c, d] = [scene.cluster.keyOf(0, "c"), scene.cluster.keyOf(1, "d")];
  const client = await scene.client();
  await sayHello3(client, first, second);
  await openResp3(client, first, a);
  await openResp3(client, second, b);
  await client.sends(request("MGET", a, b, c, d), request("DEL", a, b));
  await first.receives(request("MGET", a, c), request("DEL", a));
  await second.receives(request("MGET", b, d), request("DEL", b));
  await first.sends(ATTRIBUTE, array(bulk("A"), ATTRIBUTE + bulk("C")), ATTRIBUTE, ":1\r\n");
  await second.sends(array(ATTRIBUTE + ATTRIBUTE + "_\r\n", bulk("D")), ":1\r\n");
  await client.receives(array(bulk("A"), "_\r\n", bulk("C"), bulk("D")), ":2\r\n");
});

Deno.test("attributes in front of EXEC's reply reach the client of RESP3", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  await sayHello3(client, backend);
  await openResp3(client, backend, "a");
  await client.sends(request("MULTI"), request("GET", "a"), request("EXEC"));
  await client.receives("+OK\r\n");
  const dedicated = await backend.accepts();
  await dedicated.receives(request("HELLO", "3"));
  await dedicated.sends("%0\r\n");
  await dedicated.receives(request("MULTI"), request("GET", "a"));
  await dedicated.sends("+OK\r\n", "+QUEUED\r\n");
  await dedicated.receives(request("EXEC"));
  const reply = ATTRIBUTE + array(ATTRIBUTE + bulk("A"));
  await dedicated.sends(reply);
  await client.receives("+QUEUED\r\n", reply);
});

Deno.test("attributes of what is forwarded to the servers reach the client of RESP3, RANDOMKEY's too", async () => {
  await using scene = await startScriptedCluster(1, { adminCommands: "forward" });
  const { backend } = scene;
  const client = await scene.client();
  await sayHello3(client, backend);
  await openResp3(client, backend, "a");
  await client.sends(request("DEBUG", "PROTOCOL", "attrib"), request("FUNCTION", "LIST"));
  await backend.receives(request("DEBUG", "PROTOCOL", "attrib"), request("FUNCTION", "LIST"));
  await backend.sends(ATTRIBUTE + bulk("x"), ATTRIBUTE + "*0\r\n");
  await client.receives(ATTRIBUTE + bulk("x"), ATTRIBUTE + "*0\r\n");
  await client.sends(request("RANDOMKEY"));
  await backend.receives(request("DBSIZE"));
  await backend.sends(ATTRIBUTE + ":1\r\n");
  await backend.receives(request("RANDOMKEY"));
  await backend.sends(ATTRIBUTE + bulk("a"));
  await client.receives(ATTRIBUTE + bulk("a"));
});

Deno.test("a scan goes on by a cursor that has attributes, and keeps those of the keys", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  await sayHello3(client, backend);
  await openResp3(client, backend, "a");
  await client.sends(request("SCAN", "0"));
  await backend.receives(request("SCAN", "0"));
  const keys = ATTRIBUTE + array(ATTRIBUTE + bulk("a"));
  await backend.sends(ATTRIBUTE + array(ATTRIBUTE + bulk("0"), keys));
  await client.receives(array(bulk("0"), keys));
});

Deno.test("pushes that nobody asked for are dropped, wherever they stand", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend, cluster } = scene;
  const client = await scene.client();
  await sayHello3(client, backend);
  await openResp3(client, backend, "a");
  await backend.sends(PUSH);
  await client.sends(request("GET", "a"), request("GET", "b"));
  await backend.receives(request("GET", "a"), request("GET", "b"));
  await backend.sends(PUSH, bulk("A"), PUSH, PUSH, bulk("B"), PUSH.slice(0, 9));
  await client.receives(bulk("A"), bulk("B"));
  await client.sends(request("GET", "c"));
  await backend.receives(request("GET", "c"));
  await backend.sends(PUSH.slice(9), `>1\r\n${bulk("x".repeat(200_000))}`, bulk("C"));
  await client.receives(bulk("C"));
  assertEquals(cluster.metrics().pushesDropped, 6);
  const told = cluster.records.filter(({ message }) =>
    /pushes that nobody asked for/.test(message)
  );
  assertEquals(told.length, 1);
  await bothSilent(client, backend, respRoundTrip);
});

Deno.test("a connection lost within a push takes nothing of the next one's first reply", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  await client.sends(request("GET", "a"));
  await backend.accepts();
  await backend.receives(request("GET", "a"));
  await backend.sends(bulk("A"), PUSH.slice(0, 9));
  await client.receives(bulk("A"));
  await backend.closes();
  await client.sends(request("GET", "b"));
  await backend.accepts();
  await backend.receives(request("GET", "b"));
  const reply = bulk("x".repeat(200_000));
  await backend.sendsInPieces(reply, 50_000);
  await client.receives(reply);
});

Deno.test("a push that is no frame closes the connection, as any malformed reply does", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  await sayHello3(client, backend);
  await openResp3(client, backend, "a");
  await client.sends(request("GET", "a"));
  await backend.receives(request("GET", "a"));
  await backend.sends(">1\r\n?");
  await client.receivesUpTo("\r\n");
  await (await backend.connection()).receivesEnd();
});
