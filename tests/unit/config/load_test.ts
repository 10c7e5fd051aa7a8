/**
 * From TOML text to configuration: what is right, and what is refused before values are compared.
 *
 * @module
 */
import { loadConfig } from "../../../src/config/load.ts";
import { hostOf, portOf, tcpEndpoint } from "../../../src/endpoint.ts";
import { assertEquals } from "../../deps.ts";
import { serverAt } from "../../support/rigs/cluster_config.ts";
import { clusterOf, configOf, loadOptions, loadText } from "./load_text.ts";
import { problemsOf, redisText, slotsText, warningsOf } from "./load_text.ts";
import { userWith } from "../../support/rigs/user_config.ts";

Deno.test("loadConfig() fills in every default of a cluster", () => {
  assertEquals(configOf(redisText()), {
    file: "a.toml",
    runtime: {
      network: "config",
      zone: "",
      io: "deno",
      metrics: tcpEndpoint("127.0.0.1", 2110),
      adminTls: null,
      adminToken: null,
      stateFile: null,
      takeoverSocket: null,
      logLevel: "info",
      logFormat: "text",
      logOutput: "stderr",
      auditLog: null,
      drainDelayMs: 0,
      drainIdleMs: 1000,
      shutdownTimeoutMs: 10_000,
      drainTimeoutMs: 0,
      maxMemoryBytes: 0,
      reloadMaxMovedPercent: 100,
    },
    clusters: [{
      name: "one",
      type: "redis",
      listen: tcpEndpoint("127.0.0.1", 9001),
      servers: [serverAt(7011)],
      unixMode: 0o600,
      tls: null,
      certificates: null,
      backendTls: null,
      backendCertificates: null,
      hashTag: null,
      hash: "fnv1a_64",
      distribution: "ketama",
      placement: "twemproxy",
      thread: 1,
      readTimeoutMs: 1000,
      writeTimeoutMs: 1000,
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
      pingSuccIntervalMs: 1000,
      pingIntervalMs: 10_000,
      eject: "rehash",
      failoverWaitMs: 0,
      circuitTimeouts: 0,
      maxPipeline: 512,
      users: [],
      denyCommands: [],
      backendCredentials: null,
      customCommands: [],
      unknownCommands: "learn",
      atomicMultiKey: false,
      failureIsMiss: false,
      scriptCacheBytes: 8 * 1024 * 1024,
      adminCommands: "refuse",
      dedicatedConnections: 1024,
      clientOutputLimitBytes: 67_108_864,
      workerOutputLimitBytes: 268_435_456,
      maxBackendQueueBytes: 67_108_864,
      backendQueueSoftBytes: 4_194_304,
      clientReadAheadBytes: 65_536,
      maxRequestBytes: 1_073_741_824,
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
    }],
  });
});

Deno.test("loadConfig() takes every key of a ring from the file", () => {
  const text = redisText(`
    hash_tag = "{}"
    hash = "murmur"
    distribution = "modula"
    placement = "twemproxy"
    thread = 4
    read_timeout = 11
    write_timeout = 12
    dial_timeout = 13
    node_connections = 2
    ping_fail_limit = 3
    ping_succ_interval = 500
    ping_interval = 600
    eject = "fail"
    failover_wait = 8
    circuit_timeouts = 9
    max_pipeline = 100
    dedicated_connections = 7
    script_cache_bytes = 8_000
    admin_commands = "forward"
    password = "p"
    backend_password = "q"
    client_output_limit = 2048
    worker_output_limit = 2_097_152
    max_backend_queue_bytes = 4096
    backend_queue_soft_bytes = 4096
    client_read_ahead_bytes = 1024
    max_request_bytes = 4096
    max_clients = 7
    max_clients_per_address = 6
    rate_limit = { per_second = 8, burst = 9, per = "user" }
    client_idle_timeout = 5
    client_handoff = false
    handoff_address = "10.0.0.7:6380"
    slowlog_log_slower_than = -1
    slowlog_max_len = 9
    hotkeys = true
    hotkey_sample_every = 4
    hotkey_capacity = 16
    big_key_bytes = 70_000
  `);
  const { name: _, type: __, listen: ___, servers: ____, ...rest } = clusterOf(text);
  assertEquals(rest, {
    unixMode: 0o600,
    tls: null,
    certificates: null,
    backendTls: null,
    backendCertificates: null,
    hashTag: "{}",
    hash: "murmur",
    distribution: "modula",
    placement: "twemproxy",
    thread: 4,
    readTimeoutMs: 11,
    writeTimeoutMs: 12,
    dialTimeoutMs: 13,
    nodeConnections: 2,
    fetchIntervalMs: 600_000,
    fetchSinceLatestCmdMs: 0,
    readPolicy: "master",
    replicaMaxLagMs: 10_000,
    backupRequest: { isEnabled: false, triggerSlowMs: null, multiplier: 2, maxPercent: 5 },
    clusterView: [],
    hideBackends: false,
    pingFailLimit: 3,
    pingSuccIntervalMs: 500,
    pingIntervalMs: 600,
    eject: "fail",
    failoverWaitMs: 8,
    circuitTimeouts: 9,
    maxPipeline: 100,
    users: [userWith("default", "p")],
    denyCommands: [],
    backendCredentials: { username: null, password: "q" },
    customCommands: [],
    unknownCommands: "learn",
    atomicMultiKey: false,
    failureIsMiss: false,
    scriptCacheBytes: 8_000,
    adminCommands: "forward",
    dedicatedConnections: 7,
    clientOutputLimitBytes: 2048,
    workerOutputLimitBytes: 2_097_152,
    maxBackendQueueBytes: 4096,
    backendQueueSoftBytes: 4096,
    clientReadAheadBytes: 1024,
    maxRequestBytes: 4096,
    maxClients: 7,
    maxClientsPerAddress: 6,
    rateLimit: { perSecond: 8, burst: 9, per: "user" },
    clientIdleTimeoutMs: 5,
    clientHandoff: false,
    handoffAddress: "10.0.0.7:6380",
    slowlogSlowerThanUs: -1,
    slowlogLengthMax: 9,
    hotkeys: true,
    hotkeySampleEvery: 4,
    hotkeyCapacity: 16,
    bigKeyBytes: 70_000,
  });
});

Deno.test("loadConfig() reads the configuration of aster's published README", () => {
  const { config, problems, warnings } = loadText(`
    [[clusters]]
    name="test-redis-cluster"
    listen_addr="0.0.0.0:9001"
    cachetype="rediscluster"
    servers = ["127.0.0.1:7000", "127.0.0.1:7001"]
    thread = 1
    read_timeout = 2000
    write_timeout = 2000
    fetch = 600
    readfromslave = true
    pingfaillimit=3
    ping_interval=10000
  `);
  assertEquals(problems, []);
  const cluster = config!.clusters[0]!;
  assertEquals(cluster.type, "redis_cluster");
  assertEquals(cluster.fetchIntervalMs, 600_000);
  assertEquals(cluster.readPolicy, "prefer_replica");
  assertEquals(warnings.map(({ path }) => path), [
    "clusters[0].pingfaillimit",
    "clusters[0].ping_interval",
  ]);
});

Deno.test("loadConfig() matches every name regardless of case and underscores", () => {
  const config = configOf(`
    [RunTime]
    LOGLEVEL = "debug"
    [[Clusters]]
    NAME = "one"
    ListenAddr = "127.0.0.1:9001"
    cacheType = "redis"
    S_e_r_v_e_r_s = ["127.0.0.1:7011"]
    readtimeout = 7
    max_backendQueueBytes = 4096
  `);
  assertEquals(config.runtime.logLevel, "debug");
  assertEquals(config.clusters[0]!.readTimeoutMs, 7);
  assertEquals(config.clusters[0]!.maxBackendQueueBytes, 4096);
});

Deno.test("loadConfig() knows the other names of two types", () => {
  const types = ["memcache", "memcache_binary", "redis", "redis_cluster", "rediscluster"].map(
    (type) => clusterOf(redisText().replace('"redis"', `"${type}"`)).type,
  );
  assertEquals(types, ["memcache", "memcache", "redis", "redis_cluster", "redis_cluster"]);
});

Deno.test("loadConfig() reads fetch in seconds and fetch_interval in milliseconds", () => {
  assertEquals(clusterOf(slotsText("fetch = 90")).fetchIntervalMs, 90_000);
  assertEquals(clusterOf(slotsText("fetch_interval = 900")).fetchIntervalMs, 900);
});

Deno.test("loadConfig() lets ping_interval alone serve for both intervals", () => {
  const intervals = (lines: string) => {
    const { pingSuccIntervalMs, pingIntervalMs } = clusterOf(redisText(lines));
    return [pingSuccIntervalMs, pingIntervalMs];
  };
  assertEquals(intervals(""), [1000, 10_000]);
  assertEquals(intervals("ping_interval = 300"), [300, 300]);
  assertEquals(intervals("ping_succ_interval = 200"), [200, 10_000]);
  assertEquals(intervals("ping_succ_interval = 200\nping_interval = 300"), [200, 300]);
});

Deno.test("loadConfig() lowers the soft queue limit to a smaller hard one", () => {
  assertEquals(clusterOf(redisText("max_backend_queue_bytes = 2048")).backendQueueSoftBytes, 2048);
});

Deno.test("loadConfig() takes thread from the environment where the file leaves it open", () => {
  const environment = { ASTER_DEFAULT_THREAD: "3" };
  assertEquals(clusterOf(redisText(), { environment }).thread, 3);
  assertEquals(clusterOf(redisText("thread = 2"), { environment }).thread, 2);
});

Deno.test("loadConfig() refuses a bad ASTER_DEFAULT_THREAD only where it counts", () => {
  for (const text of ["0", "257", "four", "-1", "1.5"]) {
    const environment = { ASTER_DEFAULT_THREAD: text };
    assertEquals(problemsOf(redisText(), { environment }), [
      `environment: ASTER_DEFAULT_THREAD = "${text}": expected an integer from 1 to 256 (workers)`,
    ]);
    assertEquals(problemsOf(redisText("thread = 1"), { environment }), []);
  }
  const environment = { ASTER_DEFAULT_THREAD: "2" };
  assertEquals(problemsOf(redisText(), { environment, platform: "darwin" }), [
    'environment: ASTER_DEFAULT_THREAD = "2": expected 1: ' +
    "only Linux spreads connections over several workers on one port",
  ]);
});

Deno.test("loadConfig() tells which environment variables can decide something", () => {
  const names = (text: string, overrides = {}) => loadText(text, overrides).environmentNames;
  assertEquals(names(redisText()), ["ASTER_DEFAULT_THREAD", "ASTER_LOG", "RUST_LOG"]);
  assertEquals(names(redisText("thread = 1")), ["ASTER_LOG", "RUST_LOG"]);
  const level = '[runtime]\nlog_level = "info"\n';
  assertEquals(names(level + redisText()), ["ASTER_DEFAULT_THREAD"]);
  const flags = { metrics: null, logLevel: "info", logFormat: null };
  assertEquals(names(redisText("thread = 1"), { flags }), []);
});

Deno.test("loadConfig() accepts a byte order mark and Windows line ends", () => {
  assertEquals(clusterOf("\ufeff" + redisText().replaceAll("\n", "\r\n")).name, "one");
});

const syntaxCases: [title: string, text: string, problem: string][] = [
  [
    "a bare word for a value",
    "[[clusters]]\nname = x\n",
    "line 2, column 8: not valid TOML: invalid value",
  ],
  [
    "an open string",
    '[[clusters]]\nname = "a\nthread = 1\n',
    "line 2, column 10: not valid TOML: control characters are not allowed in strings",
  ],
  [
    "an open array",
    'x = [1, "a"\n',
    "line 2, column 1: not valid TOML: expected comma or end of structure",
  ],
  ["an open header", "[a\n", "line 1, column 3: not valid TOML: illegal character in key"],
  [
    "no TOML at all",
    "hello\n",
    "line 1, column 6: not valid TOML: illegal character in key",
  ],
  [
    "a table and an array of tables of one name",
    "[[clusters]]\nthread = 1\n[clusters]\n",
    "line 3, column 2: not valid TOML: one name is used for a value and a table, or for [table] and [[table]]",
  ],
];
for (const [title, text, problem] of syntaxCases) {
  Deno.test(`loadConfig() reports ${title} as one problem`, () => {
    assertEquals(problemsOf(text), [`a.toml: ${problem}`]);
    assertEquals(loadText(text).config, null);
  });
}

Deno.test("loadConfig() never quotes the text around a syntax error, which may be a secret", () => {
  const texts = [
    "password = hunter2\n",
    'password = "hunter2',
    'password = """hunter2',
    "password = 'hunter2",
    'password = "hunter2\n"',
    'password = "\\hunter2"',
    "password = 2026-13-99hunter2",
    "password hunter2",
    "password = [hunter2",
  ];
  for (const text of texts) {
    const problems = problemsOf(`[[clusters]]\n${text}\n`);
    assertEquals(problems.length, 1, text);
    assertEquals(/hunter/i.test(problems[0]!), false, problems[0]);
  }
});

Deno.test("loadConfig() refuses a file that is far too large", () => {
  const text = "#".repeat(1_048_577);
  assertEquals(problemsOf(text), ["a.toml: expected at most 1048576 characters, not 1048577"]);
});

const NAME_EXPECTED = 'expected a name of 1 to 64 letters, digits, "_", "-" and ".", ' +
  "a letter or digit first";

const shapeCases: [text: string, problems: string[]][] = [
  ["", ["clusters: expected 1 to 256 [[clusters]] entries, not 0"]],
  ["clusters = []", ["clusters: expected 1 to 256 [[clusters]] entries, not 0"]],
  ["[[clusters]]\n".repeat(257), [
    "clusters: expected 1 to 256 [[clusters]] entries, not 257",
  ]],
  ["[clusters]", ["clusters = a table: expected an array of tables: [[clusters]]"]],
  ['clusters = "x"', ['clusters = "x": expected an array of tables: [[clusters]]']],
  ["clusters = [1]", ["clusters[0] = 1: expected a table"]],
  [redisText().replace("[[clusters]]", "runtime = 1\n[[clusters]]"), [
    "runtime = 1: expected a table: [runtime]",
  ]],
  ["[[clusters]]", [
    `clusters[0].name: missing: ${NAME_EXPECTED}`,
    'clusters[0].listen_addr: missing: expected an address "host:port", "[IPv6]:port" or "unix:/path"',
    'clusters[0].cache_type: missing: expected "memcache", "memcache_binary", "redis", ' +
    '"redis_cluster" or "rediscluster"',
    "clusters[0].servers: missing: expected an array of 1 to 1024 strings " +
    '"host:port[:weight] [alias]"',
  ]],
];
for (const [text, problems] of shapeCases) {
  Deno.test(`loadConfig() refuses ${JSON.stringify(text.slice(0, 40))} by its shape`, () => {
    assertEquals(problemsOf(text), problems.map((problem) => `a.toml: ${problem}`));
  });
}

Deno.test("loadConfig() reports everything at once, with the keys as they are written", () => {
  const text = `
    [runtime]
    metrics = 0
    [[clusters]]
    Name = "has space"
    listenaddr = "nowhere"
    cache_type = "redis"
    servers = ["127.0.0.1", 7, "127.0.0.1:7011"]
    Thread = "2"
    [[clusters]]
    name = "two"
    listen_addr = "127.0.0.1:9002"
    cache_type = "mysql"
    servers = []
    passWord = [4711]
  `;
  assertEquals(problemsOf(text), [
    `a.toml: clusters[0].Name = "has space": ${NAME_EXPECTED}`,
    'a.toml: clusters[0].Thread = "2": expected an integer from 1 to 256 (workers)',
    'a.toml: clusters[0].listenaddr = "nowhere": expected an address "host:port", "[IPv6]:port" or "unix:/path": ' +
    "the port is missing",
    'a.toml: clusters[0].servers[0] = "127.0.0.1": expected "host:port[:weight] [alias]": ' +
    "the port is missing",
    'a.toml: clusters[0].servers[1] = 7: expected "host:port[:weight] [alias]": it is not a string',
    'a.toml: clusters[1].cache_type = "mysql": expected "memcache", "memcache_binary", "redis", ' +
    '"redis_cluster" or "rediscluster"',
    "a.toml: clusters[1].servers = an array of 0 values: expected an array of 1 to 1024 strings " +
    '"host:port[:weight] [alias]"',
    "a.toml: clusters[1].passWord: expected a string of 1 to 512 characters, or a list of these",
    'a.toml: runtime.metrics = 0: expected "host:port", a port, or "off"',
  ]);
  assertEquals(loadText(text).config, null);
});

Deno.test("loadConfig() refuses a key that is written twice, and says where", () => {
  assertEquals(problemsOf(redisText("thread = 1\nthread = 2")), [
    "a.toml: clusters[0].thread: defined twice: in line 6 and in line 7",
  ]);
  assertEquals(problemsOf(redisText("thread = 1\nTh_read = 1")), [
    "a.toml: clusters[0].Th_read: the same key as thread in another spelling: keep one",
  ]);
  assertEquals(problemsOf(`[runtime]\n[runtime]\n${redisText()}`), [
    "a.toml: runtime: defined twice: in line 1 and in line 2",
  ]);
  assertEquals(problemsOf(`[runtime]\n[Runtime]\n${redisText()}`), [
    "a.toml: Runtime: the same key as runtime in another spelling: keep one",
  ]);
});

Deno.test("loadConfig() explains what is wrong with a seed", () => {
  assertEquals(problemsOf(slotsText("", '["a:1:2", "a:1 b", "a"]')), [
    'a.toml: clusters[0].servers[0] = "a:1:2": expected a seed "host:port": a seed has no weight: ' +
    "Redis Cluster itself says which node serves a key",
    'a.toml: clusters[0].servers[1] = "a:1 b": expected a seed "host:port": a seed has no alias: ' +
    "Redis Cluster itself says which node serves a key",
    'a.toml: clusters[0].servers[2] = "a": expected a seed "host:port": the port is missing',
  ]);
});

Deno.test("loadConfig() accepts what default.toml says, without a warning", async () => {
  const url = new URL("../../../default.toml", import.meta.url);
  const result = loadConfig(
    await Deno.readTextFile(url),
    "default.toml",
    loadOptions({ isStrict: true }),
  );
  assertEquals([result.problems, result.warnings], [[], []]);
  assertEquals(
    result.config!.clusters.map(({ type, listen, servers }) => [
      type,
      hostOf(listen),
      portOf(listen),
      servers.map(({ address }) => address).join(" "),
    ]),
    [
      ["redis_cluster", "0.0.0.0", 9001, "127.0.0.1:7000 127.0.0.1:7001"],
      ["redis", "127.0.0.1", 9002, "127.0.0.1:7011 127.0.0.1:7012 127.0.0.1:7013"],
      ["memcache", "127.0.0.1", 9003, "127.0.0.1:11212 127.0.0.1:11213 127.0.0.1:11214"],
    ],
  );
});

Deno.test("loadConfig() does not warn about plain clusters", () =>
  assertEquals([...warningsOf(redisText()), ...warningsOf(slotsText())], []));
