import { formatProblem } from "../../../src/config/load.ts";
import {
  caFault,
  certificateEnds,
  pairFault,
  speaksTls,
  tlsFiles,
  validUntilMs,
} from "../../../src/config/tls.ts";
import { TestCa } from "../../support/servers/certificates.ts";
import { configOf, loadText, redisText } from "./load_text.ts";
import { assert, assertEquals, assertMatch } from "../../deps.ts";

const ca = new TestCa();
globalThis.addEventListener("unload", () => ca[Symbol.dispose]());
const own = ca.issue();
const other = ca.issue({ for: "DNS:other.example" });
const PAIR = `cert = "${own.certPath}", key = "${own.keyPath}"`;

/** What is said of a file with these lines in its cluster, without the file's name. */
function said(lines: string): string[] {
  const { problems, warnings } = loadText(redisText(lines));
  return [...problems, ...warnings].map((one) => formatProblem(one).replace(/^a\.toml: /, ""));
}

Deno.test("tls has its files read, and everything else has a default", () => {
  const [cluster] = configOf(redisText(`tls = { ${PAIR} }`)).clusters;
  assertEquals(cluster!.tls, { listen: null, userFrom: null });
  assertEquals(cluster!.certificates, {
    pair: {
      cert: { path: own.certPath, pem: own.cert },
      key: { path: own.keyPath, pem: own.key },
    },
    named: [],
    clientCa: null,
    minVersion: "1.2",
  });
  assertEquals([cluster!.backendTls, cluster!.backendCertificates], [null, null]);
});

Deno.test("every key of tls and backend_tls is taken", () => {
  const config = configOf(redisText(
    `tls = { ${PAIR}, listen_addr = "[::1]:7443", client_ca = "${ca.certPath}", user_from = "CN", ` +
      `min_version = "1.3", sni = [{ name = "*.Other.example", cert = "${other.certPath}", ` +
      `key = "${other.keyPath}" }] }\n` +
      `backend_tls = { ca = "${ca.certPath}", server_name = "cache.example", ${PAIR} }`,
  ));
  const [cluster] = config.clusters;
  assertEquals(cluster!.tls, {
    listen: { kind: "tcp", hostname: "::1", port: 7443 },
    userFrom: "CN",
  });
  const { certificates, backendCertificates } = cluster!;
  assertEquals(certificates!.minVersion, "1.3");
  assertEquals(certificates!.named.map(({ name }) => name), ["*.other.example"]);
  assertEquals(cluster!.backendTls, { serverName: "cache.example", isInsecure: false });
  assertEquals(tlsFiles(certificates, backendCertificates).map(({ path }) => path), [
    ...[own.certPath, own.keyPath, other.certPath, other.keyPath, own.certPath, own.keyPath],
    ...[ca.certPath, ca.certPath],
  ]);
  assert(speaksTls(config));
  assertEquals(certificateEnds(config).map(({ file }) => file), [own.certPath, other.certPath]);
});

Deno.test("the admin server has a certificate of its own", () => {
  const { runtime } = configOf(`[runtime]\nadmin_tls = { ${PAIR} }\n${redisText()}`);
  assertEquals([runtime.adminTls!.cert.path, runtime.adminTls!.key.pem], [own.certPath, own.key]);
  const { problems } = loadText(`[runtime]\nadmin_tls = { client_ca = "x" }\n${redisText()}`);
  assertEquals(problems.map(({ path }) => path), [
    "runtime.admin_tls.client_ca",
    "runtime.admin_tls.cert",
    "runtime.admin_tls.key",
  ]);
});

Deno.test("tls = false asks for nothing", () => {
  const config = configOf(redisText("tls = false\nbackend_tls = false"));
  assertEquals([speaksTls(config), said("tls = false")], [false, []]);
});

Deno.test("everything that is wrong is said at once, with its path", () => {
  assertEquals(
    said(
      'tls = { key = "", listen_addr = "x", min_version = "1.1", sni = [{ name = "a b" }], user_from = "DN", crl = 1 }',
    ).map((line) => line.replace(/ = .*?: /, ": ")),
    [
      "clusters[0].tls.crl: unknown key: expected cert, key, listen_addr, client_ca, min_version, sni, user_from",
      'clusters[0].tls.listen_addr: expected an address "host:port" or "[IPv6]:port": the port is missing',
      "clusters[0].tls.cert: missing: expected the path of a PEM file",
      "clusters[0].tls.key: expected the path of a PEM file",
      'clusters[0].tls.min_version: expected "1.2" or "1.3"',
      'clusters[0].tls.user_from: expected "CN"',
      'clusters[0].tls.sni[0].name: expected a host name, or "*." and one',
      "clusters[0].tls.sni[0].cert: missing: expected the path of a PEM file",
      "clusters[0].tls.sni[0].key: missing: expected the path of a PEM file",
    ],
  );
  assertEquals(said('backend_tls = { insecure = "yes", server_name = "a b" }').length, 2);
  assertMatch(
    said(`tls = { ${PAIR}, user_from = "CN" }`)[0]!,
    /user_from: expected client_ca beside/,
  );
  assertMatch(said("backend_tls = { insecure = true }")[0]!, /can read and change everything$/);
  assertMatch(
    said(`backend_tls = { insecure = true, ca = "${ca.certPath}" }`)[0]!,
    /expected ca and server_name, or insecure/,
  );
});

Deno.test("files that do not fit are said with their paths, and what stands in them is not", () => {
  for (
    const [lines, message] of [
      [`cert = "${own.certPath}", key = "${other.keyPath}"`, /tls\.key: the file .* does not fit/],
      [
        `cert = "${own.keyPath}", key = "${own.keyPath}"`,
        /tls\.cert: .* has no certificate in PEM/,
      ],
      [
        `cert = "${own.certPath}", key = "${own.certPath}"`,
        /tls\.key: .* has no private key in PEM/,
      ],
      [`cert = "/no/such.crt", key = "${own.keyPath}"`, /tls\.cert: .*such\.crt does not exist/],
      [`${PAIR}, client_ca = "${own.keyPath}"`, /client_ca: .* has no certificate in PEM/],
    ] as const
  ) {
    const lined = said(`tls = { ${lines} }`);
    assertEquals(lined.length, 1, lines);
    assertMatch(lined[0]!, message);
    assert(!lined[0]!.includes("-----"), "nothing of the files");
  }
});

Deno.test("an expired certificate is a warning: a proxy with it may be what there is", () => {
  const old = ca.issue({ isExpired: true });
  const lines = said(`tls = { cert = "${old.certPath}", key = "${old.keyPath}" }`);
  assertMatch(lines[0]!, /tls\.cert: the certificate in .* has expired on 20/);
  assertEquals(lines.length, 1);
});

Deno.test("addresses of TLS take part in all that is checked of addresses", () => {
  assertMatch(
    said(`tls = { ${PAIR}, listen_addr = "127.0.0.1:9001" }`)[0]!,
    /tls\.listen_addr.*expected an address of its own: clusters\[0\]\.listen_addr is/,
  );
});

Deno.test("a cluster at a unix socket needs a port for TLS", () => {
  const text = redisText(`tls = { ${PAIR} }`).replace("127.0.0.1:9001", "unix:/tmp/a.sock");
  const { problems } = loadText(text);
  assertMatch(problems[0]!.path, /tls\.listen_addr$/);
  assertEquals(problems[0]!.message.slice(0, 15), "expected a port");
});

Deno.test("a pair and a CA are judged by themselves", () => {
  assertEquals([pairFault(own.cert, own.key), caFault(ca.cert)], [null, null]);
  assertEquals(pairFault(`${own.cert}\n${ca.cert}`, own.key), null);
  const sealed =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
  assertMatch(pairFault(own.cert, sealed)!.fault, /without a password/);
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  assertEquals(caFault(broken), "has a certificate that cannot be read");
  assertEquals([validUntilMs(broken), validUntilMs("")], [null, null]);
  assert(validUntilMs(own.cert)! > Date.now(), "in the future");
});
