import {
  readDescriptorUse,
  RESERVED_DEDICATED,
  RESERVED_NODES,
  shareDescriptors,
  SPARE_DESCRIPTORS,
} from "../../../src/supervisor/descriptor_limit.ts";
import { HANDSHAKES_MAX } from "../../../src/net/tls.ts";
import { openDescriptors } from "../../support/tools/descriptors.ts";
import { assert, assertEquals } from "../../deps.ts";
import { clusterConfig } from "./cluster_configs.ts";

function cluster(servers: number, dedicatedConnections = 0) {
  const config = clusterConfig("main", 1, 7_000);
  const server = config.servers[0]!;
  return {
    ...config,
    servers: Array.from({ length: servers }, () => server),
    nodeConnections: 1,
    dedicatedConnections,
  };
}

Deno.test("clients get what is left of the limit behind what is open, spare and for backends", () => {
  const use = { limit: 1000, open: 40 };
  // One listener; two profiles, messages and pings for each of three servers.
  const expected = 1000 - 40 - SPARE_DESCRIPTORS - 1 - 3 * 4;
  assertEquals(shareDescriptors(use, [[cluster(3)]]).clientsMax, expected);
  const dedicated = shareDescriptors(use, [[cluster(3, 1024)]]).clientsMax;
  assertEquals(dedicated, expected - RESERVED_DEDICATED);
});

Deno.test("each worker has connections of its own; a Redis Cluster has more nodes than seeds", () => {
  const use = { limit: 1000, open: 40 };
  const two = [cluster(3), cluster(3)];
  assertEquals(
    shareDescriptors(use, [two, [cluster(3)]]).clientsMax,
    1000 - 40 - SPARE_DESCRIPTORS - 3 - 3 * 3 * 4,
  );
  const slots = { ...cluster(1), type: "redis_cluster" as const };
  assertEquals(
    shareDescriptors(use, [[slots]]).clientsMax,
    1000 - 40 - SPARE_DESCRIPTORS - 1 - RESERVED_NODES * 4,
  );
});

Deno.test("where the limit is low clients and backends share what there is, and one client is always let in", () => {
  const left = 80 - 40 - SPARE_DESCRIPTORS - 1;
  assertEquals(
    shareDescriptors({ limit: 80, open: 40 }, [[cluster(100)]]).clientsMax,
    Math.ceil(left / 2),
  );
  assertEquals(shareDescriptors({ limit: 40, open: 40 }, [[cluster(1)]]).clientsMax, 1);
});

Deno.test("what servers need is a connection of each worker, and one for the pings of all workers", () => {
  const use = { limit: 1000, open: 40 };
  const pinged = { ...cluster(300), pingFailLimit: 3 };
  const left = 1000 - 40 - SPARE_DESCRIPTORS - 2;
  const { backendsMax, backendsNeeded } = shareDescriptors(use, [[pinged], [pinged]]);
  assertEquals({ backendsMax, backendsNeeded }, {
    backendsMax: Math.floor(left / 2),
    backendsNeeded: 3 * 300,
  });
  const unpinged = { ...cluster(3), pingFailLimit: 0, nodeConnections: 2 };
  assertEquals(shareDescriptors(use, [[unpinged], [unpinged]]).backendsNeeded, 2 * 2 * 3);
});

Deno.test({
  name: "Linux says how many may be open and how many are",
  // Only Linux has the folder.
  ignore: Deno.build.os !== "linux",
  fn() {
    const use = readDescriptorUse()!;
    assert(use.open > 2 && use.open < use.limit, `${use.open} of ${use.limit}`);
    assert(Math.abs(use.open - openDescriptors().size) <= 2);
  },
});

Deno.test("where nobody can say, nobody is asked", () => {
  assertEquals(readDescriptorUse("/no/such/folder"), null);
  const folder = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${folder}/limits`, "Max open files   unlimited   unlimited   files\n");
    assertEquals(readDescriptorUse(folder), null);
    Deno.writeTextFileSync(`${folder}/limits`, "Max open files   80   100   files\n");
    assertEquals(readDescriptorUse(folder), null, "no folder of those that are open");
    Deno.mkdirSync(`${folder}/fd`);
    assertEquals(readDescriptorUse(folder), { limit: 80, open: 0 });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test({
  name: "without the right to read nothing is read, and nobody is asked for it",
  permissions: { read: false },
  fn() {
    assertEquals(readDescriptorUse(), null);
  },
});

Deno.test("handshakes of TLS have a reserve, too", () => {
  const cluster = clusterConfig("a", 1, 7000);
  const secured = { ...cluster, tls: { listen: null, userFrom: null } };
  const use = { limit: 100_000, open: 0 };
  const difference = shareDescriptors(use, [[cluster]]).clientsMax -
    shareDescriptors(use, [[secured]]).clientsMax;
  assertEquals(difference, HANDSHAKES_MAX);
});
