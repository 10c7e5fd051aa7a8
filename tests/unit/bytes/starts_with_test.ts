import { startsWith } from "../../../src/bytes/starts_with.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("a prefix must stand at the start, and wholly before the end", () => {
  const bytes = new TextEncoder().encode("-ERR no");
  const prefix = new TextEncoder().encode("ERR");
  assertEquals(startsWith(bytes, 1, bytes.length, prefix), true);
  assertEquals(startsWith(bytes, 1, 4, prefix), true);
  assertEquals(startsWith(bytes, 1, 3, prefix), false);
  assertEquals(startsWith(bytes, 0, bytes.length, prefix), false);
});
