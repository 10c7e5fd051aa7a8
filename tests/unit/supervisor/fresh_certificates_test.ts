import type { ClusterConfig, Config } from "../../../src/config/config.ts";
import {
  CertificateWatch,
  readFreshCertificates,
} from "../../../src/supervisor/fresh_certificates.ts";
import { Log, type LogRecord } from "../../../src/observe/log.ts";
import { TestCa } from "../../support/servers/certificates.ts";
import { clusterConfig } from "../../support/rigs/cluster_config.ts";
import { until } from "../../support/tools/poll.ts";
import { assertEquals, assertMatch } from "../../deps.ts";

const ca = new TestCa();
globalThis.addEventListener("unload", () => ca[Symbol.dispose]());
const [one, two] = [ca.issue(), ca.issue()];
const CERT = `${ca.folder}/tls.crt`;
const KEY = `${ca.folder}/tls.key`;

function put({ cert, key }: { cert: string; key: string }): void {
  Deno.writeTextFileSync(KEY, key);
  Deno.writeTextFileSync(CERT, cert);
}

function cluster(name: string, { cert, key }: { cert: string; key: string }): ClusterConfig {
  const pair = { cert: { path: CERT, pem: cert }, key: { path: KEY, pem: key } };
  return clusterConfig({
    name,
    tls: { listen: null, userFrom: null },
    certificates: { pair, named: [], clientCa: null, minVersion: "1.2" },
    backendTls: { serverName: null, isInsecure: false },
    backendCertificates: { ca: { path: ca.certPath, pem: ca.cert }, pair: null },
  });
}

function configOf(clusters: ClusterConfig[]): Config {
  return { file: "a.toml", clusters } as unknown as Config;
}

const read = (path: string) => Deno.readTextFileSync(path);

Deno.test("what stands in the files now is taken, and what did not change is as it was", () => {
  put(two);
  const plain = clusterConfig({ name: "plain" });
  const former = configOf([cluster("a", one), plain, cluster("b", two)]);
  const { config, changed, problems } = readFreshCertificates(former, read);
  assertEquals([changed, problems], [["a"], []]);
  assertEquals(config.clusters[0], cluster("a", two));
  assertEquals(config.clusters.slice(1), former.clusters.slice(1));
});

Deno.test("a pair that does not fit leaves the former, and is said with its file", () => {
  put({ cert: two.cert, key: one.key });
  const former = configOf([cluster("a", one)]);
  const { config, changed, problems } = readFreshCertificates(former, read);
  assertEquals([config.clusters, changed], [former.clusters, []]);
  assertEquals(problems, [`cluster "a": the file ${KEY} does not fit the certificate`]);
  Deno.removeSync(KEY);
  assertMatch(
    readFreshCertificates(former, read).problems[0]!,
    /^cluster "a": .*tls\.key: No such file/,
  );
});

Deno.test("a watch tells of files that are replaced, whichever these are", async () => {
  put(one);
  const folder = Deno.makeTempDirSync();
  const records: LogRecord[] = [];
  let changes = 0;
  const watch = new CertificateWatch(() => changes++, new Log("trace", (one) => records.push(one)));
  try {
    watch.follow(configOf([cluster("a", one)]));
    assertEquals(changes, 1, "they may have changed since they were read");
    watch.follow(configOf([cluster("a", one), cluster("b", one)]));
    assertEquals(changes, 1, "these are watched already");
    Deno.writeTextFileSync(`${ca.folder}/new`, two.cert);
    Deno.renameSync(`${ca.folder}/new`, CERT);
    await until(() => changes === 2, { what: "the change" });
    watch.follow(configOf([clusterConfig({})]));
    put(one);
    assertEquals(changes, 2);
    watch.follow(configOf([cluster("a", one)]));
    assertEquals(changes, 3);
    put(two);
    await until(() => changes === 4, { what: "another change" });
    assertEquals(records, []);
  } finally {
    watch.close();
    Deno.removeSync(folder);
  }
});

Deno.test({
  name: "a folder that may not be watched is said once, and asked for nothing",
  permissions: { read: [CERT, KEY] },
  fn() {
    const records: LogRecord[] = [];
    let changes = 0;
    const watch = new CertificateWatch(
      () => changes++,
      new Log("trace", (one) => records.push(one)),
    );
    watch.follow(configOf([cluster("a", one), cluster("b", one)]));
    assertEquals(records.map(({ level, message }) => [level, message]), [
      ["warning", "TLS certificates are not watched: a reload reads them again"],
    ]);
    assertEquals(changes, 0);
    watch.close();
  },
});
