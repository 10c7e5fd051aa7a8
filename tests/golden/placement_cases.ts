/**
 * The pools and the keys that `record_placement.ts` asks nutcracker about.
 *
 * @module
 */

/** One pool in twemproxy's own terms. */
export interface GoldenPool {
  protocol: "redis" | "memcache";
  hash: string;
  distribution: string;
  hashTag: string | null;
  /** `host:port:weight[ name]`. */
  servers: string[];
  /** Numbers of the servers that are down and were ejected before the keys were sent. */
  ejected: number[];
}

/** The names of all hash functions. */
export const GOLDEN_HASHES = [
  "one_at_a_time",
  "md5",
  "crc16",
  "crc32",
  "crc32a",
  "fnv1_64",
  "fnv1a_64",
  "fnv1_32",
  "fnv1a_32",
  "hsieh",
  "murmur",
  "jenkins",
];

/** Labels of different lengths, so that the order of the list is not that of the ring. */
const MIXED = [
  "127.0.0.10:7001:3",
  "127.0.0.4:11211:1",
  "127.0.0.3:17001:7",
  "127.0.0.2:7001:2",
  "127.0.0.11:11211:5",
  "localhost:7002:1",
];

const EQUAL = [2, 3, 4, 5, 6].map((n) => `127.0.0.${n}:11211:1`);

const ALIASED = [
  "127.0.0.2:7003:10 redis-10",
  "127.0.0.3:7003:10 redis-9",
  "127.0.0.4:7003:10 köln",
  "127.0.0.5:7003:10 Ä",
  "127.0.0.6:7003:10 b",
  "127.0.0.7:7003:10 a",
  `127.0.0.8:7003:10 ${"long".repeat(60)}`,
];

const ALIASED_UNEQUAL = [
  "127.0.0.2:11211:100 gamma",
  "127.0.0.3:11211:1 beta",
  "127.0.0.4:11211:33 alpha",
  "127.0.0.5:11211:7 delta",
];

/** `count` servers of weight `weight` and a last one of weight `last`. */
function weighted(count: number, weight: number, last: number): string[] {
  const servers: string[] = [];
  for (let i = 0; i < count; i++) servers.push(`127.0.1.${i + 1}:7004:${weight} w${i}`);
  return [...servers, `127.0.1.${count + 1}:7004:${last} last`];
}

/** Pairs of labels that share the value of one point, later one first. */
const TIED = [["tie-434", "tie-184"], ["tie-620", "tie-120"], ["tie-1157", "tie-355"]];

function pool(servers: string[], changes: Partial<GoldenPool> = {}): GoldenPool {
  return {
    protocol: "redis",
    hash: "fnv1a_64",
    distribution: "ketama",
    hashTag: null,
    servers,
    ejected: [],
    ...changes,
  };
}

/** The pool with these servers at addresses where nobody listens. */
function withDown(pool: GoldenPool, numbers: number[]): GoldenPool {
  const servers = pool.servers.map((server, i) =>
    numbers.includes(i) ? server.replace("127.0.0.", "127.0.9.") : server
  );
  return { ...pool, servers, ejected: numbers };
}

/** Every hash × distribution once, then what ketama and modula make of servers, tags and ejections. */
export const GOLDEN_POOLS: readonly GoldenPool[] = [
  ...GOLDEN_HASHES.flatMap((hash, i) => [
    pool(MIXED, { hash, hashTag: i % 2 === 0 ? null : "{}" }),
    pool(MIXED, { hash, hashTag: i % 2 === 0 ? "{}" : null, distribution: "modula" }),
  ]),
  pool(EQUAL),
  pool(EQUAL, { distribution: "modula" }),
  pool(EQUAL, { protocol: "memcache" }),
  pool(MIXED, { protocol: "memcache", hashTag: "::" }),
  pool(MIXED, { protocol: "memcache", distribution: "modula", hash: "jenkins" }),
  pool(ALIASED),
  pool(ALIASED, { distribution: "modula", hash: "murmur" }),
  pool(ALIASED, { hashTag: "$$" }),
  pool(ALIASED, { hashTag: "ab" }),
  pool(ALIASED_UNEQUAL),
  pool(ALIASED_UNEQUAL, { distribution: "modula" }),
  pool(["127.0.0.2:7005:1"]),
  pool(["127.0.0.2:7005:1", "127.0.0.3:7005:2"]),
  // Weights for which single and double precision disagree about the number of points.
  pool(weighted(2, 29, 2), { hash: "murmur" }),
  pool(weighted(4, 2, 17), { hash: "murmur" }),
  pool(weighted(4, 12, 2), { hash: "murmur" }),
  pool(weighted(4, 21, 16), { hash: "murmur" }),
  pool(weighted(9, 10, 35), { hash: "murmur" }),
  pool(weighted(10, 18, 40), { hash: "murmur" }),
  ...TIED.map(([late, early]) => pool([`127.0.0.2:7006:1 ${late}`, `127.0.0.3:7006:1 ${early}`])),
  ...[[2], [0, 3], [0, 1, 2, 3]].map((numbers) => withDown(pool(MIXED), numbers)),
  withDown(pool(MIXED, { distribution: "modula" }), [1, 2]),
  withDown(pool(EQUAL), [0, 1, 2, 4]),
];

/** Keys of every kind, the same at every call. */
export const GOLDEN_KEYS: readonly Uint8Array[] = goldenKeys();

function goldenKeys(): Uint8Array[] {
  const encoder = new TextEncoder();
  const keys: Uint8Array[] = [new Uint8Array(0)];
  for (let byte = 0; byte < 256; byte++) keys.push(Uint8Array.of(byte));
  for (let i = 0; i < 200; i++) {
    keys.push(encoder.encode(`key:${i * i}`), encoder.encode(`user:${1000 + i}:profile`));
  }
  const texts = [
    ..."{}|{|}|}{|{{}|{}}|{a}|{a}{b}|a{b}c|a{}b|a{b|a}b{c}|{{a}}|{a}}|x{user:1}y|{user:1}".split(
      "|",
    ),
    ..."$x$y|$$|$$a$|a$b|a$b$c$|ab|aab|axb|a12b34b|ba|:a:|a:b:c|x::y|{é}1|{é}2|{ключ}|{日本}:1"
      .split("|"),
    ..."ключ|é|ü:1|naïve|日本語|🙂|🙂🙂|Ωmega|ключ:42|straße|\u0000|a b|a\r\nb|\t".split("|"),
  ];
  for (const text of texts) keys.push(encoder.encode(text));
  const random = byteSource(20240229);
  for (let length = 1; length <= 64; length++) {
    for (let i = 0; i < 5; i++) keys.push(Uint8Array.from({ length }, random));
    keys.push(Uint8Array.from({ length }, () => 0x80 | random()));
    keys.push(Uint8Array.from({ length }, () => 0x61 + random() % 26));
  }
  for (const length of [100, 249, 250, 251, 1000, 3000]) {
    keys.push(Uint8Array.from({ length }, () => 0x61 + random() % 26));
    keys.push(Uint8Array.from({ length }, random));
  }
  return keys;
}

/** Bytes of a 32-bit linear congruential generator. */
function byteSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state >>> 24;
  };
}

/** Whether memcache's text protocol can carry the key. */
export function isMemcacheKey(key: Uint8Array): boolean {
  return key.length > 0 && key.length <= 250 && key.every((byte) => byte > 0x20 && byte !== 0x7f);
}
