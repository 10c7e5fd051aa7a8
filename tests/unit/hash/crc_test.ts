import { assertEquals } from "../../deps.ts";
import { crc16, crc16Xmodem, crc32, crc32a } from "../../../src/hash/crc.ts";
import {
  assertAgreesWithLibmemcached,
  assertAgreesWithNutcracker,
  hashText,
  referenceBytes,
} from "./reference.ts";

Deno.test("crc16, crc32 and crc32a agree with nutcracker, crc32 with libmemcached", () => {
  assertAgreesWithNutcracker("crc16", crc16);
  assertAgreesWithNutcracker("crc32", crc32);
  assertAgreesWithNutcracker("crc32a", crc32a);
  assertAgreesWithLibmemcached("crc32", crc32);
});

Deno.test("CRC16-XMODEM and crc32a have their published check values", () => {
  assertEquals(hashText(crc16Xmodem, "123456789"), 0x31c3);
  assertEquals(hashText(crc16Xmodem, ""), 0);
  assertEquals(hashText(crc32a, "123456789"), 0xcbf43926);
  assertEquals(hashText(crc32a, ""), 0);
});

Deno.test("crc16 keeps the standard checksum in its lower half and more above", () => {
  assertEquals(hashText(crc16, "apple"), 3662830516);
  assertEquals(hashText(crc16Xmodem, "apple"), 3662830516 % 65_536);
});

Deno.test("crc32 is bits 16 to 30 of crc32a", () => {
  assertEquals(hashText(crc32, "123456789"), 0x4bf4);
});

Deno.test("the checksums agree with division bit by bit over random bytes", () => {
  for (const bytes of referenceBytes("checksums bit by bit")) {
    let remainder16 = 0;
    let remainder32 = 0xffffffff;
    for (const byte of bytes) {
      for (let bit = 7; bit >= 0; bit--) {
        const out = ((remainder16 >> 15) ^ (byte >> bit)) & 1;
        remainder16 = ((remainder16 << 1) & 0xffff) ^ (out * 0x1021);
      }
      for (let bit = 0; bit < 8; bit++) {
        const out = (remainder32 ^ (byte >> bit)) & 1;
        remainder32 = (remainder32 >>> 1) ^ (out * 0xedb88320);
      }
    }
    assertEquals(crc16Xmodem(bytes, 0, bytes.length), remainder16);
    assertEquals(crc16(bytes, 0, bytes.length) & 0xffff, remainder16);
    assertEquals(crc32a(bytes, 0, bytes.length), ~remainder32 >>> 0);
  }
});
