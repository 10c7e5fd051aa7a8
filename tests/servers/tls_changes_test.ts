/**
 * Certificates that change, that do not fit, and that name users, with real servers.
 *
 * @module
 */
import { connect as connectTls } from "node:tls";
import { assert, assertEquals, assertMatch } from "../deps.ts";
import { startAster } from "../support/servers/aster.ts";
import type { Certificate, TestCa } from "../support/servers/certificates.ts";
import { TestCa as Ca } from "../support/servers/certificates.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { RespClient, RespError } from "../support/clients/resp_client.ts";
import { makeServerDirectory, ServerProcess } from "../support/servers/server_process.ts";
import { startTlsPool, startTlsRedisServer, type TlsPool } from "./tls_servers.ts";

/** Puts another pair into the files of the first, each by renaming. */
function replacePair(shown: Certificate, { cert, key }: { cert: string; key: string }): void {
  for (const [path, text] of [[shown.certPath, cert], [shown.keyPath, key]] as const) {
    Deno.writeTextFileSync(`${path}.new`, text);
    Deno.renameSync(`${path}.new`, path);
  }
}

/** Serial number of the certificate that the proxy shows. */
async function shownSerial({ ca, tlsPort }: TlsPool): Promise<string> {
  const socket = connectTls({ host: "127.0.0.1", port: tlsPort, ca: [ca.cert] });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  socket.on("secureConnect", () => resolve(socket.getPeerCertificate().serialNumber));
  socket.on("error", reject);
  try {
    return await withDeadline(promise, "a certificate");
  } finally {
    socket.destroy();
  }
}

Deno.test("certificates are swapped under load without an error, and the old connections go on", async () => {
  await using pool = await startTlsPool({ keys: "thread = 2" });
  using before = await pool.connect();
  assertEquals(await before.call("SET", "key", 1), "OK");
  const first = await shownSerial(pool);
  let isOver = false;
  let [requests, connections] = [0, 0];
  const errors: unknown[] = [];
  const crowd = Array.from({ length: 4 }, async (_, index) => {
    while (!isOver) {
      try {
        using client = await pool.connect();
        connections += 1;
        for (let count = 0; count < 5; count++, requests++) {
          await client.call("INCR", `counter:${index}`);
        }
      } catch (error) {
        errors.push(error);
      }
    }
  });
  const serials = new Set([first]);
  for (let round = 1; round <= 3; round++) {
    replacePair(pool.shown, pool.ca.issue());
    await until(async () => {
      serials.add(await shownSerial(pool));
      return serials.size === round + 1;
    }, { what: "the new certificate" });
    assertEquals(await before.call("GET", "key"), "1");
  }
  await until(() => errors.length > 0 || (requests > 100 && connections > 20), {
    what: "enough requests and connections",
  });
  isOver = true;
  await Promise.all(crowd);
  assertEquals(errors, []);
});

Deno.test("a certificate and a key that do not fit leave the former, and say so; a reload refuses them", async () => {
  await using pool = await startTlsPool();
  const first = await shownSerial(pool);
  const next = pool.ca.issue();
  Deno.writeTextFileSync(pool.shown.keyPath, next.key);
  await pool.aster.logged(/TLS certificates not replaced.*does not fit the certificate/);
  const scrape = () =>
    fetch(`http://127.0.0.1:${pool.aster.metricsPort}/metrics`).then((reply) => reply.text());
  assertMatch(await scrape(), /aster_tls_certificates_success 0/);
  assertEquals(await shownSerial(pool), first);
  Deno.kill(pool.aster.pid, "SIGHUP");
  await pool.aster.logged(/Configuration not reloaded.*does not fit the certificate/);
  assertEquals(await shownSerial(pool), first);
  Deno.writeTextFileSync(pool.shown.certPath, next.cert);
  await pool.aster.logged(/TLS certificates read again/);
  assert(await shownSerial(pool) !== first, "the next certificate");
  assertMatch(await scrape(), /aster_tls_certificates_success 1/);
});

Deno.test("a reload turns TLS on and off, and those who are connected stay", async () => {
  await using pool = await startTlsPool();
  using plain = await RespClient.connect({ port: pool.plainPort });
  using secured = await pool.connect();
  const text = await Deno.readTextFile(pool.aster.configFile);
  await Deno.writeTextFile(pool.aster.configFile, text.replace(/^tls = .*\n/m, ""));
  Deno.kill(pool.aster.pid, "SIGHUP");
  await pool.aster.logged(/Configuration reloaded/);
  assertEquals([await plain.call("PING"), await secured.call("PING")], ["PONG", "PONG"]);
  await until(() => pool.connect().then((client) => client.close(), () => true).then(Boolean), {
    what: "the end of the port",
  });
  await Deno.writeTextFile(pool.aster.configFile, text);
  Deno.kill(pool.aster.pid, "SIGHUP");
  await until(() => pool.connect().then((client) => (client.close(), true), () => false), {
    what: "the port again",
  });
});

for (
  const [title, certificate, text] of [
    ["expired", (ca) => ca.issue({ isExpired: true }), "has expired or is not valid yet"],
    ["for another name", (ca) => ca.issue({ for: "DNS:elsewhere.example" }), "is for another name"],
    ["self-signed", (ca) => ca.issue({ isSelfSigned: true }), "is self-signed"],
  ] as [string, (ca: TestCa) => Certificate, string][]
) {
  Deno.test(`a server whose certificate is ${title} gets nothing, and clients read why`, async () => {
    await using pool = await startTlsPool({ serverCertificate: certificate });
    using client = await pool.connect();
    const error = await client.call("GET", "key").then(() => null, (error) => error);
    assert(error instanceof RespError, "an error reply");
    assert(error.message.includes(text), error.message);
    assertEquals(await pool.servers[0]!.server.call("DBSIZE"), 0);
  });
}

Deno.test("a server that wants a certificate and gets none says so", async () => {
  await using pool = await startTlsPool({ serverArguments: ["--tls-auth-clients", "yes"] });
  using client = await pool.connect();
  const error = await client.call("GET", "key").then(() => null, (error) => error);
  assertMatch(String(error), /it refuses the proxy's TLS certificate, or wants one/);
});

Deno.test("clients are users by their certificates, and none gets in without one", async () => {
  await using pool = await startTlsPool({
    tls: (ca) => `, client_ca = "${ca.certPath}", user_from = "CN"`,
    keys: `auth = { password = "front", users = [
  { username = "alice", password = "never-used", key_patterns = ["alice:*"] },
] }`,
  });
  const { ca } = pool;
  using alice = await pool.connect(ca.issue({ name: "alice" }));
  assertEquals(await alice.call("ACL", "WHOAMI"), "alice");
  assertEquals(await alice.call("SET", "alice:1", "x"), "OK");
  assertMatch(
    String(await alice.call("SET", "bob:1", "x").catch((error) => error)),
    /NOPERM/,
  );
  assertEquals(await alice.call("RESET"), "RESET");
  assertEquals(await alice.call("ACL", "WHOAMI"), "alice");
  using stranger = await pool.connect(ca.issue({ name: "mallory" }));
  assertMatch(String(await stranger.call("GET", "a").catch((error) => error)), /NOAUTH/);
  assertEquals(await stranger.call("AUTH", "front"), "OK");
  using other = new Ca("Another CA");
  for (const pair of [undefined, other.issue({ name: "alice" })]) {
    const answer = await pool.connect(pair)
      .then(async (client) => {
        using connection = client;
        return await connection.call("PING");
      })
      .catch((error) => error);
    assert(answer instanceof Error, `${answer}`);
  }
  await pool.aster.logged(/TLS handshake failed.*tls_client_(no_)?certificate/);
  using plain = await RespClient.connect({ port: pool.plainPort });
  assertMatch(String(await plain.call("GET", "a").catch((error) => error)), /NOAUTH/);
});

Deno.test("memcached speaks TLS behind the proxy, and so do its clients in front", async () => {
  using ca = new Ca();
  const { certPath, keyPath } = ca.issue();
  const port = findFreePort();
  await using _server = await ServerProcess.start({
    name: "memcached over TLS",
    command: "memcached",
    arguments: [
      ...["-u", "nobody", "-l", "127.0.0.1", "-p", `${port}`, "-U", "0", "-Z"],
      ...["-o", `ssl_chain_cert=${certPath},ssl_key=${keyPath}`],
    ],
    isServing: async () => {
      using connection = await Deno.connectTls({
        hostname: "127.0.0.1",
        port,
        caCerts: [ca.cert],
      });
      await connection.handshake();
      return true;
    },
  }, await makeServerDirectory());
  await using aster = await startAster((own) =>
    `[[clusters]]
name = "mc"
listen_addr = "127.0.0.1:${own}"
cache_type = "memcache"
servers = ["127.0.0.1:${port}:1"]
tls = { cert = "${certPath}", key = "${keyPath}" }
backend_tls = { ca = "${ca.certPath}" }
`
  );
  using client = await Deno.connectTls({
    hostname: "127.0.0.1",
    port: aster.port,
    caCerts: [ca.cert],
  });
  const text = "set a 0 0 3\r\nabc\r\nget a\r\nmg a v\r\n";
  await client.write(new TextEncoder().encode(text));
  const wanted = "STORED\r\nVALUE a 0 3\r\nabc\r\nEND\r\nVA 3\r\nabc\r\n";
  let answer = "";
  const bytes = new Uint8Array(1024);
  while (answer.length < wanted.length) {
    const count = await withDeadline(client.read(bytes), "a reply");
    if (count === null) break;
    answer += new TextDecoder().decode(bytes.subarray(0, count));
  }
  assertEquals(answer, wanted);
});

Deno.test("nodes of a Redis Cluster are reached over TLS as they announce themselves", async () => {
  using ca = new Ca();
  const certificate = ca.issue({ for: "DNS:localhost,IP:127.0.0.1" });
  const { server, tlsPort } = await startTlsRedisServer(ca, certificate, [
    ...["--cluster-enabled", "yes", "--tls-cluster", "yes"],
    ...["--cluster-announce-hostname", "localhost"],
    ...["--cluster-preferred-endpoint-type", "hostname"],
  ]);
  await using _server = server;
  await server.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383);
  await until(async () => /cluster_state:ok/.test(await server.call("CLUSTER", "INFO") as string), {
    what: "the cluster",
  });
  let secured = 0;
  await using aster = await startAster(
    (own, tlsOwn) => {
      secured = tlsOwn!;
      return `[[clusters]]
name = "slots"
listen_addr = "127.0.0.1:${own}"
tls = { cert = "${certificate.certPath}", key = "${certificate.keyPath}", listen_addr = "127.0.0.1:${tlsOwn}" }
cache_type = "redis_cluster"
servers = ["127.0.0.1:${tlsPort}"]
backend_tls = { ca = "${ca.certPath}" }
`;
    },
    { portCount: 2 },
  );
  using client = await RespClient.connect({ port: aster.port });
  assertEquals(await client.call("SET", "key", "value"), "OK");
  assertEquals(await client.call("MGET", "key", "other"), ["value", null]);
  assertEquals(await client.call("CLUSTER", "KEYSLOT", "key"), 12539);
  using overTls = await RespClient.connect({ port: secured, tls: { ca: ca.cert } });
  // Each is sent where it can speak as it does.
  const ways = [[client, aster.port, "port"], [overTls, secured, "tls-port"]] as const;
  for (const [asking, port, name] of ways) {
    const [[, , [, shown]]] = await asking.call("CLUSTER", "SLOTS") as [
      [0, 16383, [string, number]],
    ];
    assertEquals(shown, port);
    const [[, , , [node]]] = await asking.call("CLUSTER", "SHARDS") as [
      [string, unknown, string, [(string | number)[]]],
    ];
    assertEquals(node.slice(2, 4), [name, port]);
    const line = await asking.call("CLIENT", "INFO") as string;
    assertEquals(/ laddr=(\S+)/.exec(line)![1], `127.0.0.1:${port}`);
  }
});
