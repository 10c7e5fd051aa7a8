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
