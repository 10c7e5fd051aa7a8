/**
 * What the tests of the hash functions share: recorded vectors, hashing text, random bytes.
 *
 * @module
 */
import libmemcached from "../../golden/libmemcached_hashes.json" with { type: "json" };
import nutcracker from "../../golden/hashes.json" with { type: "json" };
import { HASH_NAMES, type HashFunction } from "../../../src/hash/mod.ts";
import { assertEquals } from "../../deps.ts";
import { seededRandom } from "../../support/tools/seed.ts";

const encoder = new TextEncoder();

/** The hash of a text's UTF-8 bytes. */
export function hashText(hash: HashFunction, text: string): number {
  const bytes = encoder.encode(text);
  return hash(bytes, 0, bytes.length);
}

/** Random bytes of every length from 0 to 70, several times; `what` is named beside the seed. */
export function referenceBytes(what: string): Uint8Array[] {
  const random = seededRandom(what);
  return Array.from({ length: 71 * 4 }, (_, i) => random.bytes(i % 71));
}

/** Compares a hash with what nutcracker computed, over its keys of all kinds and lengths. */
export function assertAgreesWithNutcracker(name: typeof HASH_NAMES[number], hash: HashFunction) {
  const keys = nutcracker.keys.split(" ").map((key) =>
    Uint8Array.from(atob(key), (character) => character.charCodeAt(0))
  );
  const expected = nutcracker.hashes[name].split(" ").map(Number);
  assertEquals(keys.map((key) => hash(key, 0, key.length)), expected);
  assertEquals(keys.length > 150, true);
}

/** Compares a hash with the vectors of libmemcached's own tests. */
export function assertAgreesWithLibmemcached(
  name: keyof typeof libmemcached.hashes,
  hash: HashFunction,
) {
  const found = libmemcached.keys.split(" ").map((key) => hashText(hash, key));
  assertEquals(found, libmemcached.hashes[name].split(" ").map(Number));
}
