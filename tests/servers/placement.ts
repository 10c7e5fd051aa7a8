/**
 * The same pools behind nutcracker and behind the proxy: their variants, their keys, and the two proxies.
 *
 * @module
 */
import { GOLDEN_HASHES, GOLDEN_KEYS } from "../golden/placement_cases.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { patientTimeouts } from "../support/rigs/cluster_config.ts";
import { type Nutcracker, startNutcracker } from "../support/servers/nutcracker.ts";
import type { Random } from "../support/tools/seed.ts";

/** Longest key of memcache, in bytes. */
const KEY_BYTES_MAX = 250;

/** How a pool places keys. */
export interface PlacementPool {
  readonly name: string;
  /** In the words of both configurations: `host:port:weight` and, where servers have names, ` name`. */
  readonly servers: readonly string[];
  readonly hash: string;
  readonly distribution: string;
  readonly hashTag: string | null;
  readonly keyCount: number;
}

/** Equal and unequal weights, with and without alias and hash tag, and every hash with either distribution. */
export function placementPools(addresses: readonly string[]): PlacementPool[] {
  const pools: PlacementPool[] = [];
  for (const weights of [[1, 1, 1, 1], [10, 1, 3, 7]]) {
    for (const alias of [null, "server-", "ключ "]) {
      for (const hashTag of [null, "{}"]) {
        const servers = addresses.map((address, index) =>
          `${address}:${weights[index]}${alias === null ? "" : ` ${alias.trim()}${index}`}`
        );
        const name = `weights ${weights}, alias ${alias}, hash tag ${hashTag}`;
        const hashed = { hash: "fnv1a_64", distribution: "ketama" };
        pools.push({ name, servers, ...hashed, hashTag, keyCount: 2000 });
      }
    }
  }
  for (const hash of GOLDEN_HASHES) {
    for (const distribution of ["ketama", "modula"]) {
      const servers = addresses.map((address, index) => `${address}:${index + 1}`);
      const name = `${hash} and ${distribution}`;
      pools.push({ name, servers, hash, distribution, hashTag: "{}", keyCount: 500 });
    }
  }
  return pools;
}

/** Different keys of all kinds that a protocol can carry. */
export function placementKeys(
  random: Random,
  count: number,
  canCarry: (key: Uint8Array) => boolean,
): Uint8Array[] {
  const encoder = new TextEncoder();
  const keys = new Map<string, Uint8Array>();
  const add = (key: Uint8Array) => {
    if (key.length <= KEY_BYTES_MAX && canCarry(key)) keys.set(key.join(), key);
  };
  for (const key of random.shuffled(GOLDEN_KEYS).slice(0, count / 2)) add(key);
  add(new Uint8Array(0));
  const makers: (() => Uint8Array)[] = [
    () => random.bytes(random.between(1, KEY_BYTES_MAX)),
    () => random.bytes(random.between(1, 12)),
    () => Uint8Array.from({ length: KEY_BYTES_MAX }, () => random.between(0x21, 0x7e)),
    () => encoder.encode(String(random.next())),
    () => encoder.encode(`user:${random.below(1e6)}:{${random.below(100)}}:profile`),
    () => encoder.encode(`ключ:{日本${random.below(1e4)}}🙂${random.below(1e4)}`),
  ];
  while (keys.size < count) add(random.pick(makers)());
  return [...keys.values()];
}

/** Whether all keys of a pool are on one server: hashes of 16 bits all lie before a ring's first point. */
export function isCrowded(pool: PlacementPool): boolean {
  return pool.distribution === "ketama" && /^crc(16|32)$/.test(pool.hash);
}

/** Every pool behind one proxy, each at a port of its own. */
export function startAsterPools(
  pools: readonly PlacementPool[],
  cacheType: "redis" | "memcache",
): Promise<Aster> {
  return startAster(
    (...ports) =>
      pools.map((pool, index) => asterEntry(pool, index, ports[index]!, cacheType)).join("\n"),
    {
      portCount: pools.length,
    },
  );
}

function asterEntry(pool: PlacementPool, index: number, port: number, cacheType: string): string {
  return `[[clusters]]
name = "pool-${index}"
listen_addr = "127.0.0.1:${port}"
cache_type = "${cacheType}"
servers = ${JSON.stringify(pool.servers)}
hash = "${pool.hash}"
distribution = "${pool.distribution}"
${patientTimeouts()}
${pool.hashTag === null ? "" : `hash_tag = "${pool.hashTag}"`}
`;
}

/** A pool behind nutcracker. */
export function startNutcrackerPool(
  pool: PlacementPool,
  cacheType: "redis" | "memcache",
): Promise<Nutcracker> {
  return startNutcracker({
    redis: cacheType === "redis",
    servers: [...pool.servers],
    hash: pool.hash,
    distribution: pool.distribution,
    ...(pool.hashTag === null ? {} : { hashTag: pool.hashTag }),
  });
}

/** Addresses of loopback that no other test run has at port 11211, whose label has no port. */
export function labelledAddresses(count: number): string[] {
  const [second, third] = crypto.getRandomValues(new Uint8Array(2));
  return Array.from(
    { length: count },
    (_, index) => `127.${(second! % 250) + 1}.${third}.${index + 1}`,
  );
}
