/**
 * Every key of the file with its type, unit, range, default and meaning. The checks, the messages and
 * `docs/configuration.md` are all made of these rows; nothing else holds a default.
 *
 * @module
 */
import { valibot } from "../../deps.ts";
import { HASH_NAMES } from "../hash/mod.ts";
import { BIG_KEY_BYTES_MIN } from "../observe/big_keys.ts";
import type { ClusterType, LogLevel } from "./config.ts";
import {
  choice,
  integer,
  type KeyRow,
  oneOf,
  secret,
  SECRET_CHARACTERS_LIMIT,
  secrets,
  secretTable,
  table,
  tableOrFalse,
  text,
  trueOrFalse,
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
/** Most passwords of one user: the one that is, the one that was, and some more. */
export const PASSWORDS_LIMIT = 16;
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

/** What `cache_type` may say, and which type of cluster that is. */
export const clusterTypes: Readonly<Record<string, ClusterType>> = {
  memcache: "memcache",
  memcache_binary: "memcache",
  redis: "redis",
  redis_cluster: "redis_cluster",
  rediscluster: "redis_cluster",
};

const otherTypeNames = Object.entries(clusterTypes).filter(([name, type]) => name !== type)
  .map(([name, type]) => `\`${name}\` is \`${type}\``);

/** The keys of a `[[clusters]]` entry. */
export const clusterKeys = {
  name: text(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, {
    expected: 'a name of 1 to 64 letters, digits, "_", "-" and ".", a letter or digit first',
    meaning: "Names the cluster in logs and metrics, so it is kept to what both print unchanged. " +
      "Two names that differ only in case are the same. For a reload another name is another cluster.",
  }),
  listen_addr: text(/^/, {
    expected: 'an address "host:port", "[IPv6]:port" or "unix:/path"',
    meaning: "Where clients connect. A port is from 1 to 65535; `0.0.0.0` is every IPv4 address, " +
      "`[::]` every address. Two clusters, or a cluster and the admin server, cannot share one.",
  }),
  listen_proto: {
    ...choice(
      ["tcp", "unix"],
      "tcp",
      "all",
      "What `listen_addr` is, as files of aster 1.x say it; it says so by itself.",
    ),
    default: null,
    reloadsWith: "listen_addr",
  },
  unix_mode: {
    ...text(/^0?[0-7]{3}$/, {
      expected: 'three octal digits such as "0660"',
      meaning:
        "Who may connect to a unix socket, as the mode of its file: whoever it lets write; " +
        "see [Unix sockets](operating.md#unix-sockets).",
    }),
    isRequired: false,
    default: "0600",
  },
  tls: tableOrFalse(
    'a table such as { cert = "tls.crt", key = "tls.key" }, or false',
    "Clients speak TLS: the files of the certificate and its key, and what is wanted of clients; " +
      "see [TLS](#tls). `false`: they do not.",
  ),
  backend_tls: tableOrFalse(
    'a table such as { ca = "ca.crt" }, or false',
    "Servers speak TLS: who has to have signed their certificates, and what they are shown; " +
      "see [TLS](#tls). `false`: they do not.",
  ),
  cache_type: {
    type: "string",
    unit: null,
    default: null,
    isRequired: true,
    scope: "all",
    expected: oneOf(Object.keys(clusterTypes)),
    bounds: null,
    meaning: `The protocol, and how a key finds its backend. ${otherTypeNames.join("; ")}.`,
    schema: valibot.pipe(
      valibot.picklist(Object.keys(clusterTypes)),
      valibot.transform((name) => clusterTypes[name]!),
    ),
  } satisfies KeyRow<ClusterType, null>,
  servers: {
    type: "strings",
    unit: null,
    default: null,
    isRequired: true,
    scope: "all",
    expected: `an array of 1 to ${SERVERS_LIMIT} strings "host:port[:weight] [alias]"`,
    bounds: [1, SERVERS_LIMIT],
    meaning: "The backends, or the seed nodes of a Redis Cluster; see [servers](#servers).",
    // The entries are checked one by one, so that one bad line does not hide the others.
    schema: valibot.pipe(
      valibot.array(valibot.unknown()),
      valibot.minLength(1),
      valibot.maxLength(SERVERS_LIMIT),
    ),
  } satisfies KeyRow<unknown[], null>,
  hash_tag: {
    ...text(/^[\x21-\x7e]{2}$/, {
      expected: 'two visible ASCII characters such as "{}"',
      meaning: "Only what is between the two characters is hashed, so that related keys share a " +
        "server. A Redis Cluster always uses `{}`.",
    }),
    isRequired: false,
    scope: "ring",
  },
  hash: choice(
    HASH_NAMES,
    "fnv1a_64",
    "ring",
    "Hash of the key, as twemproxy computes it; the default is twemproxy's.",
  ),
  distribution: choice(
    ["ketama", "modula", "random"],
    "ketama",
    "ring",
    "How a hash becomes a server; the default is twemproxy's. Few keys move under `ketama` when a " +
      "server leaves; `random` ignores key and weight.",
  ),
  placement: choice(
    ["twemproxy", "aster"],
    "twemproxy",
    "ring",
    "Whose placement of keys is reproduced exactly: twemproxy's, or that of aster 1.x, which had " +
      "`fnv1a_64` with `ketama` only.",
  ),
  thread: {
    ...integer(
      "workers",
      1,
      1,
      THREAD_MAXIMUM,
      "all",
      "Workers (event loops) that serve this cluster; each uses one core. More than 1 needs Linux.",
    ),
    default: null,
    otherDefault: "env `ASTER_DEFAULT_THREAD`, else 1",
  },
  read_timeout: integer(
    "ms",
    1000,
    1,
    HOUR_MS,
    "all",
    "Longest wait for one reply of a backend; see [timeouts](#timeouts).",
  ),
  write_timeout: integer(
    "ms",
    1000,
    1,
    HOUR_MS,
    "all",
    "Longest time in which a write to a backend or client makes no progress.",
  ),
  dial_timeout: integer(
    "ms",
    500,
    1,
    HOUR_MS,
    "all",
    "Longest time for connecting to a backend, handshake included.",
  ),
  node_connections: integer(
    "connections",
    1,
    1,
    64,
    "all",
    "Connections to each backend, per worker: a backend sees `thread` × `node_connections`. " +
      "Requests share a connection, and one gives the fullest batches.",
  ),
  fetch_interval: integer(
    "ms",
    600_000,
    100,
    DAY_MS,
    "slots",
    "Longest time between refreshes of the slot map. Redirects and lost nodes refresh it at once; " +
      "behind a change it is looked at again after 2 s, then in doubling steps.",
  ),
  fetch: {
    ...integer(
      "s",
      600,
      1,
      DAY_MS / 1000,
      "slots",
      "`fetch_interval` in seconds. Both may be set only if they say the same.",
    ),
    default: null,
    reloadsWith: "fetch_interval",
  },
  fetch_since_latest_cmd: integer(
    "ms",
    0,
    0,
    DAY_MS,
    "slots",
    "The first request behind so long a time without any waits for a fresh slot map, up to " +
      "`dial_timeout`; 0: none does.",
  ),
  read_from_slave: {
    ...trueOrFalse(
      false,
      "slots",
      "Reads go to the replicas of a slot in turn, which may be behind their master. Writes never do.",
    ),
    reloadsWith: "read_policy",
  },
  read_policy: {
    ...choice(
      ["master", "replica", "prefer_replica", "lowest_latency"],
      "master",
      "slots",
      "Where reads go; see [reads](#reads). What is read from a replica may be behind its master. " +
        "`prefer_replica` is `read_from_slave = true`. Both may be set only if they say the same.",
    ),
    default: null,
    otherDefault: "what `read_from_slave` says",
  },
  replica_max_lag: integer(
    "ms",
    10_000,
    1_000,
    60_000,
    "slots",
    "A replica further behind its master than this gets no reads; nor does one that is down, or " +
      "without its master.",
  ),
  cluster_view: {
    type: "strings",
    unit: null,
    default: null,
    isRequired: false,
    scope: "slots",
    expected: `an array of 1 to ${SIBLINGS_LIMIT} different strings "host:port"`,
    bounds: [1, SIBLINGS_LIMIT],
    meaning:
      "The sibling proxies, this one included, that [cluster-aware clients](#cluster-aware-clients) " +
      "are shown as one cluster, to spread over them.",
    schema: valibot.pipe(
      valibot.array(valibot.string()),
      valibot.minLength(1),
      valibot.maxLength(SIBLINGS_LIMIT),
    ),
  } satisfies KeyRow<string[], null>,
  hide_backends: trueOrFalse(
    false,
    "all",
    "Error texts name no backend's address, which helps whoever looks for the fault but tells clients " +
      "where servers are. Logs and metrics name it all the same.",
  ),
  backup_request: table(
    "slots",
    "a table such as { enabled = true, trigger_slow_ms = 20 }",
    "A read that takes long is asked of a replica as well, which may be behind its master; " +
      "see [reads](#reads).",
  ),
  ping_fail_limit: integer(
    "pings",
    0,
    0,
    255,
    "ring",
    "Failed pings in a row after which a server leaves the ring. 0: never.",
  ),
  ping_succ_interval: {
    ...integer("ms", 1000, 10, DAY_MS, "ring", "Between pings to a server in the ring."),
    otherDefault: "`ping_interval` if that is set",
  },
  ping_interval: integer(
    "ms",
    10_000,
    10,
    DAY_MS,
    "ring",
    "Between probes of a server that left. It returns at the first answer.",
  ),
  eject: choice(
    ["rehash", "fail"],
    "rehash",
    "ring",
    "What becomes of an ejected server's keys: `rehash`: the other servers get them; `fail`: " +
      "requests for them fail at once until it is back, so that no key is ever in two places.",
  ),
  failover_wait: integer(
    "ms",
    0,
    0,
    HOUR_MS,
    "all",
    "Requests that no server has run wait so long for one that can: while it cannot be connected " +
      "to, loads its data or fails over. 0: they fail at once.",
  ),
  circuit_timeouts: integer(
    "requests",
    0,
    0,
    1_000_000,
    "all",
    "After so many timeouts in a row at one server requests for it fail at once, until it answers a " +
      "ping; with `ping_fail_limit` it is ejected too. 0: they are always sent.",
  ),
  max_pipeline: integer(
    "requests",
    512,
    1,
    1_000_000,
    "all",
    "Requests of one client in flight. With more that client is not read.",
  ),
  dedicated_connections: integer(
    "connections",
    1024,
    0,
    65_536,
    "resp",
    "Connections that clients of one worker have to themselves at once: one for each transaction, " +
      "and for each client that waits in a blocking command. With more such requests are errors. A " +
      "server that is told nothing else takes 10000 connections, from all proxies together.",
  ),
  commands: table(
    "resp",
    'a table such as { "json.get" = { key = 1 } }',
    "Commands of modules, and which of their words are keys; see [commands of modules](#commands-of-modules).",
  ),
  unknown_commands: choice(
    ["learn", "first-key", "refuse"],
    "learn",
    "resp",
    "What is done with unknown commands. `learn`: servers say what one is, see [Commands that servers " +
      "have](#commands-that-servers-have). `first-key`: one with a dot in its name goes where its " +
      "first argument is. `refuse`: it is answered as an unknown one.",
  ),
  atomic_multi_key: trueOrFalse(
    false,
    "resp",
    "`MGET`, `MSET`, `DEL`, `UNLINK`, `EXISTS` and `TOUCH` with keys on several servers (of a Redis " +
      "Cluster: in several slots) are refused, not split: a request that is split is not atomic.",
  ),
  failure_is_miss: trueOrFalse(
    false,
    "memcache",
    "In the answer to a list of keys (`get`, `gets`, `gat`, `gats`) those of a server that fails are " +
      "misses. Otherwise its error is the whole answer: a failed server must not look like misses " +
      "unless that is wanted.",
  ),
  script_cache_bytes: integer(
    "bytes",
    8 * MIB,
    0,
    1024 * MIB,
    "resp",
    "Memory for scripts that each worker keeps, to load them ahead of an EVALSHA that would not find " +
      "its script: 384 bytes each and their bodies.",
  ),
  admin_commands: choice(
    ["refuse", "forward"],
    "refuse",
    "resp",
    "`forward`: commands about the servers themselves (`CONFIG`, `DEBUG`, `ACL`, `LATENCY`, `MEMORY`, " +
      "`MODULE`, `SLOWLOG BACKENDS`) go to every server. `refuse`: they are errors.",
  ),
  password: {
    ...secrets(
      "The password that clients have to give (`AUTH`, `HELLO … AUTH`; [memcache](#memcache-logins)); " +
        `their user is \`default\`. A list: any of at most ${PASSWORDS_LIMIT}, while it changes. ` +
        "See [secrets](#secrets).",
    ),
    reloadsWith: "auth",
  },
  auth: secretTable(
    'Who may connect: a password, or `{ password = "…", users = [{ username = "…", password = ' +
      `"…" }] }\` with at most ${USERS_LIMIT} [users](#users). Wins over \`password\`.`,
  ),
  deny_commands: {
    type: "strings",
    unit: null,
    default: null,
    isRequired: false,
    scope: "all",
    expected: 'an array of names and categories of commands, such as ["config|set", "@dangerous"]',
    bounds: null,
    meaning: "What nobody may use, whoever it is: commands by name (`flushall`, `config|set`, " +
      "`flush_all`) or category (`@dangerous`), see [users](#users).",
    schema: valibot.array(valibot.unknown()),
  } satisfies KeyRow<unknown[], null>,
  backend_password: {
    ...secret(
      "The password that backends want from the default user: every connection to them begins with " +
        "`AUTH` ([memcache](#memcache-logins)).",
    ),
    reloadsWith: "backend_auth",
  },
  backend_auth: secretTable(
    'Who the proxy is to the backends: a password, or `{ username = "…", password = "…" }`. Wins ' +
      "over `backend_password`.",
  ),
  client_output_limit: integer(
    "bytes",
    64 * MIB,
    KIB,
    16 * GIB,
    "all",
    "Replies one client leaves untaken, beyond the one being delivered. Near it that client is not " +
      "read; one that is owed more by what it had asked for is closed.",
  ),
  worker_output_limit: integer(
    "bytes",
    256 * MIB,
    MIB,
    256 * GIB,
    "all",
    "Replies that all clients of one worker leave untaken, above 1 MiB each. Beyond it the clients " +
      "that leave more are not read.",
  ),
  max_backend_queue_bytes: integer(
    "bytes",
    64 * MIB,
    KIB,
    16 * GIB,
    "all",
    "What may wait for one backend connection. Further requests fail at once.",
  ),
  backend_queue_soft_bytes: {
    ...integer(
      "bytes",
      4 * MIB,
      KIB,
      16 * GIB,
      "all",
      "Unsent bytes for one backend connection from which its clients wait, until half is sent. At " +
        "most `max_backend_queue_bytes`.",
    ),
    otherDefault: "`max_backend_queue_bytes` if that is less",
  },
  max_request_bytes: integer(
    "bytes",
    GIB,
    KIB,
    GIB,
    "all",
    "One request; a larger one is answered with an error as soon as its size is known, and its " +
      "client is closed.",
  ),
  max_clients: integer(
    "clients",
    0,
    0,
    10_000_000,
    "all",
    "Clients of the cluster, in all its workers; one more is told so, in a server's words, and " +
      "closed. 0: as many as descriptors allow.",
  ),
  max_clients_per_address: integer(
    "clients",
    0,
    0,
    10_000_000,
    "all",
    "Clients of one address, in all workers of the cluster; one more is told so and closed. IPv6 " +
      "addresses count by their /64, all clients of unix sockets as one address. 0: any number.",
  ),
  rate_limit: table(
    "all",
    "a table such as { per_second = 1000, burst = 2000 }",
    "Requests beyond it are errors at once, so that nobody has the servers to himself: see " +
      "[Rate limits](#rate-limits).",
  ),
  client_idle_timeout: integer(
    "ms",
    0,
    0,
    DAY_MS,
    "all",
    "A client that has asked for nothing for so long is closed, unless it waits in a blocking " +
      "command or listens to messages; 0: never.",
  ),
  client_handoff: trueOrFalse(
    true,
    "resp",
    "Clients that ask for it are told where to go on when the proxy ends, instead of losing their " +
      "connection; see [Clients are told](operating.md#clients-are-told).",
  ),
  handoff_address: {
    ...text(/^/, {
      expected: 'an address "host:port" or "[IPv6]:port"',
      meaning:
        "Where they are told to go on. Without it: to the address that they are connected to, " +
        "and only where others serve there.",
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
    "What is read from a client whose requests have to wait.",
  ),
  slowlog_log_slower_than: integer(
    "µs",
    10_000,
    -1,
    HOUR_MS * 1000,
    "all",
    "A request that takes so long is told of by `SLOWLOG`, `stats slowlog` and `/slowlog`, see " +
      "[operating.md](operating.md#slow-requests); 0: every one; -1: none.",
  ),
  slowlog_max_len: integer(
    "entries",
    128,
    0,
    100_000,
    "all",
    "Entries of the slow log, of each worker and of all together; further ones push the oldest out.",
  ),
  hotkeys: trueOrFalse(
    false,
    "all",
    "Counts which keys are asked for most: `HOTKEY`, `stats hotkeys` and `/hotkeys` tell, see " +
      "[operating.md](operating.md#hot-and-big-keys).",
  ),
  hotkey_sample_every: integer(
    "keys",
    32,
    1,
    1_000_000,
    "all",
    "One of so many is counted for `hotkeys`, on average, or fewer of very many; 1: every one.",
  ),
  hotkey_capacity: integer(
    "keys",
    512,
    8,
    65_536,
    "all",
    "Keys that are counted for `hotkeys` at once, in each worker.",
  ),
  big_key_bytes: integer(
    "bytes",
    MIB,
    0,
    GIB,
    "all",
    "Requests and replies of at least so many bytes are noted by key, for `/hotkeys`; less than " +
      `${BIG_KEY_BYTES_MIN} counts as that; 0: none are.`,
  ),
} as const satisfies KeyRows;

/** The keys of the `[runtime]` table. */
export const runtimeKeys = {
  network: {
    type: "string or strings",
    unit: null,
    default: null,
    otherDefault: "`process` with any `redis_cluster`, else `config`",
    isRequired: false,
    scope: "all",
    expected: '"config", "process" or a list such as ["10.0.0.0/8", "host:port"]',
    bounds: [1, NETWORK_ENTRIES_LIMIT],
    meaning:
      "What workers may reach: the addresses of this file only; those and what a list names; or all " +
      "that the process may. Nodes of a Redis Cluster that are not among its servers need `process`; " +
      "see [Permissions](#permissions).",
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
    "What does the I/O: Deno's own sockets, or Linux's epoll through FFI, which is cheaper the more " +
      "clients there are; see [I/O engines](operating.md#io-engines).",
  ),
  zone: {
    ...text(/^[\x21-\x7e]{1,64}$/, {
      expected: "a name of 1 to 64 visible ASCII characters, such as eu-west-1a",
      meaning:
        "The availability zone that the proxy is in. [Reads](#reads) that may go to replicas go " +
        "to those in it first.",
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
    meaning:
      "Address of the admin server, which is for this machine unless something else is said: " +
      "without host it is at 127.0.0.1.",
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
  admin_tls: tableOrFalse(
    'a table { cert = "admin.crt", key = "admin.key" }, or false',
    "The admin server speaks TLS, and nothing else: paths of PEM files, which are read at the start. " +
      "`aster status` and the like ask it with `--ca FILE`.",
  ),
  admin_token: {
    ...secret(
      "What the admin server wants to be shown, but for `/health` and `/ready`; see [Admin " +
        "server](operating.md#admin-server).",
    ),
    scope: "all",
    expected: `a string of 1 to ${SECRET_CHARACTERS_LIMIT} characters, "env:NAME" or "file:PATH"`,
  } satisfies KeyRow<string, null>,
  state_file: {
    ...text(/^[^\0]{1,4096}$/, {
      expected: "a path of 1 to 4096 characters",
      meaning:
        "Where the states of servers that operators have set are kept over restarts; see [Servers " +
        "by hand](operating.md#servers-by-hand). The program keeps the right to write files then.",
    }),
    isRequired: false,
  },
  takeover_socket: {
    ...text(/^\/[ !-+\--~]{1,106}$/, {
      expected: "an absolute path of at most 107 ASCII characters, none of them a comma",
      meaning:
        "By it the next process, started with `--takeover`, takes the place of this one; see " +
        "[Restart](operating.md#restart-without-a-lost-request). Linux.",
    }),
    isRequired: false,
  },
  log_level: {
    ...choice(LOG_LEVELS, "info", "all", "Least severe records that are written."),
    otherDefault: "env `ASTER_LOG`, else env `RUST_LOG`",
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
    "From the signal to end (SIGTERM, SIGINT) to when nobody is accepted any more; `/ready` says no " +
      "at once, so load balancers have so long to notice.",
  ),
  drain_idle: integer(
    "ms",
    1000,
    0,
    HOUR_MS,
    "all",
    "When draining, a client that has asked for nothing for so long is closed.",
  ),
  shutdown_timeout: integer(
    "ms",
    10_000,
    0,
    HOUR_MS,
    "all",
    "Longest time that clients may take to leave; 0: they are closed at once.",
  ),
  drain_timeout: integer(
    "ms",
    0,
    0,
    DAY_MS,
    "all",
    "How long clients of what a reload removes or replaces may stay; 0: as long as they like.",
  ),
  max_memory_bytes: integer(
    "bytes",
    0,
    0,
    1024 * GIB,
    "all",
    `What buffers may take in all workers, at least ${MEMORY_LEAST_BYTES}: beyond it the fattest ` +
      "holders are closed, and while the process takes more nobody is accepted; see " +
      "[Limits](#limits). 0: any amount.",
  ),
  reload_max_moved: integer(
    "percent",
    100,
    0,
    100,
    "all",
    "A reload that gives more than this share of a cluster's keys to other servers is refused.",
  ),
  log_format: {
    ...choice(["text", "json"], "text", "all", "Lines for people or for machines."),
    default: null,
    otherDefault: "`text` on a terminal, else `json`",
  },
  log_output: choice(
    ["stderr", "stdout"],
    "stderr",
    "all",
    "Where records go. Some platforms keep standard output alone, and others take for errors all " +
      "that comes by standard error.",
  ),
  audit_log: {
    ...text(/^[^\0]{1,1024}$/, {
      expected: '"off", "stderr", or the path of a file',
      meaning:
        "Logins, requests that were denied, and commands of administration and dangerous ones, " +
        "as JSON lines: `stderr`, or the path of a file. See [security](security.md#audit-log).",
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
