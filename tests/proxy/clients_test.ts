/**
 * What clients may do: cut requests anywhere, pipeline thousands, half-close, vanish, never read.
 *
 * @module
 */
import { failures } from "../../src/failure.ts";
import type { FakeBackend } from "../support/fakes/fake_backend.ts";
import { startScriptedCluster } from "../support/rigs/in_process_cluster.ts";
import { delay, until } from "../support/tools/poll.ts";
import { array, bulk, request } from "../support/clients/resp_text.ts";
import { bothSilent, respRoundTrip } from "../support/clients/sequence.ts";
import { assertEquals } from "../deps.ts";

const get = (key: string) => request("GET", key);
const PROTOCOL_ERROR = "-ERR Protocol error: invalid bulk length\r\n";

Deno.test("redis: requests cut in two at every byte are the same requests", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  const forwarded = request("SET", "a", "x\r\n$1\r\ny") + request("MGET", "a", "b") + get("c");
  const sent = `${forwarded}PING\r\n${request("ECHO", "hi")}`;
  const replies = `+OK\r\n${array(bulk("1"), bulk(null))}${bulk("C")}`;
  for (let cut = 1; cut < sent.length; cut++) {
    await client.sends(sent.slice(0, cut));
    await delay(1);
    await client.sends(sent.slice(cut));
    await backend.receives(forwarded);
    await backend.sends(replies);
    await client.receives(replies, "+PONG\r\n", bulk("hi"));
  }
  await bothSilent(client, backend, respRoundTrip);
});

Deno.test("memcache: requests cut in two at every byte are the same requests", async () => {
  await using scene = await startScriptedCluster(1, { type: "memcache" });
  const { backend } = scene;
  const client = await scene.client();
  const sent = "set a 1 0 7\r\nx\r\nEND\r\r\nget a b\r\nincr n 1\r\n";
  const replies = "STORED\r\nVALUE a 1 7\r\nx\r\nEND\r\r\nEND\r\n5\r\n";
  for (let cut = 1; cut < sent.length; cut++) {
    await client.sends(sent.slice(0, cut));
    await delay(1);
    await client.sends(sent.slice(cut));
    await backend.receives(sent);
    await backend.sends(replies);
    await client.receives(replies);
  }
  await client.isSilent();
});

Deno.test("requests that come byte by byte, and replies that leave byte by byte", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  await client.sendsInPieces(get("a") + request("MGET", "a", "b"));
  await backend.receives(get("a"), request("MGET", "a", "b"));
  await backend.sendsInPieces(bulk("A") + array(bulk("A"), bulk("B")));
  await client.receives(bulk("A"), array(bulk("A"), bulk("B")));
  await bothSilent(client, backend, respRoundTrip);
});

/** Fewer than may be in flight before replies have shown how long they are, at two backends together. */
const ANSWERED_AT_ONCE = 10;

Deno.test("ten thousand pipelined requests over two backends are answered in order", async () => {
  await using scene = await startScriptedCluster(2);
  const client = await scene.client();
  const perBackend: string[][] = [[], []];
  const replies: string[][] = [[], []];
  let sent = "";
  let expected = "";
  const keys = [0, 1].map((
    server,
  ) => [scene.cluster.keyOf(server), scene.cluster.keyOf(server, "x")]);
  for (let index = 0; index < 10_000; index++) {
    const server = index % 3 === 0 ? 1 : 0;
    const asked = request("GETRANGE", keys[server]![index % 2]!, "0", `${index}`);
    sent += asked;
    perBackend[server]!.push(asked);
    replies[server]!.push(bulk(`${index}`));
    expected += bulk(`${index}`);
  }
  const sending = client.sends(sent);
  const answering = scene.backends.map(async (backend, server) => {
    for (let at = 0; at < perBackend[server]!.length; at += ANSWERED_AT_ONCE) {
      await backend.receives(perBackend[server]!.slice(at, at + ANSWERED_AT_ONCE).join(""));
      await backend.sends(replies[server]!.slice(at, at + ANSWERED_AT_ONCE).join(""));
    }
  });
  await client.receives(expected);
  await Promise.all([sending, ...answering]);
  await client.isSilent();
});

Deno.test("a pipeline deeper than the limit is answered all the same", async () => {
  await using scene = await startScriptedCluster(1, { maxPipeline: 10 });
  const { backend } = scene;
  const client = await scene.client();
  const asked = Array.from({ length: 1000 }, (_, index) => get(`k${index}`));
  const sending = client.sends(asked.join(""));
  for (const [index, request] of asked.entries()) {
    await backend.receives(request);
    if (index % 10 === 9) {
      await backend.sends(asked.slice(index - 9, index + 1).map(() => bulk("v")).join(""));
    }
  }
  await client.receives(bulk("v").repeat(1000));
  await sending;
  await bothSilent(client, backend, respRoundTrip);
});

Deno.test("a half-closed client gets all that is due; then its connection closes", async () => {
  await using scene = await startScriptedCluster(2);
  const [first, second] = scene.backends as [FakeBackend, FakeBackend];
  const [a, b] = [scene.cluster.keyOf(0), scene.cluster.keyOf(1)];
  const client = await scene.client();
  await client.sends(get(a), request("MGET", a, b), get(b), "*2\r\n$3\r\nGET\r\n$3\r\nhal");
  client.halfCloses();
  await first.receives(get(a), request("MGET", a));
  await second.receives(request("MGET", b), get(b));
  await second.sends(array(bulk("B")), bulk("B2"));
  await first.sends(bulk("A"), array(bulk("A2")));
  await client.receives(bulk("A"), array(bulk("A2"), bulk("B")), bulk("B2"));
  await client.receivesEnd();
  assertEquals(scene.cluster.metrics().failures.reduce((sum, count) => sum + count, 0), 0);
});

for (const how of ["resets", "closes"] as const) {
  Deno.test(`a client that ${how} with requests in flight: its replies are dropped, others get theirs`, async () => {
    await using scene = await startScriptedCluster(1);
    const { backend } = scene;
    const [gone, stays] = [await scene.client("gone"), await scene.client("stays")];
    const asked = [get("g1"), get("s1"), request("MGET", "g2", "g3"), get("s2")];
    for (const [index, text] of asked.entries()) {
      await (index % 2 === 0 ? gone : stays).sends(text);
      await backend.receives(text);
    }
    gone[how]();
    if (how === "resets") {
      await until(() => scene.cluster.metrics().clientsConnected === 1, { what: "the end" });
    }
    await backend.sends(bulk("G1"), bulk("S1"), array(bulk("G2"), bulk("G3")), bulk("S2"));
    await stays.receives(bulk("S1"), bulk("S2"));
    await until(() => scene.cluster.metrics().clientsConnected === 1, { what: "the end" });
    await bothSilent(stays, backend, respRoundTrip);
  });
}

Deno.test("a large reply of a client that is gone is dropped as it comes; who is behind it waits no longer", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const [gone, stays] = [await scene.client("gone"), await scene.client("stays")];
  await gone.sends(get("large"));
  await backend.receives(get("large"));
  await stays.sends(get("s"));
  await backend.receives(get("s"));
  const large = bulk("v".repeat(3_000_000));
  await backend.sends(large.slice(0, 1_000_000));
  gone.resets();
  await until(() => scene.cluster.metrics().clientsConnected === 1, { what: "the end" });
  await backend.sends(large.slice(1_000_000), bulk("S"));
  await stays.receives(bulk("S"));
  await bothSilent(stays, backend, respRoundTrip);
});

Deno.test("a client that never reads is closed at its output limit; others notice nothing", async () => {
  await using scene = await startScriptedCluster(1, { clientOutputLimitBytes: 4_000_000 });
  const { backend } = scene;
  const [slow, other] = [await scene.client("slow"), await scene.client("other")];
  await slow.sends(get("large").repeat(40));
  await backend.receives(get("large").repeat(40));
  await other.sends(get("o"));
  await backend.receives(get("o"));
  await backend.sends(bulk("v".repeat(1_000_000)).repeat(40), bulk("O"));
  await other.receives(bulk("O"));
  const { failures: counts, clientsConnected } = scene.cluster.metrics();
  assertEquals([counts[failures.clientOutputLimit.id], clientsConnected], [1, 1]);
  await bothSilent(other, backend, respRoundTrip);
});

Deno.test("a client that takes no byte for write_timeout is closed", async () => {
  await using scene = await startScriptedCluster(1, { writeTimeoutMs: 100 });
  const { backend } = scene;
  const slow = await scene.client("slow");
  await slow.sends(get("large"));
  await backend.receives(get("large"));
  await backend.sends(bulk("v".repeat(20_000_000)));
  await until(() => scene.cluster.metrics().clientsConnected === 0, { what: "the end" });
  const { failures: counts } = scene.cluster.metrics();
  assertEquals(counts[failures.clientWriteTimeout.id], 1);
});

Deno.test("values of many megabytes pass in both directions", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  const value = "0123456789abcdef".repeat(500_000);
  const sending = client.sends(request("SET", "a", value), get("a"));
  await backend.receives(request("SET", "a", value), get("a"));
  await sending;
  const answering = backend.sends("+OK\r\n", bulk(value));
  await client.receives("+OK\r\n", bulk(value));
  await answering;
  await bothSilent(client, backend, respRoundTrip);
});

Deno.test("malformed requests get Redis's error behind what is due, and the connection closes", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const cases: [bytes: string, error: string][] = [
    ["*1\r\n+PING\r\n", "-ERR Protocol error: expected '$', got '+'\r\n"],
    ["*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n"],
    ["*2\r\n$-2\r\n", "-ERR Protocol error: invalid bulk length\r\n"],
  ];
  for (const [bytes, error] of cases) {
    const client = await scene.client();
    await client.sends(get("a"), bytes);
    await backend.receives(get("a"));
    await backend.sends(bulk("A"));
    await client.receives(bulk("A"), error);
    await client.receivesEnd();
  }
});

Deno.test("QUIT is answered, and the connection closes behind it", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  await client.sends(get("a"), request("QUIT"));
  await backend.receives(get("a"));
  await backend.sends(bulk("A"));
  await client.receives(bulk("A"), "+OK\r\n");
  await client.receivesEnd();
});

for (const [what, last] of [["QUIT", "+OK\r\n"], ["*1\r\n$x", PROTOCOL_ERROR]] as const) {
  Deno.test(`${JSON.stringify(what)} with bytes behind it: replies that the client has not read yet arrive`, async () => {
    await using scene = await startScriptedCluster(1);
    const { backend } = scene;
    const client = await scene.client();
    // More than one read takes: bytes that nobody reads would make the close a reset.
    await client.sends(`${get("a")}${what}\r\n${"y".repeat(300_000)}`);
    await backend.receives(get("a"));
    const reply = bulk("A".repeat(2_000_000));
    await backend.sends(reply);
    await delay(100);
    await client.receives(reply, last);
    await client.receivesEnd();
  });
}
