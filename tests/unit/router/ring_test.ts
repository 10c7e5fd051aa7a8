import { tcpEndpoint } from "../../../src/endpoint.ts";
import { assert, assertEquals, assertThrows, fc } from "../../deps.ts";
import golden from "../../golden/placement.json" with { type: "json" };
import { md5Digest } from "../../../src/hash/mod.ts";
import {
  buildRing,
  type Ring,
  ringLabel,
  type RingOptions,
  type RingServer,
} from "../../../src/router/ring.ts";
import { seededRandom } from "../../support/tools/seed.ts";

const encoder = new TextEncoder();

const twemproxy: RingOptions = {
  hash: "fnv1a_64",
  distribution: "ketama",
  placement: "twemproxy",
  hashTag: null,
};
const aster: RingOptions = { ...twemproxy, placement: "aster" };

/** Reads `host:port:weight[ name]`. */
function server(line: string): RingServer {
  const [address, alias] = line.split(" ");
  const [hostname, port, weight] = address!.split(":");
  const endpoint = tcpEndpoint(hostname!, Number(port));
  return { endpoint, weight: Number(weight), alias: alias ?? null };
}

function aliased(...aliases: string[]): RingServer[] {
  return aliases.map((alias) => server(`h:1:1 ${alias}`));
}

function ownerOf(ring: Ring, key: string): number {
  const bytes = encoder.encode(`?${key}?`);
  return ring.serverOfKey(bytes, 1, bytes.length - 1);
}

/** How many of `count` evenly spread hashes each server owns. */
function shares(ring: Ring, serverCount: number, count: number): number[] {
  const owned = new Array<number>(serverCount).fill(0);
  for (let i = 0; i < count; i++) owned[ring.serverOf(Math.floor(i * 2 ** 32 / count))]!++;
  return owned;
}

const goldenKeys = golden.keys.split(" ").map((key) =>
  Uint8Array.from(atob(key), (character) => character.charCodeAt(0))
);

for (const pool of golden.pools) {
  const { hash, distribution, hashTag, ejected, protocol } = pool;
  const name = `${protocol} ${hash} ${distribution} tag ${hashTag} ejected [${ejected}] of ` +
    pool.servers.join(", ").slice(0, 60);
  Deno.test(`keys go where nutcracker sent them: ${name}`, () => {
    const options = { hash, distribution, hashTag, placement: "twemproxy" as const };
    const isLive = (number: number) => !ejected.some((each) => each === number);
    const ring = buildRing(pool.servers.map(server), options, isLive);
    assertEquals(pool.owners.length, goldenKeys.length);
    let compared = 0;
    for (const [i, key] of goldenKeys.entries()) {
      if (pool.owners[i] === "-") continue;
      compared++;
      const owner = ring.serverOfKey(key, 0, key.length).toString(36);
      assertEquals(owner, pool.owners[i], `key ${golden.keys.split(" ")[i]}`);
    }
    assert(compared > 500, `only ${compared} keys`);
  });
}

Deno.test("the golden keys meet points that two servers share", () => {
  const tiedValues = [1310727539, 35090209, 3179278378];
  const tied = golden.pools.filter((pool) => pool.servers[0]!.includes("tie-"));
  assertEquals(tied.length, 3);
  for (const [i, pool] of tied.entries()) {
    const ring = buildRing(pool.servers.map(server), twemproxy);
    // The first in the order of labels, which the list names last.
    assertEquals(ring.serverOf(tiedValues[i]!), 1);
  }
});

Deno.test("a label is the alias, else host and port, else the host alone on memcached's port", () => {
  const plain = server("10.0.0.1:7001:3");
  const memcached = server("10.0.0.1:11211:3");
  const named = server("10.0.0.1:11211:3 name");
  const ipv6 = { endpoint: tcpEndpoint("::1", 6379), weight: 1, alias: null };
  assertEquals(ringLabel(plain, "twemproxy"), "10.0.0.1:7001");
  assertEquals(ringLabel(memcached, "twemproxy"), "10.0.0.1");
  assertEquals(ringLabel(named, "twemproxy"), "name");
  assertEquals(ringLabel(ipv6, "twemproxy"), "::1:6379");
  assertEquals(ringLabel(plain, "aster"), "10.0.0.1:7001");
  assertEquals(ringLabel(memcached, "aster"), "10.0.0.1:11211");
  assertEquals(ringLabel(named, "aster"), "name");
  assertEquals(ringLabel(ipv6, "aster"), "[::1]:6379");
});

Deno.test("an empty key hashes to 0 in twemproxy, to the offset of FNV in aster", () => {
  const servers = aliased("redis-1", "redis-2", "redis-3");
  assertEquals(ownerOf(buildRing(servers, aster), ""), 1);
  assertEquals(buildRing(servers, aster).serverOf(0x84222325), 1);
  for (const names of [["server1", "server2", "server3"], ["a", "b", "c"]]) {
    const ring = buildRing(aliased(...names), twemproxy);
    assertEquals(ownerOf(ring, ""), ring.serverOf(0));
  }
  assertEquals(ownerOf(buildRing(aliased("server1", "server2", "server3"), twemproxy), ""), 2);
});

Deno.test("known keys of three equal servers, twemproxy", () => {
  const ring = buildRing(aliased("server1", "server2", "server3"), twemproxy);
  assertEquals(ownerOf(ring, "foo"), 0);
  assertEquals(ownerOf(ring, "bar"), 1);
  assertEquals(ownerOf(ring, "key:1"), 2);
  assertEquals(ownerOf(ring, "user:1000"), 0);
  assertEquals(ownerOf(ring, "é"), 2);
});

Deno.test("aster's own vectors hold", () => {
  const names = ["mc-1", "mc-2", "mc-3", "mc-4", "mc-5", "mc-6", "mc-7", "mc-8", "mc-9", "mc-x"];
  const ten = buildRing(names.map((name) => server(`h:1:10 ${name}`)), aster);
  assertEquals(names[ownerOf(ten, "a")], "mc-1");
  assertEquals(names[ownerOf(ten, "memtier-102")], "mc-x");

  const three = buildRing(aliased("redis-1", "redis-2", "redis-3"), aster);
  const keys = ["a", "foo", "bar", "key:1", "42"];
  assertEquals(keys.map((key) => ownerOf(three, key)), [1, 0, 0, 1, 0]);

  const unequal = buildRing([server("127.0.0.1:7001:1"), server("127.0.0.1:7002:3")], aster);
  assertEquals(keys.map((key) => ownerOf(unequal, key)), [1, 1, 0, 1, 0]);
});

Deno.test("twemproxy and aster place a key of non-ASCII bytes apart", () => {
  const names = ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"];
  const differing = ["ключ", "é", "日本", "ü", "ñandú", "🙂", "straße", "Ω"].filter((key) =>
    ownerOf(buildRing(aliased(...names), twemproxy), key) !==
      ownerOf(buildRing(aliased(...names), aster), key)
  );
  assert(differing.length >= 4, `only ${differing}`);
});

Deno.test("modula follows the order of label lengths, then bytes, and repeats by weight", () => {
  const servers = [server("h:1:1 bbb"), server("h:1:2 z"), server("h:1:1 aaa")];
  const ring = buildRing(servers, { ...twemproxy, distribution: "modula" });
  assertEquals([0, 1, 2, 3, 4, 0xffffffff].map((hash) => ring.serverOf(hash)), [1, 1, 2, 0, 1, 0]);
  const asListed = buildRing(servers, { ...aster, distribution: "modula" });
  assertEquals([0, 1, 2, 3].map((hash) => asListed.serverOf(hash)), [0, 1, 1, 2]);
});

Deno.test("modula takes weights of any size", () => {
  const servers = [server("h:1:2000000000 a"), server("h:1:1 b"), server("h:1:2000000000 c")];
  const ring = buildRing(servers, { ...twemproxy, distribution: "modula" });
  const hashes = [1_999_999_999, 2_000_000_000, 2_000_000_001, 4_000_000_000, 4_000_000_001];
  assertEquals(hashes.map((hash) => ring.serverOf(hash)), [0, 1, 2, 2, 0]);
});

Deno.test("random takes any live server, whatever its weight and the key", () => {
  const numbers = [0, 0.24, 0.25, 0.5, 0.76, 0.999];
  const options = { ...twemproxy, distribution: "random", random: () => numbers.shift()! };
  const servers = ["h:1:1 aa", "h:1:900 b", "h:1:1 c", "h:1:1 gone", "h:1:1 d"].map(server);
  const ring = buildRing(servers, options, (number) => number !== 3);
  const owners = Array.from({ length: 6 }, () => ownerOf(ring, "same"));
  assertEquals(owners, [1, 1, 2, 4, 0, 0]);
});

Deno.test("without a live server no key has an owner; with one it owns all", () => {
  for (const distribution of ["ketama", "modula", "random"]) {
    const options = { ...twemproxy, distribution };
    const servers = aliased("a", "b", "c");
    const none = buildRing(servers, options, () => false);
    assertEquals([none.liveCount, ownerOf(none, "k"), none.serverOf(7)], [0, -1, -1]);
    const one = buildRing(servers, options, (number) => number === 2);
    assertEquals([one.liveCount, ownerOf(one, "k"), one.serverOf(7)], [1, 2, 2]);
    assertEquals(ownerOf(buildRing([], options), "k"), -1);
  }
});

Deno.test("a ring without some servers is the ring of the others", () => {
  const servers = ["h:1:1 a", "h:1:5 bb", "h:1:3 c", "h:1:9 dd"].map(server);
  const ejected = buildRing(servers, twemproxy, (number) => number !== 1);
  const others = buildRing([servers[0]!, servers[2]!, servers[3]!], twemproxy);
  const numberInAll = [0, 2, 3];
  for (let hash = 0; hash < 2 ** 32; hash += 9_999_991) {
    assertEquals(ejected.serverOf(hash), numberInAll[others.serverOf(hash)]);
  }
});

Deno.test("ketama owns hashes up to and including each point, and wraps around", () => {
  const points = (label: string) =>
    Array.from({ length: 40 }, (_, i) => md5Digest(encoder.encode(`${label}-${i}`)))
      .flatMap((digest) => {
        const view = new DataView(digest.buffer, digest.byteOffset, 16);
        return [0, 4, 8, 12].map((at) => view.getUint32(at, true));
      });
  const all = ["a", "b"].flatMap((label, owner) => points(label).map((value) => ({ value, owner })))
    .sort((one, other) => one.value - other.value);
  const ring = buildRing(aliased("a", "b"), twemproxy);
  for (const [i, { value, owner }] of all.entries()) {
    assertEquals(ring.serverOf(value), owner);
    assertEquals(ring.serverOf(value + 1), all[(i + 1) % all.length]!.owner);
  }
  assertEquals(ring.serverOf(0), all[0]!.owner);
  assertEquals(ring.serverOf(0xffffffff), all[0]!.owner);
});

Deno.test("shares follow the weights", () => {
  const owned = shares(
    buildRing(["h:1:1 a", "h:1:2 b", "h:1:7 c"].map(server), twemproxy),
    3,
    100_000,
  );
  assert(owned[0]! > 6_000 && owned[0]! < 14_000, `${owned}`);
  assert(owned[1]! > 14_000 && owned[1]! < 26_000, `${owned}`);
  assert(owned[2]! > 62_000 && owned[2]! < 78_000, `${owned}`);
});

Deno.test("unknown names and bad tags are refused", () => {
  const servers = aliased("a", "b");
  assertThrows(() => buildRing(servers, { ...twemproxy, hash: "sha1" }), RangeError, '"sha1"');
  assertThrows(
    () => buildRing(servers, { ...twemproxy, distribution: "rendezvous" }),
    RangeError,
    '"rendezvous"',
  );
  assertThrows(() => buildRing(servers, { ...twemproxy, hashTag: "{" }), RangeError, "two ASCII");
});

Deno.test("an ejection moves no key between the servers that stay, if they weigh the same", () => {
  const count = fc.integer({ min: 3, max: 12 });
  const keeps = fc.property(count, fc.nat(), fc.array(fc.uint8Array()), (n, pick, keys) => {
    const servers = aliased(...Array.from({ length: n }, (_, i) => `server-${i}`));
    const gone = pick % n;
    const before = buildRing(servers, aster);
    const after = buildRing(servers, aster, (number) => number !== gone);
    for (const key of keys) {
      const owner = before.serverOfKey(key, 0, key.length);
      if (owner !== gone) assertEquals(after.serverOfKey(key, 0, key.length), owner);
    }
  });
  fc.assert(keeps, { numRuns: 40, seed: seededRandom("ring after ejection").seed | 0 });
});

Deno.test("the lookup agrees with a search of all points", () => {
  const hash = fc.integer({ min: 0, max: 0xffffffff });
  const servers = ["h:1:3 x", "h:1:1 yy", "h:1:11 zzz"].map(server);
  const ring = buildRing(servers, twemproxy);
  // Digests by weight: floor(weight / 15 × 40 × 3).
  const all = [["x", 24], ["yy", 8], ["zzz", 88]].flatMap(([label, digests], owner) =>
    Array.from({ length: Number(digests) }, (_, i) => md5Digest(encoder.encode(`${label}-${i}`)))
      .flatMap((digest) => {
        const view = new DataView(digest.buffer, digest.byteOffset, 16);
        return [0, 4, 8, 12].map((at) => ({ value: view.getUint32(at, true), owner }));
      })
  );
  const agrees = fc.property(hash, (hash) => {
    const above = all.filter(({ value }) => value >= hash);
    const next = (above.length > 0 ? above : all)
      .reduce((least, point) => point.value < least.value ? point : least);
    assertEquals(ring.serverOf(hash), next.owner);
  });
  fc.assert(agrees, { numRuns: 300, seed: seededRandom("ring by full search").seed | 0 });
});
