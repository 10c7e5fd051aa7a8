/**
 * One cluster in this process, on real sockets: the whole data path without a supervisor or a worker.
 *
 * @module
 */
import { portOf, tcpEndpoint } from "../../../src/endpoint.ts";
import { Clock } from "../../../src/clock.ts";
import type { Cluster } from "../../../src/cluster/cluster.ts";
import { createCluster } from "../../../src/cluster/create_cluster.ts";
import type { ClusterConfig } from "../../../src/config/config.ts";
import type { ClusterMetricsSnapshot } from "../../../src/observe/cluster_metrics.ts";
import type { LogRecord } from "../../../src/observe/log.ts";
import { buildRing } from "../../../src/router/ring.ts";
import type { SharedState } from "../../../src/worker/messages.ts";
import { clusterConfig, serverAt } from "./cluster_config.ts";
import { connectFakeClient } from "../fakes/fake_client.ts";
import { type FakeBackend, startFakeBackend } from "../fakes/fake_backend.ts";
import { findFreePort } from "../tools/free_port.ts";
import { loneWorker } from "../fakes/lone_worker.ts";
import { createTestEngine } from "../tools/test_engine.ts";
import { checkTurns } from "../tools/turn_checks.ts";
import type { Wire } from "../clients/wire.ts";

checkTurns();

/** Settings of {@link startInProcessCluster}; what is left out is generous. */
export type InProcessOptions = Partial<ClusterConfig>;

/** A running cluster; it leads, so it pings and fetches. */
export class InProcessCluster implements AsyncDisposable {
  readonly config: ClusterConfig;
  readonly records: LogRecord[] = [];
  readonly published: SharedState[] = [];
  readonly #clock = new Clock();
  readonly #engine = createTestEngine(this.#clock);
  readonly #cluster: Cluster;
  readonly #clients: Wire[] = [];

  constructor(config: ClusterConfig) {
    this.config = config;
    this.#cluster = createCluster(loneWorker({
      config,
      clock: this.#clock,
      engine: this.#engine,
      records: this.records,
      published: this.published,
    }));
    this.#cluster.start();
    this.#cluster.lead();
  }

  /** Connects one more client; ended with the cluster. */
  async client(name = `client ${this.#clients.length + 1}`): Promise<Wire> {
    const client = await connectFakeClient(portOf(this.config.listen), { name });
    this.#clients.push(client);
    return client;
  }

  metrics(): ClusterMetricsSnapshot {
    return this.#cluster.metrics();
  }

  /** A key that the ring gives to the server with this number; `salt` makes another one. */
  keyOf(server: number, salt = ""): string {
    const ring = buildRing(this.config.servers, this.config);
    for (let index = 0;; index++) {
      const key = `key${salt}${index}`;
      const bytes = new TextEncoder().encode(key);
      if (ring.serverOfKey(bytes, 0, bytes.length) === server) return key;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.stop();
    this.#engine.close();
    this.#clock.stop();
    for (const client of this.#clients) await client[Symbol.asyncDispose]();
  }
}

/** Starts a cluster on a free port. */
export function startInProcessCluster(options: InProcessOptions): InProcessCluster {
  return new InProcessCluster(
    clusterConfig({ listen: tcpEndpoint("127.0.0.1", findFreePort()), ...options }),
  );
}

/** A cluster in front of scripted backends. */
export class ScriptedCluster implements AsyncDisposable {
  readonly backends: readonly FakeBackend[];
  readonly cluster: InProcessCluster;

  constructor(backends: readonly FakeBackend[], cluster: InProcessCluster) {
    this.backends = backends;
    this.cluster = cluster;
  }

  /** The first backend. */
  get backend(): FakeBackend {
    return this.backends[0]!;
  }

  client(name?: string): Promise<Wire> {
    return this.cluster.client(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
    for (const backend of this.backends) await backend[Symbol.asyncDispose]();
  }
}

/** Starts scripted backends and a cluster in front of them. */
export async function startScriptedCluster(
  backendCount: number,
  options: InProcessOptions = {},
): Promise<ScriptedCluster> {
  const backends: FakeBackend[] = [];
  for (let number = 1; number <= backendCount; number++) {
    backends.push(await startFakeBackend({ name: `backend ${number}` }));
  }
  const servers = backends.map(({ port }) => serverAt(port));
  return new ScriptedCluster(backends, startInProcessCluster({ servers, ...options }));
}
