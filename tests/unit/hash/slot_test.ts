import { assertEquals } from "../../deps.ts";
import { SLOT_COUNT, slotOf } from "../../../src/hash/slot.ts";
import { hashText, referenceBytes } from "./reference.ts";

Deno.test("slots agree with what CLUSTER KEYSLOT of Redis answers", () => {
  assertEquals(hashText(slotOf, "123456789"), 0x31c3);
  assertEquals(hashText(slotOf, "foo"), 12182);
  assertEquals(hashText(slotOf, "bar"), 5061);
  assertEquals(hashText(slotOf, "hello"), 866);
  assertEquals(hashText(slotOf, "somekey"), 11058);
  assertEquals(hashText(slotOf, "foo{hash_tag}"), 2515);
  assertEquals(hashText(slotOf, "bar{hash_tag}"), 2515);
  assertEquals(hashText(slotOf, ""), 0);
});

Deno.test("the tag of the Redis Cluster specification applies", () => {
  assertEquals(hashText(slotOf, "{user1000}.following"), hashText(slotOf, "user1000"));
  assertEquals(hashText(slotOf, "foo{{bar}}zap"), hashText(slotOf, "{bar"));
  assertEquals(hashText(slotOf, "foo{bar}{zap}"), hashText(slotOf, "bar"));
  assertEquals(hashText(slotOf, "foo{}{bar}"), 8363);
});

Deno.test("every key has a slot", () => {
  for (const bytes of referenceBytes("slots of random keys")) {
    const slot = slotOf(bytes, 0, bytes.length);
    assertEquals(Number.isInteger(slot) && slot >= 0 && slot < SLOT_COUNT, true);
  }
});

/** The slot by the specification alone, bit by bit. */
function plainSlotOf(bytes: Uint8Array): number {
  const open = bytes.indexOf(0x7b);
  const close = open < 0 ? -1 : bytes.indexOf(0x7d, open + 1);
  const deciding = close > open + 1 ? bytes.subarray(open + 1, close) : bytes;
  let crc = 0;
  for (const byte of deciding) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 0x8000) === 0 ? crc << 1 : ((crc << 1) ^ 0x1021) & 0xffff;
    }
  }
  return crc % SLOT_COUNT;
}

Deno.test("slots are those of the specification, whatever the length, and wherever a tag stands", () => {
  for (let length = 0; length <= 40; length++) {
    for (let open = -1; open < length; open++) {
      for (const close of [-1, open + 1, open + 2, length - 1]) {
        const bytes = Uint8Array.from({ length }, (_, at) => (at * 89 + length * 31 + 7) & 0xff)
          .map((byte) => byte === 0x7b || byte === 0x7d ? 0x80 : byte);
        if (open >= 0) bytes[open] = 0x7b;
        if (open >= 0 && close > open && close < length) bytes[close] = 0x7d;
        const around = Uint8Array.of(0x7b, ...bytes, 0x7d, 0x7b);
        assertEquals(slotOf(around, 1, 1 + length), plainSlotOf(bytes));
      }
    }
  }
});
