import { assertEquals } from "../../deps.ts";
import {
  fnv1aBits32,
  fnv1aBits64,
  fnv1aBits64Unsigned,
  fnv1Bits32,
  fnv1Bits64,
} from "../../../src/hash/fnv.ts";
import {
  assertAgreesWithLibmemcached,
  assertAgreesWithNutcracker,
  hashText,
  referenceBytes,
} from "./reference.ts";

const byName = {
  fnv1_64: fnv1Bits64,
  fnv1a_64: fnv1aBits64,
  fnv1_32: fnv1Bits32,
  fnv1a_32: fnv1aBits32,
} as const;

for (const [name, hash] of Object.entries(byName) as [keyof typeof byName, typeof fnv1Bits64][]) {
  Deno.test(`${name} agrees with nutcracker and libmemcached`, () => {
    assertAgreesWithNutcracker(name, hash);
    assertAgreesWithLibmemcached(name, hash);
  });
}

Deno.test("FNV of ASCII agrees with the vectors of its authors", () => {
  assertEquals(hashText(fnv1Bits32, ""), 0x811c9dc5);
  assertEquals(hashText(fnv1Bits32, "foobar"), 0x31f0b262);
  assertEquals(hashText(fnv1aBits32, "foobar"), 0xbf9cf968);
  assertEquals(hashText(fnv1Bits64, "foobar"), 0xa4dda9c2);
  assertEquals(hashText(fnv1aBits64, "foobar"), 0xf73967e8);
});

Deno.test("fnv1a_64 agrees with aster's own vector", () => {
  assertEquals(hashText(fnv1aBits64, "abcdefg"), 397047607);
  assertEquals(hashText(fnv1aBits64Unsigned, "abcdefg"), 397047607);
});

Deno.test("twemproxy and aster read bytes from 0x80 on differently", () => {
  assertEquals(hashText(fnv1aBits64, "ключ"), 2846718081);
  assertEquals(hashText(fnv1aBits64Unsigned, "ключ"), 1868266113);
  assertEquals(hashText(fnv1aBits64, "é"), 0xb4cc3001);
});

Deno.test("FNV agrees with loops of full width over random bytes", () => {
  const signed = (byte: number) => BigInt.asUintN(64, BigInt((byte << 24) >> 24));
  for (const bytes of referenceBytes("FNV against full width")) {
    let fnv1 = 0xcbf29ce484222325n;
    let fnv1a = 0xcbf29ce484222325n;
    let unsigned = 0xcbf29ce484222325n;
    for (const byte of bytes) {
      fnv1 = BigInt.asUintN(64, fnv1 * 0x100000001b3n) ^ signed(byte);
      fnv1a = BigInt.asUintN(64, (fnv1a ^ signed(byte)) * 0x100000001b3n);
      unsigned = BigInt.asUintN(64, (unsigned ^ BigInt(byte)) * 0x100000001b3n);
    }
    const low = (value: bigint) => Number(BigInt.asUintN(32, value));
    assertEquals(fnv1Bits64(bytes, 0, bytes.length), low(fnv1));
    assertEquals(fnv1aBits64(bytes, 0, bytes.length), low(fnv1a));
    assertEquals(fnv1aBits64Unsigned(bytes, 0, bytes.length), low(unsigned));
  }
});
