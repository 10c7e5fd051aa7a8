import { clearFrame, refuse } from "../../../../src/protocol/memcache/request_frame.ts";
import { NO_OPERATION, RequestFrame } from "../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../deps.ts";
import { toBytes, toText } from "./parse_stream.ts";

Deno.test("a cleared frame says nothing of the last request", () => {
  const frame = new RequestFrame();
  Object.assign(frame, {
    keyCount: 3,
    extraKey: 1,
    refusal: toBytes("x"),
    isQuiet: true,
    isRewritten: true,
    operation: 7,
    decodedKey: toBytes("k"),
    fragmentBytesMax: 5,
  });
  clearFrame(frame);
  assertEquals([frame.keyCount, frame.extraKey, frame.fragmentBytesMax], [0, -1, 0]);
  assertEquals([frame.isQuiet, frame.isRewritten, frame.operation], [false, false, NO_OPERATION]);
  assertEquals([frame.row, frame.refusal, frame.decodedKey], [null, null, null]);
});

Deno.test("an error is not said behind noreply, but to a quiet meta command", () => {
  for (
    const [isQuiet, operation, said] of [
      [false, NO_OPERATION, "no"],
      [true, NO_OPERATION, ""],
      [true, 0, "no"],
    ] as const
  ) {
    const frame = new RequestFrame();
    Object.assign(frame, { isQuiet, operation });
    refuse(frame, toBytes("no"));
    assertEquals(toText(frame.refusal!), said);
  }
});
