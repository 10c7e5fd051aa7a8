import { RequestFrame } from "../../../src/protocol/protocol.ts";
import { keepFrame } from "../../../src/session/long_dispatch.ts";
import { assertEquals, assertNotStrictEquals } from "../../deps.ts";

Deno.test("what the next parse overwrites is kept", () => {
  const frame = new RequestFrame();
  frame.start = 3;
  frame.end = 9;
  frame.keyCount = 2;
  frame.offsets[0] = 7;
  const kept = keepFrame(frame);
  frame.start = 0;
  frame.keyCount = 1;
  frame.offsets[0] = 1;
  assertEquals([kept.start, kept.end, kept.keyCount, kept.offsets[0]], [3, 9, 2, 7]);
  assertEquals([kept.argumentStart(0), frame.argumentStart(0)], [10, 1]);
  assertNotStrictEquals(kept.offsets, frame.offsets);
});
