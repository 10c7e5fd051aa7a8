/**
 * Configurations for the tests of the supervisor.
 *
 * @module
 */
import type { ClusterConfig, Config } from "../../../src/config/config.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { clusterConfig as anyClusterConfig, serverAt } from "../../support/rigs/cluster_config.ts";

/** A redis cluster entry with one backend; the port tells entries apart. */
export function clusterConfig(name: string, thread: number, port: number): ClusterConfig {
  return anyClusterConfig({
    name,
    listen: tcpEndpoint("127.0.0.1", port),
    servers: [serverAt(port + 1)],
    thread,
    readTimeoutMs: 1_000,
    writeTimeoutMs: 1_000,
    dialTimeoutMs: 500,
    pingIntervalMs: 10_000,
  });
}

/** A configuration without admin server. */
export function config(...clusters: ClusterConfig[]): Config {
  return {
    file: "test.toml",
    runtime: {
      network: "config",
      zone: "",
      io: "deno",
      metrics: null,
      adminTls: null,
      adminToken: null,
      stateFile: null,
      takeoverSocket: null,
      logLevel: "info",
      logFormat: "text",
      logOutput: "stderr",
      auditLog: null,
      drainDelayMs: 0,
      drainIdleMs: 0,
      shutdownTimeoutMs: 1000,
      drainTimeoutMs: 0,
      maxMemoryBytes: 0,
      reloadMaxMovedPercent: 100,
    },
    clusters,
  };
}
