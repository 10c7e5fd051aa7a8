import { LineProtocol } from "../../support/clients/line_protocol.ts";
import { RequestFrame } from "../../../src/protocol/protocol.ts";
import { commonPlace, PLACES_DIFFER } from "../../../src/router/common_place.ts";
import type { Router } from "../../../src/router/router.ts";
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

Deno.test("commonPlace() finds the one place, none, or several", () => {
  const placeOf = (line: string) => commonPlace(frame, parse(line), router);
  assertEquals(placeOf("both a4 b4 c4"), 4);
  assertEquals(placeOf("both a4 b4 c5"), PLACES_DIFFER);
  assertEquals(placeOf("both a4 x"), -1);
  assertEquals(placeOf("both a0"), 0);
});

Deno.test("commonPlace() looks at a key outside the run as well", () => {
  const cases: [line: string, place: number][] = [
    ["both a4 b4", 4],
    ["both a4 b5", PLACES_DIFFER],
    ["both a4 x", -1],
  ];
  for (const [line, place] of cases) {
    const bytes = parse(line);
    frame.keyCount = 1;
    frame.extraKey = 2;
    assertEquals(commonPlace(frame, bytes, router), place, line);
  }
  const bytes = parse("both a4");
  frame.keyCount = 0;
  frame.extraKey = 1;
  assertEquals(commonPlace(frame, bytes, router), 4);
});
