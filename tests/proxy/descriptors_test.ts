/**
 * A proxy whose process may open few descriptors: `ulimit -n 80`.
 *
 * @module
 */
import { AnsweringBackend } from "../support/answering_backend.ts";
import { type Aster, startAster } from "../support/aster.ts";
import { patientTimeouts } from "../support/cluster_config.ts";
import { connectFakeClient } from "../support/fake_client.ts";
import { findFreePort } from "../support/free_port.ts";
import { until } from "../support/poll.ts";
import { request } from "../support/resp_text.ts";
import { assertEquals } from "../deps.ts";

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
