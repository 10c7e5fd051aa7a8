import { createHash } from "node:crypto";
import { assertEquals } from "../../deps.ts";
import { md5, md5Digest } from "../../../src/hash/md5.ts";
import { seededRandom } from "../../support/tools/seed.ts";
import { assertAgreesWithLibmemcached, assertAgreesWithNutcracker, hashText } from "./reference.ts";

Deno.test("md5 agrees with nutcracker and libmemcached", () => {
  assertAgreesWithNutcracker("md5", md5);
  assertAgreesWithLibmemcached("md5", md5);
});

Deno.test("md5 is the first four bytes of the published digest, little-endian", () => {
  assertEquals(hashText(md5, ""), 0xd98c1dd4);
  assertEquals(hashText(md5, "abc"), 0x98500190);
});

Deno.test("md5Digest is the published digest", () => {
  const digest = md5Digest(new TextEncoder().encode("message digest"));
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  assertEquals(hex, "f96b697d7cb7938d525a2f31aaf161d0");
});

Deno.test("md5 of any length is what the runtime's own says, wherever the bytes stand", () => {
  const random = seededRandom("md5");
  for (let length = 0; length < 300; length++) {
    const offset = random.below(70);
    const bytes = Uint8Array.from({ length: offset + length + 1 }, () => random.below(256));
    const own = bytes.subarray(offset, offset + length);
    const expected = createHash("md5").update(own).digest();
    assertEquals(md5Digest(own), new Uint8Array(expected));
    assertEquals(md5(bytes, offset, offset + length), expected.readUInt32LE(0));
  }
});
