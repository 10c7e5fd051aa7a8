/**
 * Configurations for the tests of the supervisor.
 *
 * @module
 */
import type { ClusterConfig, Config } from "../../../src/config/config.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";

/** A redis cluster entry with one backend; the port tells entries apart. */
export function clusterConfig(name: string, thread: number, port: number): ClusterConfig {
  return {
    name,
    type: "redis",
    listen: tcpEndpoint("127.0.0.1", port),
    unixMode: 0o600,
    tls: null,
    certificates: null,
    backendTls: null,
    backendCertificates: null,
    servers: [
      {
        endpoint: tcpEndpoint("127.0.0.1", port + 1),
        weight: 1,
        alias: null,
        address: `127.0.0.1:${port + 1}`,
      },
    ],
    hashTag: null,
    hash: "fnv1a_64",
    distribution: "ketama",
    placement: "twemproxy",
    thread,
    readTimeoutMs: 1_000,
    writeTimeoutMs: 1_000,
    dialTimeoutMs: 500,
    nodeConnections: 1,
    fetchIntervalMs: 600_000,
    fetchSinceLatestCmdMs: 0,
    readPolicy: "master",
    replicaMaxLagMs: 10_000,
    backupRequest: { isEnabled: false, triggerSlowMs: null, multiplier: 2, maxPercent: 5 },
    clusterView: [],
    hideBackends: false,
    pingFailLimit: 0,
    pingSuccIntervalMs: 1_000,
    pingIntervalMs: 10_000,
    eject: "rehash",
    failoverWaitMs: 0,
    circuitTimeouts: 0,
    users: [],
    denyCommands: [],
    backendCredentials: null,
    maxPipeline: 10_000,
    customCommands: [],
    unknownCommands: "first-key",
    atomicMultiKey: false,
    failureIsMiss: false,
    scriptCacheBytes: 8 * 1024 * 1024,
    adminCommands: "refuse",
    dedicatedConnections: 1024,
    clientOutputLimitBytes: 64 * 1024 * 1024,
    workerOutputLimitBytes: 256 * 1024 * 1024,
    maxBackendQueueBytes: 64 * 1024 * 1024,
    backendQueueSoftBytes: 4 * 1024 * 1024,
    clientReadAheadBytes: 64 * 1024,
    maxRequestBytes: 1024 * 1024 * 1024,
    maxClients: 0,
    maxClientsPerAddress: 0,
    rateLimit: null,
    clientIdleTimeoutMs: 0,
    clientHandoff: true,
    handoffAddress: null,
    slowlogSlowerThanUs: 10_000,
    slowlogLengthMax: 128,
    hotkeys: false,
    hotkeySampleEvery: 32,
    hotkeyCapacity: 512,
    bigKeyBytes: 1_048_576,
  };
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
      adminToken: null,
      stateFile: null,
      takeoverSocket: null,
      logLevel: "info",
      logFormat: "text",
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
