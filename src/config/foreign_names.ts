/**
 * What the settings of other proxies and of Redis are called here, for whoever brings a file along. The names are
 * those of twemproxy's nutcracker.yml, redis.conf, predixy.conf, corvus.conf and envoy's redis_proxy.
 *
 * @module
 */

/** Whose setting a name is. */
type Origin = "twemproxy" | "Redis" | "predixy" | "corvus" | "envoy";

/** What takes a setting's place: the key here, or a sentence that says why there is none. */
type Counterpart = { readonly key: string } | { readonly why: string };

const key = (name: string): Counterpart => ({ key: name });
const why = (text: string): Counterpart => ({ why: text });

const LAZY = why("a backend is connected to when a request first needs it");
const PORT = why('it is part of listen_addr: "host:port"');
const FILES = why("the log goes to standard error, for whoever runs the process to keep");
const KEEPALIVE = why("connections are watched by requests and pings, not by TCP keepalive");
const CLIENT_IDLE = key("client_idle_timeout");
const SENTINEL = why("Sentinel is not supported: name the servers in servers");
const RULES = why("there are no limits on what a user may do: such a file would run unprotected");

const names: Record<Origin, Record<string, Counterpart>> = {
  twemproxy: {
    listen: key("listen_addr"),
    timeout: key("read_timeout"),
    redis: why('cache_type = "redis" or "memcache" says it'),
    redis_auth: why("password is what clients must give, backend_password what the servers want"),
    redis_db: why("clients choose a database by SELECT"),
    server_connections: key("node_connections"),
    client_connections: key("max_clients"),
    auto_eject_hosts: why("ping_fail_limit above 0 ejects servers that fail their pings"),
    server_failure_limit: key("ping_fail_limit"),
    server_retry_timeout: key("ping_interval"),
    preconnect: LAZY,
    backlog: why("the backlog of a listener is the system's (net.core.somaxconn)"),
    tcpkeepalive: KEEPALIVE,
  },
  Redis: {
    port: PORT,
    bind: key("listen_addr"),
    "protected-mode": why("listen_addr and password say who may connect"),
    requirepass: key("password"),
    masterauth: key("backend_password"),
    masteruser: key("backend_auth"),
    user: key("auth"),
    aclfile: RULES,
    "rename-command": why("commands cannot be renamed or switched off"),
    "io-threads": key("thread"),
    databases: why("clients choose a database by SELECT; the servers say how many there are"),
    unixsocket: key("listen_addr"),
    unixsocketperm: key("unix_mode"),
    "client-output-buffer-limit": key("client_output_limit"),
    "client-query-buffer-limit": key("client_read_ahead_bytes"),
    "tcp-keepalive": KEEPALIVE,
    "tcp-backlog": why("the backlog of a listener is the system's (net.core.somaxconn)"),
    logfile: FILES,
    "cluster-enabled": why('cache_type = "redis_cluster" says it'),
    "cluster-announce-ip": why("the flag --ip says which address cluster-aware clients are told"),
    daemonize: why("the program stays in the foreground: whoever starts it keeps it running"),
    pidfile: why("the program stays in the foreground: whoever starts it keeps it running"),
  },
  predixy: {
    WorkerThreads: key("thread"),
    ClientTimeout: CLIENT_IDLE,
    Mode: RULES,
    KeyPrefix: RULES,
    Authority: key("auth"),
    ServerTimeout: key("read_timeout"),
    ServerRetryTimeout: key("ping_interval"),
    RefreshInterval: key("fetch_interval"),
    ClusterServerPool: why('a [[clusters]] entry with cache_type = "redis_cluster" is it'),
    StandaloneServerPool: why('a [[clusters]] entry with cache_type = "redis" is it'),
    SentinelServerPool: SENTINEL,
    Sentinels: SENTINEL,
    RefreshMethod: why('"fixed" is cache_type = "redis"; Sentinel is not supported'),
    Group: why("each server of a pool is a line of servers; its replicas are not known"),
    MasterReadPriority: key("read_policy"),
    StaticSlaveReadPriority: key("read_policy"),
    DynamicSlaveReadPriority: key("read_policy"),
    KeepAlive: KEEPALIVE,
    Log: FILES,
    LogRotate: FILES,
    MaxMemory: why("each buffer has a limit of its own: docs/configuration.md lists them"),
    DataCenter: key("zone"),
    LatencyMonitor: why("/metrics has histograms: aster_total_timer, aster_remote_timer"),
  },
  corvus: {
    node: key("servers"),
    client_timeout: CLIENT_IDLE,
    server_timeout: key("read_timeout"),
    "read-strategy": key("read_policy"),
    metric_interval: why("metrics are asked for at /metrics"),
    statsd: why("metrics are asked for at /metrics"),
    syslog: FILES,
  },
  envoy: {
    listeners: why("listen_addr of a [[clusters]] entry says where it listens"),
    static_resources: why("each cluster is a [[clusters]] entry"),
    admin: why("metrics of [runtime] is the address of the admin server"),
    op_timeout: key("read_timeout"),
    connect_timeout: key("dial_timeout"),
    load_assignment: key("servers"),
    lb_policy: why("hash, distribution and hash_tag say where a key goes"),
    enable_hashtagging: key("hash_tag"),
    enable_redirection: why("redirections of a redis_cluster are always followed"),
    cluster_refresh_rate: key("fetch_interval"),
    downstream_auth_password: key("password"),
    downstream_auth_passwords: key("password"),
    downstream_auth_username: key("auth"),
    auth_password: key("backend_password"),
    auth_username: key("backend_auth"),
    outlier_detection: why("ping_fail_limit above 0 ejects servers that fail their pings"),
    health_checks: why("ping_fail_limit above 0 ejects servers that fail their pings"),
    max_buffer_size_before_flush: why("what a turn of the loop has gathered is written at its end"),
    buffer_flush_timeout: why("what a turn of the loop has gathered is written at its end"),
    prefix_routes: why("keys cannot be routed by prefix"),
    transport_socket: key("backend_tls"),
    tls_context: key("tls"),
    stat_prefix: key("name"),
  },
};

const byForm = new Map<string, string>();
for (const [origin, settings] of Object.entries(names)) {
  for (const [name, counterpart] of Object.entries(settings)) {
    const form = bareForm(name);
    const text = "key" in counterpart
      ? `${origin}'s name: here it is "${counterpart.key}"`
      : `${origin}'s name: ${counterpart.why}`;
    if (!byForm.has(form)) byForm.set(form, text);
  }
}

/** What to say to whoever writes another program's name, or null if no program known here has it. */
export function foreignName(written: string): string | null {
  return byForm.get(bareForm(written)) ?? null;
}

/** Every key that a message of {@link foreignName} tells to write. */
export function keysTold(): string[] {
  return Object.values(names).flatMap((settings) =>
    Object.values(settings).flatMap((counterpart) => "key" in counterpart ? [counterpart.key] : [])
  );
}

/** A name without case and without what its words are joined by: each program joins them differently. */
function bareForm(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, "");
}
