/**
 * Servers of a ring that get far more or fewer keys than their weights say.
 *
 * @module
 */
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { HASH_NAMES } from "../../../src/hash/mod.ts";
import { unevenServers } from "../../../src/router/key_shares.ts";
import { buildRing } from "../../../src/router/ring.ts";
import { assert, assertEquals } from "../../deps.ts";

/** A ring of servers with these weights. */
function ringOf(weights: readonly number[], hash: string, distribution = "ketama") {
  const servers = weights.map((weight, index) => {
    const address = `10.0.${index >> 8}.${index & 255}:6379`;
    return { endpoint: tcpEndpoint(address.split(":")[0]!, 6379), address, weight, alias: null };
  });
  return { servers, hash, distribution, placement: "twemproxy" as const, hashTag: null };
}

const equal = (count: number) => Array<number>(count).fill(1);

Deno.test("crc32 gives one server of ketama at least 99 of 100 keys, crc32a does not", () => {
  const largestShare = (count: number, hash: string) => {
    const ring = buildRing(ringOf(equal(count), hash).servers, ringOf(equal(count), hash));
    const counts = Array<number>(count).fill(0);
    for (let index = 0; index < 1_000; index++) {
      const key = new TextEncoder().encode(`key:${index}`);
      counts[ring.serverOfKey(key, 0, key.length)]! += 1;
    }
    return Math.max(...counts) / 1_000;
  };
  for (const count of [2, 3, 10, 32]) {
    const [crc32, crc32a] = [largestShare(count, "crc32"), largestShare(count, "crc32a")];
    assert(crc32 >= 0.99, `${count} servers: ${crc32}`);
    assert(crc32a < 1.5 / count, `${count} servers: ${crc32a}`);
  }
});

Deno.test("no other hash and distribution is uneven, whatever the number of servers", () => {
  for (const count of [2, 3, 10, 100]) {
    for (const hash of HASH_NAMES) {
      for (const distribution of ["ketama", "modula"]) {
        const uneven = unevenServers(ringOf(equal(count), hash, distribution));
        const isNamed = hash === "crc32" && distribution === "ketama";
        assertEquals(uneven.length > 0, isNamed, `${count} servers, ${hash}, ${distribution}`);
      }
    }
  }
});

Deno.test("1,024 servers of the default hash are even", () => {
  assertEquals(unevenServers(ringOf(equal(1_024), "fnv1a_64")), []);
});

Deno.test("the server with most keys comes first, and all others of crc32 get none", () => {
  const uneven = unevenServers(ringOf(equal(4), "crc32"));
  assertEquals(uneven.map(({ share }) => share), [1, 0, 0, 0]);
  assertEquals(uneven.map(({ expectedShare }) => expectedShare), equal(4).map(() => 0.25));
});

Deno.test("weights count: what a server gets by its weight is even, and one too light for a point is not", () => {
  assertEquals(unevenServers(ringOf([1, 2, 3, 10], "fnv1a_64")), []);
  const uneven = unevenServers(ringOf([1, 300], "fnv1a_64"));
  assertEquals(uneven.map(({ server, share }) => [server, share]), [[0, 0]]);
});

Deno.test("one server, and keys placed at random, are not looked at", () => {
  assertEquals(unevenServers(ringOf([1], "crc32")), []);
  assertEquals(unevenServers(ringOf([1, 1_000], "crc32", "random")), []);
});
