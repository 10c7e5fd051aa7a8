/**
 * A proxy whose process may open few descriptors: `ulimit -n 80`.
 *
 * @module
 */
import { AnsweringBackend } from "../support/fakes/answering_backend.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { patientTimeouts } from "../support/rigs/cluster_config.ts";
import { connectFakeClient } from "../support/fakes/fake_client.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { until } from "../support/tools/poll.ts";
import { request } from "../support/clients/resp_text.ts";
import type { Wire } from "../support/clients/wire.ts";
import { assert, assertEquals } from "../deps.ts";
import { readMetric } from "../servers/metrics.ts";

const DESCRIPTORS = 80;

/** A pool of one server. */
function oneServer(backend: AnsweringBackend, more = ""): (port: number) => string {
  return (port) => `
    [[clusters]]
    name = "few"
    listen_addr = "127.0.0.1:${port}"
    cache_type = "redis"
    servers = ["${backend.address}:1"]
    ${patientTimeouts()}
    ${more}
  `;
}

/** Connections that nobody says a word on. */
class Crowd implements AsyncDisposable {
  readonly #connections: Deno.TcpConn[] = [];

  constructor(connections: Deno.TcpConn[]) {
    this.#connections = connections;
  }

  /** As many as come in, `count` at most. */
  static async connect(port: number, count: number): Promise<Crowd> {
    const tries = Array.from({ length: count }, () => {
      return Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
    });
    const connections = await Promise.all(tries);
    return new Crowd(connections.filter((connection) => connection !== null));
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#connections.splice(0)) connection.close();
    return Promise.resolve();
  }
}

async function adminAnswers(aster: Aster): Promise<void> {
  await until(async () => {
    const response = await fetch(`http://127.0.0.1:${aster.metricsPort}/health`).catch(() => null);
    await response?.body?.cancel();
    return response?.status === 200;
  }, { what: "an answer of the admin server" });
}

Deno.test("a crowd at the admin port ends neither the proxy nor, for long, its answers", async () => {
  await using backend = new AnsweringBackend("only", findFreePort());
  await backend.listens();
  await using aster = await startAster(oneServer(backend), {
    descriptorsMax: DESCRIPTORS,
    metrics: true,
  });
  {
    await using _crowd = await Crowd.connect(aster.metricsPort, DESCRIPTORS);
    await aster.logged(/Admin server cannot accept.*Too many open files/);
  }
  await adminAnswers(aster);
  await using client = await connectFakeClient(aster.port);
  await client.sends(request("GET", "key"));
  await client.receives("+only\r\n");
  assertEquals((await aster.stop()).code, 0);
});

for (const threads of [1, 2]) {
  Deno.test(`clients cannot take the last descriptors from backends (threads: ${threads})`, async () => {
    await using backend = new AnsweringBackend("only", findFreePort());
    await backend.listens();
    await using aster = await startAster(oneServer(backend, `thread = ${threads}`), {
      descriptorsMax: DESCRIPTORS + 8 * threads,
      metrics: true,
    });
    await using first = await connectFakeClient(aster.port, { name: "first" });
    await first.sends(request("ECHO", "accepted"));
    await first.receives("$8\r\naccepted\r\n");
    {
      await using _crowd = await Crowd.connect(aster.port, 2 * DESCRIPTORS);
      await aster.logged(/Clients wait to be accepted.*too_many_open_files/);
      assertEquals(backend.connectionCount, 0, "there was no need for one yet");
      await first.sends(request("GET", "key"));
      await first.receives("+only\r\n");
      await adminAnswers(aster);
      const labels = ['reason="too_many_open_files"', 'source="proxy"'];
      assert(await readMetric(aster, "aster_failures_total", ...labels) > 0, "they are counted");
    }
    await using later = await connectFakeClient(aster.port, { name: "later" });
    await later.sends(request("GET", "key"));
    await later.receives("+only\r\n");
    assertEquals((await aster.stop()).code, 0);
  });
}

Deno.test("what the proxy lacks is said as its own, and no server is ejected for it", async () => {
  await using backend = new AnsweringBackend("only", findFreePort());
  await backend.listens();
  const more = "ping_fail_limit = 1\nping_interval = 200\nping_succ_interval = 200\n";
  await using aster = await startAster(oneServer(backend, more), {
    descriptorsMax: DESCRIPTORS,
    metrics: true,
  });
  const wanting = 12;
  const clients: Wire[] = [];
  try {
    for (let index = 0; index < wanting; index++) {
      const client = await connectFakeClient(aster.port, { name: `client ${index}` });
      clients.push(client);
      // Only who is accepted has its descriptor before the crowd comes.
      await client.sends(request("PING"));
      await client.receives("+PONG\r\n");
    }
    await using _crowd = await Crowd.connect(aster.metricsPort, DESCRIPTORS);
    await aster.logged(/Admin server cannot accept/);
    // Each would have a connection of its own.
    for (const client of clients) await client.sends(request("WATCH", "key"));
    const replies = await Promise.all(clients.map((client) => client.receivesUpTo("\r\n")));
    const lacking = `-ERR backend ${backend.address}: proxy has too many open files\r\n`;
    // The admin server lets go of one from time to time.
    const others = replies.filter((reply) => reply !== lacking);
    assert(others.length < wanting / 2, `${others.length} of ${wanting}`);
    assertEquals(others, others.map(() => "+only\r\n"));
  } finally {
    for (const client of clients) await client[Symbol.asyncDispose]();
  }
  await adminAnswers(aster);
  await aster.logged(/Proxy cannot connect.*too_many_open_files/);
  assertEquals(await readMetric(aster, "aster_ejections_total"), 0);
  assertEquals(await readMetric(aster, "aster_backend_up"), 1);
  const labels = ['reason="too_many_open_files"', 'source="proxy"'];
  assert(await readMetric(aster, "aster_failures_total", ...labels) >= wanting / 2);
});
