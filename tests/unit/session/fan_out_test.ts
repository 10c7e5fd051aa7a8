import { LineProtocol } from "../../support/clients/line_protocol.ts";
import { RequestFrame } from "../../../src/protocol/protocol.ts";
import type { Router } from "../../../src/router/router.ts";
import { FanOut } from "../../../src/session/fan_out.ts";
import { assertEquals } from "../../deps.ts";

const protocol = new LineProtocol();
const frame = new RequestFrame();
const parser = protocol.createRequestParser(frame);

/** A key's place is the number behind its first letter; `x` has none. */
const router = {
  place: (bytes: Uint8Array, start: number, end: number): number => {
    const key = new TextDecoder().decode(bytes.subarray(start, end));
    return key.startsWith("x") ? -1 : Number(key.slice(1));
  },
} as Router;

function parse(line: string): Uint8Array {
  const bytes = new TextEncoder().encode(`noise${line}\n`);
  assertEquals(parser.parse(bytes, 5, bytes.length), 0);
  return bytes;
}

/** The fragments of a request: place and the ordinals of its keys, as the selection gives them. */
function split(fanOut: FanOut, line: string): { place: number; keys: number[] }[] | null {
  const made = fanOut.split(frame, parse(line), router);
  if (made === null) return null;
  assertEquals(made.due, made.parts.length);
  return made.parts.map((fragment, index) => {
    fanOut.select(fragment);
    const keys: number[] = [];
    for (let key = fanOut.firstKey; key >= 0; key = fanOut.nextKey[key]!) {
      assertEquals(made.fragmentOfKey[key], index);
      keys.push(key);
    }
    assertEquals(keys.length, fanOut.keyCount);
    return { place: fragment.place, keys };
  });
}

Deno.test("keys are grouped by place, in the order in which places and keys come", () => {
  assertEquals(split(new FanOut(), "mget a7 b3 c7 d0 e3 f7"), [
    { place: 7, keys: [0, 2, 5] },
    { place: 3, keys: [1, 4] },
    { place: 0, keys: [3] },
  ]);
});

Deno.test("a split leaves nothing behind for the next one", () => {
  const fanOut = new FanOut();
  split(fanOut, "mget a7 b3 c7");
  assertEquals(split(fanOut, "mget a3 b7"), [
    { place: 3, keys: [0] },
    { place: 7, keys: [1] },
  ]);
  assertEquals(split(fanOut, "mget a3 x b7"), null);
  assertEquals(split(fanOut, "mget a7 b3"), [
    { place: 7, keys: [0] },
    { place: 3, keys: [1] },
  ]);
});

Deno.test("more keys and higher places than ever before find room", () => {
  const fanOut = new FanOut();
  const keys = Array.from({ length: 5000 }, (_, index) => `k${index * 20}`);
  const parts = split(fanOut, `mget ${keys.join(" ")} k99980 k0`)!;
  assertEquals(parts.length, 5000);
  assertEquals(parts[0], { place: 0, keys: [0, 5001] });
  assertEquals(parts[4999], { place: 99_980, keys: [4999, 5000] });
});

Deno.test("grouping survives the wrap of its stamp", () => {
  for (let before = 3; before >= 0; before--) {
    const fanOut = new FanOut(2 ** 31 - 1 - before);
    for (let round = 0; round < 6; round++) {
      const parts = split(fanOut, round % 2 === 0 ? "mget a1 b2 c1" : "mget a9 b1 c9");
      assertEquals(parts!.map(({ keys }) => keys), [[0, 2], [1]], `round ${round}`);
    }
  }
});

Deno.test("a request that limits the keys of a fragment gets more fragments for one place", () => {
  const fanOut = new FanOut();
  const bytes = parse("mget a7 b3 c7 d7 e3 f7 g7");
  // Two keys of two bytes, with a separator each.
  frame.fragmentBytesMax = 6;
  const made = fanOut.split(frame, bytes, router)!;
  frame.fragmentBytesMax = 0;
  const seen = made.parts.map((fragment) => {
    fanOut.select(fragment);
    const keys: number[] = [];
    for (let key = fanOut.firstKey; key >= 0; key = fanOut.nextKey[key]!) keys.push(key);
    assertEquals(keys.length, fragment.keyCount);
    return [fragment.place, keys];
  });
  assertEquals(seen, [[7, [0, 2]], [3, [1, 4]], [7, [3, 5]], [7, [6]]]);
  assertEquals([...made.fragmentOfKey], [0, 1, 0, 2, 1, 2, 3]);
});
