/**
 * The checks that compare values: with each other, between clusters, and with the platform.
 *
 * @module
 */
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { DISTRIBUTION_NAMES } from "../../../src/router/ring.ts";
import { clusterKeys } from "../../../src/config/schema.ts";
import { assertEquals } from "../../deps.ts";
import { problemsOf, redisText, slotsText, warningsOf } from "./load_text.ts";

/** Two clusters on given addresses. */
function pair(first: string, second: string, runtime = ""): string {
  return `[runtime]\n${runtime}\n` + redisText().replace("127.0.0.1:9001", first) +
    redisText().replace("127.0.0.1:9001", second).replace('"one"', '"two"');
}

/** Clusters on ports 9001 and 9002 with one server each. */
function pairTo(first: string, second: string): string {
  return redisText("", `["${first}"]`) +
    redisText("", `["${second}"]`).replace('"127.0.0.1:9001"\n', '"127.0.0.1:9002"\n').replace(
      '"one"',
      '"two"',
    );
}

const problemCases: [title: string, text: string, problems: string[]][] = [
  ["fetch and fetch_interval that disagree", slotsText("fetch = 60\nfetchInterval = 70000"), [
    "clusters[0].fetch = 60: expected the same time as clusters[0].fetchInterval (70000 ms), or only " +
    "one of the two",
  ]],
  ["a path that is not absolute", `[runtime]\ntakeover_socket = "run/x"\n${redisText()}`, [
    'runtime.takeover_socket = "run/x": expected an absolute path of at most 107 ASCII characters, ' +
    "none of them a comma",
  ]],
  ["a wildcard as the address to go on", redisText('handoff_address = "0.0.0.0:1"'), [
    'clusters[0].handoff_address = "0.0.0.0:1": expected an address "host:port" or "[IPv6]:port": ' +
    "clients cannot connect to a wildcard address",
  ]],
  ["no address to go on", redisText('handoff_address = "here"'), [
    'clusters[0].handoff_address = "here": expected an address "host:port" or "[IPv6]:port": ' +
    "the port is missing",
  ]],
  [
    "read_policy and read_from_slave that disagree",
    slotsText('read_policy = "master"\nread_from_slave = true'),
    [
      'clusters[0].read_from_slave = true: expected what clusters[0].read_policy ("master") says, ' +
      "or only one of the two",
    ],
  ],
  ["those that agree", slotsText('read_policy = "replica"\nread_from_slave = true'), []],
  ["fetch and fetch_interval that agree", slotsText("fetch = 60\nfetch_interval = 60000"), []],
  [
    "a soft limit above the hard one",
    redisText("backend_queue_soft_bytes = 5000\nmax_backend_queue_bytes = 4096"),
    [
      "clusters[0].backend_queue_soft_bytes = 5000: expected at most max_backend_queue_bytes " +
      "(4096 bytes)",
    ],
  ],
  [
    "a soft limit above the default of the hard one",
    redisText("backend_queue_soft_bytes = 67108865"),
    [
      "clusters[0].backend_queue_soft_bytes = 67108865: expected at most max_backend_queue_bytes " +
      "(67108864 bytes)",
    ],
  ],
  ["equal limits", redisText("backend_queue_soft_bytes = 67108864"), []],
  ["aliases on some servers only", redisText("", '["a:1 x", "b:1", "c:1 z"]'), [
    'clusters[0].servers[1] = "b:1": expected an alias on every server of the cluster or on none: ' +
    "clusters[0].servers[0] has one",
  ]],
  ["an alias after servers without", redisText("", '["a:1", "b:1 y"]'), [
    'clusters[0].servers[1] = "b:1 y": expected an alias on every server of the cluster or on none: ' +
    "clusters[0].servers[0] has none",
  ]],
  ["one alias twice", redisText("", '["a:1 x", "b:1 y", "c:1 x"]'), [
    'clusters[0].servers[2] = "c:1 x": expected a place in the ring of its own: ' +
    'clusters[0].servers[0] is "x" as well',
  ]],
  ["one address twice without alias", redisText("", '["a:1", "a:1:5"]'), [
    'clusters[0].servers[1] = "a:1:5": expected a place in the ring of its own: ' +
    'clusters[0].servers[0] is "a:1" as well',
  ]],
  ["one address under two aliases", redisText("", '["a:1 x", "a:1 y"]'), []],
  [
    "too much weight in all",
    redisText("", JSON.stringify(Array.from({ length: 16 }, (_, index) => `h${index}:1:65535`))),
    ["clusters[0].servers: expected weights of together at most 1000000, not 1048560"],
  ],
  ["a cluster that is its own backend", redisText("", '["127.0.0.1:9001"]'), [
    'clusters[0].servers[0] = "127.0.0.1:9001": expected another address than the cluster\'s own: ' +
    "clusters[0].listen_addr is 127.0.0.1:9001; give the cluster another listen_addr, or name the " +
    "server's own port here",
  ]],
  ["clusters that lead to each other", pairTo("127.0.0.1:9002", "[::ffff:127.0.0.1]:9001"), [
    'clusters[1].servers[0] = "[::ffff:127.0.0.1]:9001": expected a server, and no way back to this ' +
    "cluster: clusters[0].listen_addr is 127.0.0.1:9001, and leads to clusters[1].listen_addr again; " +
    "name the servers' own addresses",
  ]],
  ["a cluster in front of another", pairTo("127.0.0.1:9002", "127.0.0.1:7000"), []],
  [
    "a cluster that reaches itself through the wildcard",
    slotsText("", '["localhost:9001"]').replace("127.0.0.1:9001", "0.0.0.0:9001"),
    [
      'clusters[0].servers[0] = "localhost:9001": expected another address than the cluster\'s own: ' +
      "clusters[0].listen_addr is 0.0.0.0:9001; give the cluster another listen_addr, or name the " +
      "server's own port here",
    ],
  ],
  [
    "one name twice, in another case",
    pair("127.0.0.1:9001", "127.0.0.1:9002").replace('"two"', '"ONE"'),
    [
      'clusters[1].name = "ONE": expected a name of its own: clusters[0].name is the same (upper and ' +
      "lower case count as one)",
    ],
  ],
  ["one address twice", pair("127.0.0.1:9001", "127.0.0.1:9001"), [
    'clusters[1].listen_addr = "127.0.0.1:9001": expected an address of its own: ' +
    "clusters[0].listen_addr is 127.0.0.1:9001",
  ]],
  ["a wildcard over another address", pair("0.0.0.0:9001", "10.0.0.1:9001"), [
    'clusters[1].listen_addr = "10.0.0.1:9001": expected an address of its own: ' +
    "clusters[0].listen_addr is 0.0.0.0:9001",
  ]],
  ["one port on two addresses", pair("127.0.0.1:9001", "127.0.0.2:9001"), []],
  [
    "an admin server on a cluster's address",
    pair("0.0.0.0:9001", "127.0.0.1:9002", "metrics = 9001"),
    [
      'runtime.metrics = "127.0.0.1:9001": expected an address that no cluster listens on: clusters[0] ' +
      "has 0.0.0.0:9001",
    ],
  ],
  ["a cluster on the admin server's default", redisText().replace("9001", "2110"), [
    'runtime.metrics = "127.0.0.1:2110": expected an address that no cluster listens on: clusters[0] ' +
    "has 127.0.0.1:2110",
  ]],
  [
    "that default while the admin server is off",
    pair("127.0.0.1:2110", "127.0.0.1:1", 'metrics="OFF"'),
    [],
  ],
];
for (const [title, text, problems] of problemCases) {
  Deno.test(`loadConfig() ${problems.length ? "refuses" : "accepts"} ${title}`, () => {
    assertEquals(problemsOf(text), problems.map((problem) => `a.toml: ${problem}`));
  });
}

Deno.test("loadConfig() blames the flag for an admin address that a cluster has", () => {
  const flags = {
    io: null,
    metrics: tcpEndpoint("::", 9001),
    logLevel: null,
    logFormat: null,
  };
  assertEquals(problemsOf(redisText(), { flags }), [
    'command line: --metrics = "[::]:9001": expected an address that no cluster listens on: ' +
    "clusters[0] has 127.0.0.1:9001",
  ]);
});

Deno.test("loadConfig() allows several workers on Linux only", () => {
  const text = redisText("thread = 2");
  assertEquals(problemsOf(text, { platform: "linux" }), []);
  for (const platform of ["darwin", "windows", "freebsd"]) {
    assertEquals(problemsOf(text, { platform }), [
      "a.toml: clusters[0].thread = 2: expected 1: only Linux spreads connections over several workers " +
      "on one port",
    ]);
    assertEquals(problemsOf(redisText("thread = 1"), { platform }), []);
  }
});

const PAIR = '["10.0.0.1:1:1", "10.0.0.2:1:1"]';
const CRC32_WARNING =
  'clusters[0].hash = "crc32": nearly all keys get the same server: of "crc32" twemproxy takes 15 bits, ' +
  'and "ketama" places keys by 32; "crc32a" spreads them, "modula" does by either, and both move keys';

const warningCases: [title: string, text: string, warnings: string[]][] = [
  ["keys of a ring on a redis_cluster", slotsText('hash = "md5"\nping_fail_limit = 3'), [
    'clusters[0].hash = "md5": has no effect on a redis_cluster: it is for memcache and redis',
    "clusters[0].ping_fail_limit = 3: has no effect on a redis_cluster: it is for memcache and redis",
  ]],
  ["keys of a redis_cluster on a ring", redisText("fetch = 600\nread_from_slave = true"), [
    "clusters[0].fetch = 600: has no effect on a redis: it is for redis_cluster",
    "clusters[0].read_from_slave = true: has no effect on a redis: it is for redis_cluster",
  ]],
  ["another hash tag than Redis Cluster's", slotsText('hash_tag = "()"'), [
    'clusters[0].hash_tag = "()": has no effect on a redis_cluster: it is for memcache and redis',
  ]],
  ["the hash tag that Redis Cluster has anyway", slotsText('hash_tag = "{}"'), []],
  ["one seed twice", slotsText("", '["localhost:1", "LOCALHOST:1"]'), [
    'clusters[0].servers[1] = "LOCALHOST:1": the same address as clusters[0].servers[0]',
  ]],
  ["a placement that nobody has", redisText('placement = "aster"\nhash = "md5"'), [
    'clusters[0].hash = "md5": aster 1.x had "fnv1a_64" only, so this places keys as no other proxy does',
  ]],
  ["crc32, of which ketama makes one server's", redisText('hash = "crc32"', PAIR), [CRC32_WARNING]],
  [
    "crc32 with ketama said as well",
    redisText('hash = "crc32"\ndistribution = "ketama"', PAIR),
    [CRC32_WARNING],
  ],
  ["crc32 with modula", redisText('hash = "crc32"\ndistribution = "modula"', PAIR), []],
  ["crc32a", redisText('hash = "crc32a"', PAIR), []],
  ["crc32 with one server", redisText('hash = "crc32"'), []],
  ["aster's placement", redisText('placement = "aster"\ndistribution = "ketama"'), []],
];
for (const [title, text, warnings] of warningCases) {
  Deno.test(`loadConfig() ${warnings.length ? "warns of" : "says nothing about"} ${title}`, () => {
    assertEquals(warningsOf(text), warnings.map((warning) => `a.toml: ${warning}`));
    assertEquals(problemsOf(text), []);
  });
}

Deno.test("the configuration knows the distributions that the ring has", () => {
  assertEquals(
    clusterKeys.distribution.expected,
    DISTRIBUTION_NAMES.map((name) => `"${name}"`).join(", ").replace(/, (?=[^,]*$)/, " or "),
  );
});
