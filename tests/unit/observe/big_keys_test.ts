import { BIG_KEYS_MAX, type BigKey, BigKeys, mergeBigKeys } from "../../../src/observe/big_keys.ts";
import { assertEquals } from "../../deps.ts";

function seen(key: string, bytes: number, part: BigKey["part"] = "reply", seenAtMs = 1) {
  const name = new TextEncoder().encode(key);
  return {
    ...{ key: name, keyCount: 1, part, bytes, command: "get", backend: "a:1", seenAtMs },
  };
}

function shown(entries: readonly BigKey[]): [string, string, number, number][] {
  const decoder = new TextDecoder();
  return entries.map(({ key, part, bytes, count }) => [decoder.decode(key), part, bytes, count]);
}

Deno.test("a key stands once for its requests and once for its replies, with its largest size", () => {
  const keys = new BigKeys();
  keys.note(seen("a", 70_000));
  keys.note(seen("a", 90_000));
  keys.note(seen("a", 80_000));
  keys.note(seen("a", 75_000, "request"));
  assertEquals(shown(keys.entries()), [["a", "reply", 90_000, 3], ["a", "request", 75_000, 1]]);
  keys.reset();
  assertEquals(keys.entries(), []);
});

Deno.test("the largest are kept", () => {
  const keys = new BigKeys();
  for (let index = 0; index <= BIG_KEYS_MAX; index++) keys.note(seen(`k${index}`, 70_000 + index));
  keys.note(seen("small", 1));
  assertEquals(keys.noted, BIG_KEYS_MAX + 2);
  const names = shown(keys.entries()).map(([key]) => key);
  assertEquals([names.length, names.includes("k0"), names.includes("k128")], [128, false, true]);
});

Deno.test("the keys of workers are one list, the largest first", () => {
  const [one, other] = [new BigKeys(), new BigKeys()];
  one.note(seen("a", 70_000, "reply", 5));
  other.note({ ...seen("a", 80_000, "reply", 3), command: "mget" });
  other.note(seen("b", 99_000));
  const merged = mergeBigKeys([one.entries(), other.entries()], 10);
  assertEquals(shown(merged), [["b", "reply", 99_000, 1], ["a", "reply", 80_000, 2]]);
  assertEquals([merged[1]!.command, merged[1]!.seenAtMs], ["get", 5]);
  assertEquals(mergeBigKeys([one.entries(), other.entries()], 1).length, 1);
});
