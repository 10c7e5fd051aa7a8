/**
 * A server that fails its pings leaves the ring and comes back, with real pings and real time.
 *
 * @module
 */
import { AnsweringBackend } from "../support/fakes/answering_backend.ts";
import { serverAt } from "../support/rigs/cluster_config.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import {
  type InProcessCluster,
  type InProcessOptions,
  startInProcessCluster,
} from "../support/rigs/in_process_cluster.ts";
import { until } from "../support/tools/poll.ts";
import { backendError, request } from "../support/clients/resp_text.ts";
import type { Wire } from "../support/clients/wire.ts";
import { assertEquals } from "../deps.ts";

/**
 * A ping fails after its interval: short enough for a test, long enough for a busy machine not to miss two in a
 * row of a server that answers.
 */
const PING_INTERVAL_MS = 200;

/** Two answering backends and a cluster that pings them. */
class Scene implements AsyncDisposable {
  readonly backends: AnsweringBackend[];
  readonly cluster: InProcessCluster;

  constructor(backends: AnsweringBackend[], options: InProcessOptions) {
    this.backends = backends;
    this.cluster = startInProcessCluster({
      servers: backends.map(({ port }) => serverAt(port)),
      pingFailLimit: 2,
      pingSuccIntervalMs: PING_INTERVAL_MS,
      pingIntervalMs: PING_INTERVAL_MS,
      ...options,
    });
  }

  static async start(options: InProcessOptions = {}): Promise<Scene> {
    const backends = ["first", "second"].map((name) => new AnsweringBackend(name, findFreePort()));
    for (const backend of backends) await backend.listens();
    return new Scene(backends, options);
  }

  async serving(...isServing: boolean[]): Promise<void> {
    await until(
      () =>
        this.cluster.metrics().backends.every((backend, index) =>
          backend.isHealthy === isServing[index]
        ),
      { what: `healthy: ${isServing}` },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
    for (const backend of this.backends) await backend[Symbol.asyncDispose]();
  }
}

/** Who answers a request for this key. */
async function ask(client: Wire, key: string): Promise<string> {
  await client.sends(request("GET", key));
  return await client.receivesUpTo("\r\n");
}

Deno.test("a server that dies is ejected, its keys go to the other, and they return with it", async () => {
  await using scene = await Scene.start();
  const [first, second] = scene.backends as [AnsweringBackend, AnsweringBackend];
  const [a, b] = [scene.cluster.keyOf(0), scene.cluster.keyOf(1)];
  const client = await scene.cluster.client();
  assertEquals([await ask(client, a), await ask(client, b)], ["+first\r\n", "+second\r\n"]);
  await first.stops();
  await until(async () => await ask(client, a) === "+second\r\n", { what: "the ejection" });
  assertEquals(await ask(client, b), "+second\r\n");
  assertEquals(scene.cluster.published.at(-1), {
    kind: "ejected",
    cluster: "test",
    addresses: [first.address],
  });
  await first.listens();
  await until(async () => await ask(client, a) === "+first\r\n", { what: "the return" });
  assertEquals(scene.cluster.published.at(-1), {
    kind: "ejected",
    cluster: "test",
    addresses: [],
  });
  assertEquals([await ask(client, b), second.pings > 1], ["+second\r\n", true]);
});

Deno.test("a server that hangs is ejected, though its connections stay open", async () => {
  await using scene = await Scene.start();
  const [first] = scene.backends as [AnsweringBackend];
  const a = scene.cluster.keyOf(0);
  const client = await scene.cluster.client();
  assertEquals(await ask(client, a), "+first\r\n");
  first.isHanging = true;
  await scene.serving(false, true);
  assertEquals(await ask(client, a), "+second\r\n");
  first.isHanging = false;
  await scene.serving(true, true);
  assertEquals(await ask(client, a), "+first\r\n");
});

Deno.test("with every server ejected requests fail at once, until one returns", async () => {
  await using scene = await Scene.start();
  const client = await scene.cluster.client();
  for (const backend of scene.backends) await backend.stops();
  await until(async () => await ask(client, "any") === "-ERR no backend is available\r\n", {
    what: "all are ejected",
  });
  await scene.backends[1]!.listens();
  await until(async () => await ask(client, "any") === "+second\r\n", { what: "the return" });
});

Deno.test("without a limit nothing is pinged or ejected", async () => {
  await using scene = await Scene.start({ pingFailLimit: 0 });
  const [first, second] = scene.backends as [AnsweringBackend, AnsweringBackend];
  const [a, b] = [scene.cluster.keyOf(0), scene.cluster.keyOf(1)];
  const client = await scene.cluster.client();
  await first.stops();
  for (let count = 0; count < 5; count++) {
    assertEquals(await ask(client, a), backendError(first.address, "connection refused"));
    assertEquals(await ask(client, b), "+second\r\n");
  }
  assertEquals([second.pings, scene.cluster.published], [0, []]);
});
