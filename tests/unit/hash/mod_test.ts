import { assertEquals, assertStrictEquals, assertThrows } from "../../deps.ts";
import { HASH_NAMES, hashFunction } from "../../../src/hash/mod.ts";
import { fnv1aBits64, fnv1aBits64Unsigned } from "../../../src/hash/fnv.ts";
import { assertAgreesWithNutcracker, hashText, referenceBytes } from "./reference.ts";

Deno.test("every name stands for the function that twemproxy tests with the key apple", () => {
  const found = HASH_NAMES.map((
    name,
  ) => [name, hashText(hashFunction(name, "twemproxy"), "apple")]);
  assertEquals(Object.fromEntries(found), {
    one_at_a_time: 2297466611,
    md5: 3195025439,
    crc16: 3662830516,
    crc32: 10542,
    crc32a: 2838417488,
    fnv1_64: 473199127,
    fnv1a_64: 1488911807,
    fnv1_32: 67176023,
    fnv1a_32: 280767167,
    hsieh: 3738850110,
    murmur: 4142305122,
    jenkins: 1442444624,
  });
});

Deno.test("only fnv1a_64 depends on the placement", () => {
  assertStrictEquals(hashFunction("fnv1a_64", "twemproxy"), fnv1aBits64);
  assertStrictEquals(hashFunction("fnv1a_64", "aster"), fnv1aBits64Unsigned);
  for (const name of HASH_NAMES.filter((name) => name !== "fnv1a_64")) {
    assertStrictEquals(hashFunction(name, "aster"), hashFunction(name, "twemproxy"));
    assertAgreesWithNutcracker(name, hashFunction(name, "aster"));
  }
});

Deno.test("an unknown name is refused", () => {
  assertThrows(() => hashFunction("rcrc32", "twemproxy"), RangeError, '"rcrc32"');
  assertThrows(() => hashFunction("toString", "twemproxy"), RangeError, '"toString"');
});

Deno.test("a hash is 32 bits, unsigned, and sees nothing outside its range", () => {
  for (const bytes of referenceBytes("hashes within a range")) {
    const padded = new Uint8Array(bytes.length + 14).fill(0xa5);
    padded.set(bytes, 7);
    for (const name of HASH_NAMES) {
      const hash = hashFunction(name, "twemproxy");
      const alone = hash(bytes, 0, bytes.length);
      assertEquals(alone >= 0 && alone <= 0xffffffff && Number.isInteger(alone), true);
      assertEquals(hash(padded, 7, 7 + bytes.length), alone);
    }
  }
});
