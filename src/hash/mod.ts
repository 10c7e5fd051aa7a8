/**
 * From key to number: every hash function by its name in the configuration, hash tags, and slots.
 *
 * The functions compute what twemproxy 0.5 computes on x86-64, deviations from the published algorithms
 * included: a proxy that places keys otherwise than the one it replaces loses the whole cache.
 *
 * @module
 */
import { crc16, crc32, crc32a } from "./crc.ts";
import { fnv1aBits32, fnv1aBits64, fnv1aBits64Unsigned, fnv1Bits32, fnv1Bits64 } from "./fnv.ts";
import { hsieh } from "./hsieh.ts";
import { jenkins } from "./jenkins.ts";
import { md5 } from "./md5.ts";
import { murmur } from "./murmur.ts";
import { oneAtATime } from "./one_at_a_time.ts";

export { isSameDigest, sha1Hex, sha256 } from "./digest.ts";
export { HashTag, isHashTag } from "./hash_tag.ts";
export { md5Digest } from "./md5.ts";
export { SLOT_COUNT, slotOf } from "./slot.ts";

/** Hashes `bytes[start..end)` to an unsigned 32-bit number. */
export type HashFunction = (bytes: Uint8Array, start: number, end: number) => number;

/** Whose placement of keys is kept: twemproxy's, or that of aster 1.x. */
export type Placement = "twemproxy" | "aster";

/** The names that `hash` may have in the configuration: those of twemproxy. */
export const HASH_NAMES = [
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
] as const;

const FUNCTIONS: Readonly<Record<typeof HASH_NAMES[number], HashFunction>> = {
  one_at_a_time: oneAtATime,
  md5,
  crc16,
  crc32,
  crc32a,
  fnv1_64: fnv1Bits64,
  fnv1a_64: fnv1aBits64,
  fnv1_32: fnv1Bits32,
  fnv1a_32: fnv1aBits32,
  hsieh,
  murmur,
  jenkins,
};

/**
 * The hash function of a configured name. aster 1.x knew `fnv1a_64` only and read bytes as unsigned; all
 * other names mean the same function under either placement.
 *
 * @throws RangeError when the name is not one of {@link HASH_NAMES}.
 */
export function hashFunction(name: string, placement: Placement): HashFunction {
  if (name === "fnv1a_64" && placement === "aster") return fnv1aBits64Unsigned;
  const known = HASH_NAMES.find((each) => each === name);
  if (known === undefined) throw new RangeError(`Cannot find hash function "${name}"`);
  return FUNCTIONS[known];
}
