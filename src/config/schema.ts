/**
 * Every key of the file with its type, unit, range, default and reason. The checks, the messages
 * and the test of `docs/configuration.md` all read these rows; nothing else holds a default.
 *
 * @module
 */
import { valibot } from "../../deps.ts";
import { HASH_NAMES } from "../hash/mod.ts";
import type { ClusterType, LogLevel } from "./config.ts";
import {
  type KeyRow,
  type Scope,
  secret,
  SECRET_CHARACTERS_LIMIT,
  secrets,
  secretTable,
} from "./key_row.ts";
import { NETWORK_ENTRIES_LIMIT } from "./network_list.ts";
import { LOG_LEVELS, parseLogLevel } from "./log_level.ts";

/** The rows of one table, by canonical key. */
// deno-lint-ignore no-explicit-any
export type KeyRows = Readonly<Record<string, KeyRow<any, any>>>;

/** What the keys that are set hold after the type checks. */
export type ValuesOf<Rows extends KeyRows> = {
  [Key in keyof Rows]?: valibot.InferOutput<Rows[Key]["schema"]>;
};

/** Largest file, in characters: far above any real one, small enough to parse at once. */
export const FILE_CHARACTERS_LIMIT = 1_048_576;
/** Most `[[clusters]]` entries. */
export const CLUSTERS_LIMIT = 256;
/** Most servers or seeds of one cluster. */
export const SERVERS_LIMIT = 1024;
/** Highest sum of the weights of one cluster: `modula` holds one table entry per unit of weight. */
export const WEIGHT_SUM_MAXIMUM = 1_000_000;
/** Where the admin server listens if nothing else is said. */
export const METRICS_DEFAULT = { hostname: "127.0.0.1", port: 2110 } as const;
/** Most users of one cluster. */
export const USERS_LIMIT = 256;
/** Most proxies of `cluster_view`. */
export const SIBLINGS_LIMIT = 256;
/** Most workers of one cluster. */
export const THREAD_MAXIMUM = 256;

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const KIB = 1024;
const MIB = 1_048_576;
const GIB = 1_073_741_824;
/** What `max_memory_bytes` has to be at least: the program itself takes most of it. */
export const MEMORY_LEAST_BYTES: number = 128 * MIB;

const clusterTypes: Record<string, ClusterType> = {
  memcache: "memcache",
  memcache_binary: "memcache",
  redis: "redis",
  redis_cluster: "redis_cluster",
  rediscluster: "redis_cluster",
};

/** The keys of a `[[clusters]]` entry. */
export const clusterKeys = {
  name: text(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, {
    expected: 'a name of 1 to 64 letters, digits, "_", "-" and ".", a letter or digit first',
    reason: "names the cluster in logs and metrics, so it is kept to what both print unchanged",
  }),
  listen_addr: text(/^/, {
    expected: 'an address "host:port", "[IPv6]:port" or "unix:/path"',
    reason: "where clients connect",
  }),
  listen_proto: {
    ...choice(["tcp", "unix"], "tcp", "all", "what listen_addr is, which says it by itself"),
    default: null,
  },
  unix_mode: {
    ...text(/^0?[0-7]{3}$/, {
      expected: 'three octal digits such as "0660"',
      reason: "who may connect to a unix socket: those that its mode lets write",
    }),
    isRequired: false,
    default: "0600",
  },
  tls: tlsTable(
    'a table such as { cert = "tls.crt", key = "tls.key" }, or false',
    "clients speak TLS: the files of the certificate and its key, and what is wanted of clients",
  ),
  backend_tls: tlsTable(
    'a table such as { ca = "ca.crt" }, or false',
    "servers speak TLS: who has to have signed their certificates, and what they are shown",
  ),
  cache_type: clusterType(),
  servers: strings(),
  hash_tag: {
    ...text(/^[\x21-\x7e]{2}$/, {
      expected: 'two visible ASCII characters such as "{}"',
      reason: "only the part of a key between the two is hashed, so related keys share a server",
    }),
    isRequired: false,
    scope: "ring",
  },
  hash: choice(HASH_NAMES, "fnv1a_64", "ring", "hash of the key; twemproxy's default"),
  distribution: choice(
    ["ketama", "modula", "random"],
    "ketama",
    "ring",
    "how a hash becomes a server; twemproxy's default",
  ),
  placement: choice(
    ["twemproxy", "aster"],
    "twemproxy",
    "ring",
    "whose placement of keys is reproduced exactly",
  ),
  thread: {
    ...integer("workers", 1, 1, THREAD_MAXIMUM, "all", "one worker uses one CPU core"),
    default: null,
  },
  read_timeout: integer("ms", 1000, 1, HOUR_MS, "all", "longest wait for one reply of a backend"),
  write_timeout: integer("ms", 1000, 1, HOUR_MS, "all", "longest stall of a write"),
  dial_timeout: integer("ms", 500, 1, HOUR_MS, "all", "connect and handshake with a backend"),
  node_connections: integer(
    "connections",
    1,
    1,
    64,
    "all",
    "per backend and worker; one pipelined connection gives the fullest batches",
  ),
  fetch_interval: integer("ms", 600_000, 100, DAY_MS, "slots", "between refreshes of the slot map"),
  fetch: {
    ...integer("s", 600, 1, DAY_MS / 1000, "slots", "the same as fetch_interval, in seconds"),
    default: null,
  },
  fetch_since_latest_cmd: integer(
    "ms",
    0,
    0,
    DAY_MS,
    "slots",
    "a request behind so long a time without any waits for a fresh slot map; 0: none does",
  ),
  read_from_slave: {
    type: "boolean",
    unit: null,
    default: false,
    isRequired: false,
    scope: "slots",
    expected: "true or false",
    bounds: null,
    reason: "replicas may be behind their master, so this is asked for",
    schema: valibot.boolean(),
  } satisfies KeyRow<boolean, boolean>,
  read_policy: {
    ...choice(
      ["master", "replica", "prefer_replica", "lowest_latency"],
      "master",
      "slots",
      "where reads go; what is read from a replica may be behind its master",
    ),
    default: null,
  },
  replica_max_lag: integer(
    "ms",
    10_000,
    1_000,
    60_000,
    "slots",
    "a replica further behind its master than this gets no reads",
  ),
  cluster_view: {
    type: "strings",
    unit: null,
    default: null,
    isRequired: false,
    scope: "slots",
    expected: `an array of 1 to ${SIBLINGS_LIMIT} different strings "host:port"`,
    bounds: [1, SIBLINGS_LIMIT],
    reason: "the sibling proxies, this one included, over which cluster-aware clients spread",
    schema: valibot.pipe(
      valibot.array(valibot.string()),
      valibot.minLength(1),
      valibot.maxLength(SIBLINGS_LIMIT),
    ),
  } satisfies KeyRow<string[], null>,
  hide_backends: {
    type: "boolean",
    unit: null,
    default: false,
    isRequired: false,
    scope: "all",
    expected: "true or false",
    bounds: null,
    reason:
      "an address in an error helps whoever looks for the fault, and tells clients where servers are",
    schema: valibot.boolean(),
  } satisfies KeyRow<boolean, boolean>,
  backup_request: {
    type: "table",
    unit: null,
    default: null,
    isRequired: false,
    scope: "slots",
    expected: "a table such as { enabled = true, trigger_slow_ms = 20 }",
    bounds: null,
    reason: "a read that takes long is asked of a replica as well, which may be behind its master",
    schema: valibot.record(valibot.string(), valibot.unknown()),
  } satisfies KeyRow<Record<string, unknown>, null>,
  ping_fail_limit: integer("pings", 0, 0, 255, "ring", "failures in a row that eject; 0: never"),
  ping_succ_interval: integer("ms", 1000, 10, DAY_MS, "ring", "between pings while healthy"),
  ping_interval: integer("ms", 10_000, 10, DAY_MS, "ring", "between probes while ejected"),
  eject: choice(
    ["rehash", "fail"],
    "rehash",
    "ring",
    "whether an ejected server's keys go to the others, or fail at once until it is back",
  ),
  failover_wait: integer(
    "ms",
    0,
    0,
    HOUR_MS,
    "all",
    "requests that no server has run wait so long for one that can; 0: they fail at once",
  ),
  circuit_timeouts: integer(
    "requests",
    0,
    0,
    1_000_000,
    "all",
    "that time out in a row at one server; then it gets none until it answers a ping; 0: it gets them all",
  ),
  max_pipeline: integer(
    "requests",
    10_000,
    1,
    1_000_000,
    "all",
    "of one client in flight; beyond it that client is not read",
  ),
  dedicated_connections: integer(
    "connections",
    1024,
    0,
    65_536,
    "resp",
    "each transaction, and each client that waits in a blocking command, has one to itself",
  ),
  commands: {
    type: "table",
    unit: null,
    default: null,
    isRequired: false,
    scope: "resp",
    expected: 'a table such as { "json.get" = { key = 1 } }',
    bounds: null,
    reason: "commands of modules, and which of their words are keys",
    schema: valibot.record(valibot.string(), valibot.unknown()),
  } satisfies KeyRow<Record<string, unknown>, null>,
  unknown_commands: choice(
    ["learn", "first-key", "refuse"],
    "learn",
    "resp",
    "what is done with unknown commands: servers say what they are, or, with a dot in their name, they go where " +
      "their first argument is",
  ),
  atomic_multi_key: {
    type: "boolean",
    unit: null,
    default: false,
    isRequired: false,
    scope: "resp",
    expected: "true or false",
    bounds: null,
    reason: "a request that is split is not atomic",
    schema: valibot.boolean(),
  } satisfies KeyRow<boolean, boolean>,
  failure_is_miss: {
    type: "boolean",
    unit: null,
    default: false,
    isRequired: false,
    scope: "memcache",
    expected: "true or false",
    bounds: null,
    reason: "a failed server must not look like misses unless that is wanted",
    schema: valibot.boolean(),
  } satisfies KeyRow<boolean, boolean>,
  script_cache_bytes: integer(
    "bytes",
    8 * MIB,
    0,
    1024 * MIB,
    "resp",
    "bodies of scripts that the proxy keeps, to load them where EVALSHA would not find them",
  ),
  admin_commands: choice(
    ["refuse", "forward"],
    "refuse",
    "resp",
    "whether clients may send CONFIG, DEBUG, ACL and the like to all servers",
  ),
  password: secrets(
    'the password of all clients, whose user is "default"; several while it changes',
  ),
  auth: secretTable("who may connect: a password, or a table with password and users"),
  deny_commands: {
    ...strings(),
    isRequired: false,
    scope: "all",
    expected: 'an array of names and categories of commands, such as ["config|set", "@dangerous"]',
    bounds: null,
    reason: "what nobody may use, whoever it is",
    schema: valibot.array(valibot.unknown()),
  } satisfies KeyRow<unknown[], null>,
  backend_password: secret("the password that the backends want from the default user"),
  backend_auth: secretTable(
    "who the proxy is to the backends: a password, or username and password",
  ),
  client_output_limit: integer(
    "bytes",
    64 * MIB,
    KIB,
    16 * GIB,
    "all",
    "replies that one client does not take; near it that client is not read, beyond it closed",
  ),
  worker_output_limit: integer(
    "bytes",
    256 * MIB,
    MIB,
    256 * GIB,
    "all",
    "replies that all clients of a worker do not take, above 1 MiB each; then those are not read",
  ),
  max_backend_queue_bytes: integer(
    "bytes",
    64 * MIB,
    KIB,
    16 * GIB,
    "all",
    "waiting for one backend connection; beyond it requests fail at once",
  ),
  backend_queue_soft_bytes: integer(
    "bytes",
    4 * MIB,
    KIB,
    16 * GIB,
    "all",
    "unsent to one backend connection; beyond it its clients wait",
  ),
  max_request_bytes: integer(
    "bytes",
    GIB,
    KIB,
    GIB,
    "all",
    "one request; a larger one is answered with an error, and its client is closed",
  ),
  max_clients: integer(
    "clients",
    0,
    0,
    10_000_000,
    "all",
    "clients of the cluster, in all workers; one more is told so and closed; 0: no limit of its own",
  ),
  max_clients_per_address: integer(
    "clients",
    0,
    0,
    10_000_000,
    "all",
    "clients of one address, in all workers; one more is told so and closed; 0: any number",
  ),
  rate_limit: {
    type: "table",
    unit: null,
    default: null,
    isRequired: false,
    scope: "all",
    expected: "a table such as { per_second = 1000, burst = 2000 }",
    bounds: null,
    reason: "requests beyond it are errors at once, so that nobody has the servers for himself",
    schema: valibot.record(valibot.string(), valibot.unknown()),
  } satisfies KeyRow<Record<string, unknown>, null>,
  client_idle_timeout: integer(
    "ms",
    0,
    0,
    DAY_MS,
    "all",
    "a client that has asked for nothing for so long is closed; 0: never",
  ),
  client_handoff: {
    type: "boolean",
    unit: null,
    default: true,
    isRequired: false,
    scope: "resp",
    expected: "true or false",
    bounds: null,
    reason: "clients that ask for it are told to move on, instead of losing their connection",
    schema: valibot.boolean(),
  } satisfies KeyRow<boolean, boolean>,
  handoff_address: {
    ...text(/^/, {
      expected: 'an address "host:port" or "[IPv6]:port"',
      reason: "where clients go on when the proxy ends; without it, to who has taken its port over",
    }),
    isRequired: false,
    scope: "resp",
  },
  client_read_ahead_bytes: integer(
    "bytes",
    64 * KIB,
    KIB,
    GIB,
    "all",
    "read from a client whose requests have to wait",
  ),
  slowlog_log_slower_than: integer(
    "µs",
    10_000,
    -1,
    HOUR_MS * 1000,
    "all",
    "a request that takes so long is told of by SLOWLOG; 0: every one; -1: none",
  ),
  slowlog_max_len: integer(
    "entries",
    128,
    0,
    100_000,
    "all",
    "of the slow log, of each worker and of all together; further ones push the oldest out",
  ),
  hotkeys: {
    type: "boolean",
    unit: null,
    default: false,
    isRequired: false,
    scope: "all",
    expected: "true or false",
    bounds: null,
    reason: "which keys are asked for most is counted where somebody wants to know",
    schema: valibot.boolean(),
  } satisfies KeyRow<boolean, boolean>,
  hotkey_sample_every: integer(
    "keys",
    32,
    1,
    1_000_000,
    "all",
    "one of so many is counted for hotkeys, on average; 1: every one",
  ),
  hotkey_capacity: integer(
    "keys",
    512,
    8,
    65_536,
    "all",
    "that are counted for hotkeys at once, in each worker",
  ),
  big_key_bytes: integer(
    "bytes",
    MIB,
    0,
    GIB,
    "all",
    "requests and replies of at least so many are noted by key; less than 65536 counts as 65536; 0: none",
  ),
} as const satisfies KeyRows;

/** The keys of the `[runtime]` table. */
export const runtimeKeys = {
  network: {
    type: "string or strings",
    unit: null,
    default: null,
    isRequired: false,
    scope: "all",
    expected: '"config", "process" or a list such as ["10.0.0.0/8", "host:port"]',
    bounds: null,
    reason:
      'what workers may reach; "process" is the default with a redis_cluster, whose nodes are found',
    // The entries are checked one by one, so that one that is wrong does not hide the others.
    schema: valibot.union([
      valibot.picklist(["config", "process"]),
      valibot.pipe(
        valibot.array(valibot.unknown()),
        valibot.minLength(1),
        valibot.maxLength(NETWORK_ENTRIES_LIMIT),
      ),
    ]),
  } satisfies KeyRow<unknown, null>,
  io: choice(
    ["deno", "epoll"],
    "deno",
    "all",
    "what does the I/O: Deno's sockets, or Linux's epoll through FFI, for thousands of clients",
  ),
  zone: {
    ...text(/^[\x21-\x7e]{1,64}$/, {
      expected: "a name of 1 to 64 visible ASCII characters, such as eu-west-1a",
      reason: "the availability zone the proxy is in: replicas in it are read from first",
    }),
    isRequired: false,
  },
  metrics: {
    type: "string or integer",
    unit: null,
    default: "127.0.0.1:2110",
    isRequired: false,
    scope: "all",
    expected: '"host:port", a port, or "off"',
    bounds: [1, 65_535],
    reason: "the admin server is for this machine unless said otherwise",
    schema: valibot.union([
      valibot.string(),
      valibot.pipe(
        valibot.number(),
        valibot.integer(),
        valibot.minValue(1),
        valibot.maxValue(65_535),
      ),
    ]),
  } satisfies KeyRow<string | number, string>,
  admin_tls: tlsTable(
    'a table { cert = "admin.crt", key = "admin.key" }, or false',
    "the admin server speaks TLS: the files of its certificate and key",
  ),
  admin_token: {
    ...secret("with it the admin server answers only who shows it, but for /health and /ready"),
    scope: "all",
    expected: `a string of 1 to ${SECRET_CHARACTERS_LIMIT} characters, "env:NAME" or "file:PATH"`,
  } satisfies KeyRow<string, null>,
  state_file: {
    ...text(/^[^\0]{1,4096}$/, {
      expected: "a path of 1 to 4096 characters",
      reason: "keeps the states of servers that operators have set over restarts",
    }),
    isRequired: false,
  },
  takeover_socket: {
    ...text(/^\/[ !-+\--~]{1,106}$/, {
      expected: "an absolute path of at most 107 ASCII characters, none of them a comma",
      reason: "by it the next process, started with --takeover, takes the place of this one",
    }),
    isRequired: false,
  },
  log_level: {
    ...choice(LOG_LEVELS, "info", "all", "least severe records that are written"),
    schema: valibot.pipe(
      valibot.string(),
      valibot.transform(parseLogLevel),
      valibot.picklist(LOG_LEVELS),
    ),
  } satisfies KeyRow<LogLevel, LogLevel>,
  drain_delay: integer(
    "ms",
    0,
    0,
    HOUR_MS,
    "all",
    "from the signal to end to when nobody is accepted any more: time for load balancers to see /ready",
  ),
  drain_idle: integer(
    "ms",
    1000,
    0,
    HOUR_MS,
    "all",
    "when draining, a client that has asked for nothing for so long is closed",
  ),
  shutdown_timeout: integer(
    "ms",
    10_000,
    0,
    HOUR_MS,
    "all",
    "longest time that clients may take to leave; 0: they are closed at once",
  ),
  drain_timeout: integer(
    "ms",
    0,
    0,
    DAY_MS,
    "all",
    "how long clients of what a reload removes or replaces may stay; 0: as long as they like",
  ),
  max_memory_bytes: integer(
    "bytes",
    0,
    0,
    1024 * GIB,
    "all",
    "of buffers, whose fattest holders are closed beyond it; and of the process, which then accepts nobody; 0: no limit",
  ),
  reload_max_moved: integer(
    "percent",
    100,
    0,
    100,
    "all",
    "of a cluster's keys that a reload may give to other servers; beyond it the reload is refused",
  ),
  log_format: {
    ...choice(["text", "json"], "text", "all", "text for people on a terminal, else JSON lines"),
    default: null,
  },
  audit_log: {
    ...text(/^[^\0]{1,1024}$/, {
      expected: '"off", "stderr", or the path of a file',
      reason: "logins, denials, and commands of administration and dangerous ones, as JSON lines",
    }),
    default: "off",
    isRequired: false,
  } satisfies KeyRow<string, string>,
} as const satisfies KeyRows;

/** The tables of the file. */
export const topLevelKeys = ["clusters", "runtime"] as const;

/** Keys of aster's own files whose feature is not built yet; they are accepted and do nothing. */
export const laterKeys = [
  "backend_resp_version",
  "hotkey_sketch_width",
  "hotkey_sketch_depth",
  "hotkey_decay",
  "client_cache",
] as const;

function text(
  pattern: RegExp,
  words: { expected: string; reason: string },
): KeyRow<string, null> {
  return {
    type: "string",
    unit: null,
    default: null,
    isRequired: true,
    scope: "all",
    bounds: null,
    ...words,
    schema: valibot.pipe(valibot.string(), valibot.regex(pattern)),
  };
}

/** A table that `tls.ts` reads; `false` says that there is none. */
function tlsTable(
  expected: string,
  reason: string,
): KeyRow<Record<string, unknown> | false, null> {
  return {
    type: "table",
    unit: null,
    default: null,
    isRequired: false,
    scope: "all",
    expected,
    bounds: null,
    reason,
    schema: valibot.union([
      valibot.literal(false),
      valibot.record(valibot.string(), valibot.unknown()),
    ]),
  };
}

function strings(): KeyRow<unknown[], null> {
  return {
    type: "strings",
    unit: null,
    default: null,
    isRequired: true,
    scope: "all",
    expected: `an array of 1 to ${SERVERS_LIMIT} strings "host:port[:weight] [alias]"`,
    bounds: [1, SERVERS_LIMIT],
    reason: "the backends, or the seed nodes of a Redis Cluster",
    // The entries are checked one by one, so that one bad line does not hide the others.
    schema: valibot.pipe(
      valibot.array(valibot.unknown()),
      valibot.minLength(1),
      valibot.maxLength(SERVERS_LIMIT),
    ),
  };
}

function clusterType(): KeyRow<ClusterType, null> {
  const names = Object.keys(clusterTypes);
  return {
    type: "string",
    unit: null,
    default: null,
    isRequired: true,
    scope: "all",
    expected: oneOf(names),
    bounds: null,
    reason: "the protocol, and how a key finds its backend",
    schema: valibot.pipe(
      valibot.picklist(names),
      valibot.transform((name) => clusterTypes[name]!),
    ),
  };
}

function choice<const Names extends readonly string[]>(
  names: Names,
  defaultName: Names[number],
  scope: Scope,
  reason: string,
): KeyRow<Names[number], Names[number]> {
  return {
    type: "string",
    unit: null,
    default: defaultName,
    isRequired: false,
    scope,
    expected: oneOf(names),
    bounds: null,
    reason,
    schema: valibot.picklist(names),
  };
}

function integer(
  unit: string,
  defaultValue: number,
  minimum: number,
  maximum: number,
  scope: Scope,
  reason: string,
): KeyRow<number, number> {
  return {
    type: "integer",
    unit,
    default: defaultValue,
    isRequired: false,
    scope,
    expected: `an integer from ${minimum} to ${maximum} (${unit})`,
    bounds: [minimum, maximum],
    reason,
    schema: valibot.pipe(
      valibot.number(),
      valibot.integer(),
      valibot.minValue(minimum),
      valibot.maxValue(maximum),
    ),
  };
}

function oneOf(names: readonly string[]): string {
  const quoted = names.map((name) => `"${name}"`);
  return `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
}
