import { concatenate, copyBytes } from "../../../src/bytes/copy.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("copyBytes() copies the range and nothing beside it, at any length", () => {
  for (const length of [0, 1, 2, 63, 64, 65, 1000]) {
    const source = Uint8Array.from({ length: length + 6 }, (_, index) => index % 251);
    const target = new Uint8Array(length + 10).fill(255);
    copyBytes(source, 3, 3 + length, target, 5);
    assertEquals([...target.subarray(5, 5 + length)], [...source.subarray(3, 3 + length)]);
    assertEquals([...target.subarray(0, 5), ...target.subarray(5 + length)], Array(10).fill(255));
  }
});

Deno.test("copyBytes() copies within one array to a place behind", () => {
  const bytes = Uint8Array.from([1, 2, 3, 0, 0, 0]);
  copyBytes(bytes, 0, 3, bytes, 3);
  assertEquals([...bytes], [1, 2, 3, 1, 2, 3]);
});

Deno.test("concatenate() joins in order", () => {
  assertEquals(concatenate([]), new Uint8Array(0));
  const parts = [[1, 2], [], [3]].map((part) => Uint8Array.from(part));
  assertEquals([...concatenate(parts)], [1, 2, 3]);
});
