import { binaryRefusal } from "../../../../src/protocol/memcache/binary_refusal.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("a binary request is refused in its own form, with its operation and its opaque", () => {
  // deno-fmt-ignore: one row a field.
  const request = Uint8Array.of(
    99, 99,
    0x80, 0x0a, 0, 3, 4, 0, 0, 7,
    0, 0, 0, 7,
    0xde, 0xad, 0xbe, 0xef,
    1, 2, 3, 4, 5, 6, 7, 8,
  );
  const reply = binaryRefusal(request, 2);
  // deno-fmt-ignore: one row a field.
  assertEquals([...reply.subarray(0, 24)], [
    0x81, 0x0a, 0, 0, 0, 0, 0, 0x81,
    0, 0, 0, 39,
    0xde, 0xad, 0xbe, 0xef,
    0, 0, 0, 0, 0, 0, 0, 0,
  ]);
  assertEquals(
    new TextDecoder().decode(reply.subarray(24)),
    "The proxy speaks the text protocol only",
  );
});
