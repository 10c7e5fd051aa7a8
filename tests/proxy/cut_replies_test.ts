/**
 * A backend that goes away after any byte of its replies: whole replies reach their clients, every other
 * request gets exactly one error, and nobody gets a part of a reply or somebody else's.
 *
 * @module
 */
import type { FakeBackend } from "../support/fakes/fake_backend.ts";
import { startScriptedCluster } from "../support/rigs/in_process_cluster.ts";
import { backendError, bulk, request } from "../support/clients/resp_text.ts";
import type { Wire } from "../support/clients/wire.ts";

/** One request of one of the clients, and its whole reply. */
interface Step {
  client: Wire;
  request: string;
  reply: string;
}

/** Sends the steps one by one, has the backend answer `byteCount` bytes of all replies and go. */
async function cutAfter(
  backend: FakeBackend,
  steps: readonly Step[],
  byteCount: number,
  how: "closes" | "resets",
): Promise<void> {
  for (const step of steps) {
    await step.client.sends(step.request);
    await backend.receives(step.request);
  }
  await backend.sends(steps.map(({ reply }) => reply).join("").slice(0, byteCount));
  await backend[how]();
}

/** What each client gets when the replies end after `byteCount` bytes. */
async function receivesAll(
  steps: readonly Step[],
  byteCount: number,
  error: string,
): Promise<void> {
  let end = 0;
  for (const { client, reply } of steps) {
    end += reply.length;
    await client.receives(end <= byteCount ? reply : error);
  }
}

Deno.test("redis: a backend that closes after any byte of its replies", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const [one, other] = [await scene.client("one"), await scene.client("other")];
  const warmUp = { client: one, request: request("GET", "w"), reply: bulk("warm") };
  const steps: Step[] = [
    warmUp,
    { client: one, request: request("GET", "a"), reply: bulk("first") },
    { client: other, request: request("SET", "b", "x"), reply: "+OK\r\n" },
    {
      client: one,
      request: request("LRANGE", "c", "0", "-1"),
      reply: "*2\r\n$1\r\nx\r\n*1\r\n:7\r\n",
    },
    { client: other, request: request("GET", "d"), reply: "-WRONGTYPE no\r\n" },
  ];
  const byteCount = steps.map(({ reply }) => reply).join("").length;
  const error = backendError(backend.address, "connection closed");
  for (let count = warmUp.reply.length; count < byteCount; count++) {
    await cutAfter(backend, steps, count, "closes");
    await receivesAll(steps, count, error);
  }
  await one.isSilent();
  await other.isSilent();
});

Deno.test("memcache: a backend that closes after any byte of its replies", async () => {
  await using scene = await startScriptedCluster(1, { type: "memcache" });
  const { backend } = scene;
  const [one, other] = [await scene.client("one"), await scene.client("other")];
  const warmUp = { client: one, request: "get w\r\n", reply: "END\r\n" };
  const steps: Step[] = [
    warmUp,
    {
      client: one,
      request: "get a\r\n",
      reply: "VALUE a 0 9\r\nEND\r\nEND\r\r\nEND\r\n",
    },
    { client: other, request: "set b 0 0 1\r\nx\r\n", reply: "STORED\r\n" },
    { client: one, request: "incr c 1\r\n", reply: "12\r\n" },
  ];
  const byteCount = steps.map(({ reply }) => reply).join("").length;
  const error = `SERVER_ERROR backend ${backend.address}: connection closed\r\n`;
  for (let count = warmUp.reply.length; count < byteCount; count++) {
    await cutAfter(backend, steps, count, "closes");
    await receivesAll(steps, count, error);
  }
  await one.isSilent();
  await other.isSilent();
});

Deno.test("a backend that resets in the middle of a reply", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  const steps: Step[] = [
    { client, request: request("GET", "w"), reply: bulk("warm") },
    { client, request: request("GET", "a"), reply: bulk("value") },
  ];
  await cutAfter(backend, steps, steps[0]!.reply.length + 6, "resets");
  await receivesAll(
    steps,
    steps[0]!.reply.length,
    backendError(backend.address, "connection lost"),
  );
  await client.isSilent();
});

Deno.test("a large value cut short is an error, not a part of the value", async () => {
  await using scene = await startScriptedCluster(1);
  const { backend } = scene;
  const client = await scene.client();
  const error = backendError(backend.address, "connection closed");
  const steps: Step[] = [
    { client, request: request("GET", "w"), reply: bulk("warm") },
    { client, request: request("GET", "a"), reply: bulk("v".repeat(1_000_000)) },
  ];
  for (const missing of [1, 2, 3, 500_000, 999_999]) {
    const count = steps[0]!.reply.length + steps[1]!.reply.length - missing;
    await cutAfter(backend, steps, count, "closes");
    await receivesAll(steps, count, error);
  }
});

Deno.test("the fragments of a split request whose backend closes after any byte", async () => {
  await using scene = await startScriptedCluster(2);
  const [first, second] = scene.backends as [FakeBackend, FakeBackend];
  const [a, b] = [scene.cluster.keyOf(0), scene.cluster.keyOf(1)];
  const client = await scene.client();
  const error = backendError(second.address, "connection closed");
  const reply = "*1\r\n$3\r\nbbb\r\n";
  for (let count = 0; count < reply.length; count++) {
    await client.sends(request("GET", b), request("MGET", a, b, a));
    await second.receives(request("GET", b));
    await second.sends(bulk("warm"));
    await second.receives(request("MGET", b));
    await first.receives(request("MGET", a, a));
    await first.sends("*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
    await second.sends(reply.slice(0, count));
    await second.closes();
    await client.receives(bulk("warm"), `*3\r\n$1\r\n1\r\n${error}$1\r\n2\r\n`);
  }
  await client.isSilent();
});
