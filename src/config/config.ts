/**
 * The shape of a checked configuration: plain data that can be posted to a worker. Workers import only these
 * types; the checks and the defaults live in `schema.ts`.
 *
 * @module
 */
import type { Endpoint, TcpEndpoint } from "../endpoint.ts";

/** One backend of a cluster, or one seed node of a Redis Cluster. */
export interface ServerConfig {
  endpoint: Endpoint;
  /** Share of the keys, relative to the other servers; at least 1. */
  weight: number;
  /** Name that stands for the server in the ring, or null. */
  alias: string | null;
  /** The endpoint as logs and errors print it. */
  address: string;
  /**
   * Its number in SCAN's cursors, from 1, which it keeps through reloads; null where there are none left. The supervisor
   * gives it; its place in the list if left out.
   */
  number?: number | null;
}

/** A command as `[clusters.commands]` describes it. */
export interface CustomCommandConfig {
  /** Lower case. */
  name: string;
  /** Index of the first key among the words; 0: none. */
  firstKey: number;
  /** Index of the last key; negative counts from the end. */
  lastKey: number;
  keyStep: number;
  isRead: boolean;
}

/** A user that clients may log in as. */
export interface UserConfig {
  username: string;
  /** SHA-256 digests of its passwords, 64 hexadecimal digits in lower case each; any of them lets in. */
  passwords: string[];
  /** What it may do; null: everything. */
  limits: UserLimits | null;
  /** How many requests it may make, in the place of the cluster's own limit; null: as the cluster says. */
  rate: RateLimitConfig | null;
}

/** What a user may do; what is null is not limited. */
export interface UserLimits {
  /** Rules from left to right, see `protocol/command_rules.ts`. Null: all commands but those of administration. */
  commands: string[] | null;
  /** Whether it may only read. */
  readOnly: boolean;
  /** Glob patterns of keys, each perhaps behind `%R~` (to read only), `%W~` (to write only) or `~`. */
  keyPatterns: string[] | null;
  /** Glob patterns of channels. */
  channelPatterns: string[] | null;
  /** Whether it may run scripts; null: unless its keys are limited. */
  scripts: boolean | null;
}

/** When a read that takes long is asked of a replica as well. */
export interface BackupRequestConfig {
  isEnabled: boolean;
  /** A read that takes longer is slow, milliseconds; null: only the mean decides. */
  triggerSlowMs: number | null;
  /** So is one that takes so many times the mean. */
  multiplier: number;
  /** Such questions by a hundred requests at the most. */
  maxPercent: number;
}

/** Where reads of a Redis Cluster go. */
export type ReadPolicy =
  /** To the master of their slot. */
  | "master"
  /** To its replicas in turn, and nowhere else. */
  | "replica"
  /** To its replicas in turn; to the master where none can take them. */
  | "prefer_replica"
  /** To whichever of them answers soonest. */
  | "lowest_latency";

/** How the proxy logs in at its backends. */
export interface BackendCredentials {
  /** Null: the default user, in the form that servers before Redis 6 know. */
  username: string | null;
  password: string;
}

/** How many requests there may be, and of whom they are counted together. */
export interface RateLimitConfig {
  perSecond: number;
  /** Requests at once after a rest. */
  burst: number;
  per: "client" | "address" | "user" | "cluster";
}

/** A file of certificates or of a private key. */
export interface PemFile {
  path: string;
  /** What stood in it when it was read; "" where it was not. */
  pem: string;
}

/** A certificate, with those that lead to its CA, and its private key. */
export interface TlsPair {
  cert: PemFile;
  key: PemFile;
}

/** How clients speak TLS. */
export interface TlsConfig {
  /** Where they do; null: where the cluster listens, which speaks nothing else then. */
  listen: Endpoint | null;
  /** What of a client's certificate is the name of the user that it is; null: nothing. */
  userFrom: "CN" | null;
}

/** What clients are shown, and what is wanted of them. */
export interface TlsCertificates {
  pair: TlsPair;
  /** For clients that ask for a name: in lower case, or `*.` and all names one label below it. */
  named: { name: string; pair: TlsPair }[];
  /** CAs of one of which a client has to show a certificate; null: none is asked for. */
  clientCa: PemFile | null;
  minVersion: "1.2" | "1.3";
}

/** How backends are spoken to by TLS. */
export interface BackendTlsConfig {
  /** Name that their certificates have to be for; null: that of the address that is connected to. */
  serverName: string | null;
  /** Whether any certificate is taken. */
  isInsecure: boolean;
}

/** What backends are shown, and what is wanted of them. */
export interface BackendCertificates {
  /** CAs of one of which their certificates have to be; null: those that the system trusts. */
  ca: PemFile | null;
  /** Shown to backends that ask for a certificate; null: none. */
  pair: TlsPair | null;
}

/** Kind of front end. `memcache_binary` becomes `memcache`. */
export type ClusterType = "memcache" | "redis" | "redis_cluster";

/** One `[[clusters]]` entry, defaults filled in. */
export interface ClusterConfig {
  name: string;
  type: ClusterType;
  listen: Endpoint;
  /** Who may connect to a unix socket, as the bits of a file's mode. */
  unixMode: number;
  /** Null: clients do not speak TLS. The certificates are apart, as they change while everything else stays. */
  tls: TlsConfig | null;
  certificates: TlsCertificates | null;
  /** Null: backends do not speak TLS. */
  backendTls: BackendTlsConfig | null;
  backendCertificates: BackendCertificates | null;
  servers: ServerConfig[];
  /** Exactly two characters, or null. */
  hashTag: string | null;
  hash: string;
  distribution: string;
  placement: "twemproxy" | "aster";
  /** Workers that serve this cluster. */
  thread: number;
  readTimeoutMs: number;
  writeTimeoutMs: number;
  dialTimeoutMs: number;
  /** Connections to each backend, per worker. */
  nodeConnections: number;
  fetchIntervalMs: number;
  /** A request behind so long a time without any waits for a fresh slot map, milliseconds; 0: none does. */
  fetchSinceLatestCmdMs: number;
  readPolicy: ReadPolicy;
  /** A replica further behind its master than this gets no reads. */
  replicaMaxLagMs: number;
  backupRequest: BackupRequestConfig;
  /** The proxies that cluster-aware clients are shown; none: this one alone. */
  clusterView: TcpEndpoint[];
  /** Whether no error text for clients has a backend's address. */
  hideBackends: boolean;
  /** 0: never eject. */
  pingFailLimit: number;
  pingSuccIntervalMs: number;
  pingIntervalMs: number;
  /** What becomes of the keys of an ejected server. */
  eject: "rehash" | "fail";
  /** How long requests that no server has run wait for one that can, milliseconds; 0: they fail at once. */
  failoverWaitMs: number;
  /** Timeouts in a row behind which a backend gets no requests until it answers a ping; 0: never. */
  circuitTimeouts: number;
  /** Requests of one client in flight. */
  maxPipeline: number;
  /** Who may connect; empty: everybody. */
  users: UserConfig[];
  /** Names and `@categories` of commands that nobody may use. */
  denyCommands: string[];
  /** Who the proxy is to its backends, or null. */
  backendCredentials: BackendCredentials | null;
  /** Bytes of scripts' bodies that each worker keeps. */
  scriptCacheBytes: number;
  /** Commands of modules, besides Redis's own. */
  customCommands: CustomCommandConfig[];
  /** What becomes of unknown commands; `first-key` is about those whose names have a dot. */
  unknownCommands: "learn" | "first-key" | "refuse";
  /** Whether requests whose keys are on several servers are refused, not split. */
  atomicMultiKey: boolean;
  /** Whether keys of a server that fails are misses in lists of keys (memcache). */
  failureIsMiss: boolean;
  /** What becomes of commands about the servers themselves. */
  adminCommands: "refuse" | "forward";
  /** Connections that clients of one worker may have to themselves at once. */
  dedicatedConnections: number;
  clientOutputLimitBytes: number;
  workerOutputLimitBytes: number;
  maxBackendQueueBytes: number;
  backendQueueSoftBytes: number;
  clientReadAheadBytes: number;
  maxRequestBytes: number;
  /** Clients of the cluster in all workers; 0: as many as there are descriptors for. */
  maxClients: number;
  /** Clients of one address in all workers; 0: any number. */
  maxClientsPerAddress: number;
  /** Null: there is none. */
  rateLimit: RateLimitConfig | null;
  /** 0: clients may be idle for ever. */
  clientIdleTimeoutMs: number;
  /** Whether clients may ask to be told where to go on before they are closed. */
  clientHandoff: boolean;
  /** Where clients go on that are told, as `host:port`; null: where they are connected, if others serve there. */
  handoffAddress: string | null;
  /** A request that takes so many microseconds is told of by the slow log; -1: none is. */
  slowlogSlowerThanUs: number;
  /** Entries of the slow log, of each worker and of all together. */
  slowlogLengthMax: number;
  /** Whether the keys that are asked for most are counted. */
  hotkeys: boolean;
  /** One key of so many is counted for them. */
  hotkeySampleEvery: number;
  /** Keys that are counted for them at once, in each worker. */
  hotkeyCapacity: number;
  /** Requests and replies of at least so many bytes are noted by key; 0: none are. */
  bigKeyBytes: number;
}

/** Levels of the log, least severe first. */
export type LogLevel = "trace" | "debug" | "info" | "warning" | "error";

/** The I/O engine that workers run, and what it needs. */
export type IoChoice =
  | { engine: "deno" }
  /**
   * `libcPath` is that of the C library, which workers may load; `libsslPath` that of OpenSSL, left out where no
   * cluster speaks TLS.
   */
  | { engine: "epoll"; libcPath: string; libsslPath?: string };

/** A stream of the process that records are written to. */
export type LogOutput = "stderr" | "stdout";

/** The `[runtime]` table with flags and environment applied. */
export interface RuntimeConfig {
  /**
   * What workers may reach: the addresses of the config only, those and what a list has besides (see
   * `network_list.ts`), or all that the process may.
   */
  network: "config" | "process" | readonly string[];
  /** What workers do I/O with. */
  /** The proxy's own availability zone; "" for none. */
  zone: string;
  io: IoChoice["engine"];
  /** Address of the admin server, or null when off. */
  metrics: TcpEndpoint | null;
  /** The certificate that the admin server shows, and its key; null: it speaks no TLS. */
  adminTls: TlsPair | null;
  /** The admin server's token, or where it is (`env:NAME`, `file:PATH`); null: there is none. */
  adminToken: string | null;
  /** Where states of servers that operators have set are kept over restarts; null: nowhere. */
  stateFile: string | null;
  /** Path of the socket by which another process takes this one over; null: there is none. */
  takeoverSocket: string | null;
  logLevel: LogLevel;
  logFormat: "text" | "json";
  logOutput: LogOutput;
  /** Where audit records are written: `stderr` or the path of a file; null: nowhere. */
  auditLog: string | null;
  /** From the signal to end to when nobody is accepted any more, in milliseconds. */
  drainDelayMs: number;
  /** While draining, a client that has asked for nothing for so long is closed, in milliseconds. */
  drainIdleMs: number;
  /** Longest time that clients may take to leave, in milliseconds; 0: they are closed at once. */
  shutdownTimeoutMs: number;
  /**
   * How long clients of what a reload removes or replaces may stay, in milliseconds; 0: as long as they like.
   */
  drainTimeoutMs: number;
  /** What buffers may take in all workers, and the process before nobody is accepted; 0: any amount. */
  maxMemoryBytes: number;
  /** Share of a cluster's keys, in percent, above which a reload that gives them another server is refused. */
  reloadMaxMovedPercent: number;
}

/** A whole configuration. */
export interface Config {
  /** Path of the file it came from, as given. */
  file: string;
  runtime: RuntimeConfig;
  clusters: ClusterConfig[];
}
