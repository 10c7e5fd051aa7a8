/**
 * Configurations as the loader would make them, for tests that run clusters without a file.
 *
 * @module
 */
import type { ClusterConfig, ServerConfig } from "../../../src/config/config.ts";
import { formatEndpoint, tcpEndpoint } from "../../../src/endpoint.ts";

/** Timeouts in the words of a configuration file, for tests that are about something else on a busy machine. */
export const PATIENT_TIMEOUTS = {
  read_timeout: 10_000,
  write_timeout: 10_000,
  dial_timeout: 10_000,
};

/** {@link PATIENT_TIMEOUTS} as lines of a file, but for those that `keys` has. */
export function patientTimeouts(keys = ""): string {
  return Object.entries(PATIENT_TIMEOUTS).filter(([key]) => !keys.includes(key))
    .map(([key, value]) => `${key} = ${value}`).join("\n");
}

/**
 * The file of a proxy in front of one Redis Cluster, with {@link patientTimeouts}.
 *
 * @param seeds Addresses of nodes.
 * @param keys Further lines of the `[[clusters]]` entry.
 */
export function redisClusterConfig(seeds: readonly string[], port: number, keys = ""): string {
  return `[[clusters]]
name = "slots"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis_cluster"
servers = ${JSON.stringify(seeds)}
${patientTimeouts(keys)}
${keys}
`;
}

/** A server of the configuration at a loopback port. */
export function serverAt(port: number): ServerConfig {
  const endpoint = tcpEndpoint("127.0.0.1", port);
  return { endpoint, weight: 1, alias: null, address: formatEndpoint(endpoint) };
}

/** A cluster of type redis without servers; what is not given is generous. */
export function clusterConfig(options: Partial<ClusterConfig>): ClusterConfig {
  return {
    name: "test",
    type: "redis",
    listen: tcpEndpoint("127.0.0.1", 0),
    unixMode: 0o600,
    tls: null,
    certificates: null,
    backendTls: null,
    backendCertificates: null,
    servers: [],
    hashTag: null,
    hash: "fnv1a_64",
    distribution: "ketama",
    placement: "twemproxy",
    thread: 1,
    readTimeoutMs: 5000,
    writeTimeoutMs: 5000,
    dialTimeoutMs: 5000,
    nodeConnections: 1,
    fetchIntervalMs: 600_000,
    fetchSinceLatestCmdMs: 0,
    readPolicy: "master",
    replicaMaxLagMs: 10_000,
    backupRequest: { isEnabled: false, triggerSlowMs: null, multiplier: 2, maxPercent: 5 },
    clusterView: [],
    hideBackends: false,
    pingFailLimit: 0,
    pingSuccIntervalMs: 1000,
    pingIntervalMs: 1000,
    eject: "rehash",
    failoverWaitMs: 0,
    circuitTimeouts: 0,
    users: [],
    denyCommands: [],
    backendCredentials: null,
    maxPipeline: 512,
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
    ...options,
  };
}
