import { keyMark } from "../../../src/bytes/key_mark.ts";
import { assertEquals } from "../../deps.ts";

const bytes = new TextEncoder().encode("foobar foobar fooba");

Deno.test("keyMark() is FNV-1a of the key's bytes, as a signed number", () => {
  assertEquals(keyMark(bytes, 0, 6), 0xbf9cf968 | 0);
  assertEquals(keyMark(bytes, 0, 0), 0x811c9dc5 | 0);
});

Deno.test("keyMark() is equal for equal keys and differs for others", () => {
  assertEquals(keyMark(bytes, 7, 13), keyMark(bytes, 0, 6));
  assertEquals(keyMark(bytes, 14, 19) === keyMark(bytes, 0, 6), false);
});
