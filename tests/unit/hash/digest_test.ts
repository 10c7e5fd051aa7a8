/**
 * Digests, and comparing them.
 *
 * @module
 */
import { isSameDigest, sha1Hex, sha256 } from "../../../src/hash/digest.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("SHA-256 is that of FIPS 180-4", () => {
  const hex = [...sha256(new TextEncoder().encode("abc"))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
  assertEquals(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

Deno.test("digests are the same, or differ in any byte or in length", () => {
  const digest = sha256(new Uint8Array(0));
  assertEquals(isSameDigest(digest, digest.slice()), true);
  for (let index = 0; index < digest.length; index++) {
    const other = digest.slice();
    other[index]! ^= 1;
    assertEquals(isSameDigest(digest, other), false);
  }
  assertEquals(isSameDigest(digest, digest.slice(1)), false);
});

Deno.test("SHA-1 is that of FIPS 180-4, in hexadecimal", () => {
  const digest = sha1Hex(new TextEncoder().encode("abc"));
  assertEquals(digest, "a9993e364706816aba3e25717850c26c9cd0d89d");
});
