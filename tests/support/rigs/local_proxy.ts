/**
 * One cluster of the proxy inside the test's own process, as one worker runs it: for tests that look at what
 * it logs, counts and tells other workers.
 *
 * @module
 */
import { portOf } from "../../../src/endpoint.ts";
import { Clock } from "../../../src/clock.ts";
import type { Cluster } from "../../../src/cluster/cluster.ts";
import { createCluster } from "../../../src/cluster/create_cluster.ts";
import type { ClusterConfig } from "../../../src/config/config.ts";
import { formatProblem, loadConfig } from "../../../src/config/load.ts";
import { NO_FLAGS } from "../../../src/config/runtime.ts";
import type { ClusterMetricsSnapshot } from "../../../src/observe/cluster_metrics.ts";
import type { LogRecord } from "../../../src/observe/log.ts";
import type { SharedState } from "../../../src/worker/messages.ts";
import { PATIENT_TIMEOUTS } from "./cluster_config.ts";
import { findFreePort } from "../tools/free_port.ts";
import { loneWorker } from "../fakes/lone_worker.ts";
import { RespClient } from "../clients/resp_client.ts";
import { createTestEngine } from "../tools/test_engine.ts";
import { checkTurns } from "../tools/turn_checks.ts";

checkTurns();

/**
 * Keys of a `[[clusters]]` entry as the file has them; the name and the address are filled in, and timeouts
 * are {@link PATIENT_TIMEOUTS}.
 */
export type ClusterKeys = Record<
  string,
  string | number | boolean | readonly string[] | Record<string, string>
>;

/** How the worker is placed among others. */
export interface LocalProxyOptions {
  /** Whether it finds out about the backends by itself; true if left out. */
  leads?: boolean;
}

/** A running cluster. */
export class LocalProxy implements Disposable {
  readonly port: number;
  readonly cluster: Cluster;
  /** What it logged, from level debug on. */
  readonly records: LogRecord[] = [];
  /** What it found for other workers. */
  readonly published: SharedState[] = [];
  /** How often it asked its leader for a refresh. */
  refreshRequests = 0;
  readonly #clock = new Clock();
  readonly #engine = createTestEngine(this.#clock);

  constructor(config: ClusterConfig) {
    this.port = portOf(config.listen);
    this.cluster = createCluster(loneWorker({
      config,
      clock: this.#clock,
      engine: this.#engine,
      records: this.records,
      published: this.published,
      requestRefresh: () => this.refreshRequests += 1,
    }));
  }

  /** What it counted so far. */
  metrics(): ClusterMetricsSnapshot {
    return this.cluster.metrics();
  }

  /** Addresses of the backends it knows, in order. */
  backends(): string[] {
    return this.metrics().backends.map((backend) => backend.address).sort();
  }

  /** Messages logged from level info on. */
  messages(): string[] {
    return this.records.filter(({ level }) => level !== "debug").map(({ message }) => message);
  }

  /** A new client. */
  connect(): Promise<RespClient> {
    return RespClient.connect({ port: this.port });
  }

  [Symbol.dispose](): void {
    this.cluster.stop();
    this.#engine.close();
    this.#clock.stop();
  }
}

/** Starts a cluster on a free port of loopback. */
export function startLocalProxy(keys: ClusterKeys, options: LocalProxyOptions = {}): LocalProxy {
  const proxy = new LocalProxy(readConfig(keys));
  proxy.cluster.start();
  if (options.leads ?? true) proxy.cluster.lead();
  return proxy;
}

function readConfig(keys: ClusterKeys): ClusterConfig {
  const address = `127.0.0.1:${findFreePort()}`;
  const entry = { name: "local", listen_addr: address, ...PATIENT_TIMEOUTS, ...keys };
  const lines = Object.entries(entry).map(([key, value]) => `${key} = ${tomlOf(value)}`);
  const { config, problems } = loadConfig(`[[clusters]]\n${lines.join("\n")}\n`, "local.toml", {
    environment: {},
    platform: "linux",
    isTerminal: () => false,
    isStrict: true,
    flags: NO_FLAGS,
  });
  if (config === null) throw new Error(problems.map(formatProblem).join("\n"));
  return config.clusters[0]!;
}

/** Text, numbers and lists are written alike in JSON and TOML, tables are not. */
function tomlOf(value: ClusterKeys[string]): string {
  if (typeof value !== "object" || Array.isArray(value)) return JSON.stringify(value);
  return `{ ${
    Object.entries(value).map(([key, text]) => `${key} = ${JSON.stringify(text)}`).join(", ")
  } }`;
}
