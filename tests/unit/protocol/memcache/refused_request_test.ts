/**
 * The end of a refused request is found in whatever pieces it comes, and then the frame says how it is answered.
 *
 * @module
 */
import { RefusedRequest } from "../../../../src/protocol/memcache/refused_request.ts";
import { ParseStatus, RequestFrame } from "../../../../src/protocol/protocol.ts";
import { assertEquals } from "../../../deps.ts";

const REFUSAL = new Uint8Array([1]);

function scene() {
  const parser = { frame: new RequestFrame(), frameBytes: 0, keepFrom: 0 };
  return { parser, refused: new RefusedRequest(parser) };
}

function shown({ start, end, argumentCount, refusal, isQuiet }: RequestFrame) {
  return { start, end, argumentCount, refusal, isQuiet };
}

const ANSWER = { argumentCount: 0, refusal: REFUSAL };

Deno.test("a refused request that is there already is whole at once", () => {
  const { parser, refused } = scene();
  const status = refused.begin({ start: 3, frameEnd: 20, end: 20 }, REFUSAL, true);
  assertEquals([status, refused.bytesToCome], [ParseStatus.Complete, 0]);
  assertEquals(shown(parser.frame), { start: 3, end: 20, ...ANSWER, isQuiet: true });
});

Deno.test("what is still to come is skipped in pieces, and nothing of it is kept", () => {
  const { parser, refused } = scene();
  assertEquals(
    refused.begin({ start: 0, frameEnd: 100, end: 10 }, REFUSAL),
    ParseStatus.Incomplete,
  );
  assertEquals([refused.bytesToCome, parser.keepFrom, parser.frameBytes], [90, 10, 1]);
  assertEquals(refused.skip(10, 50), ParseStatus.Incomplete);
  assertEquals([refused.bytesToCome, parser.keepFrom], [50, 50]);
  // Other bytes stand behind its end.
  assertEquals(refused.skip(5, 80), ParseStatus.Complete);
  assertEquals(shown(parser.frame), { start: 5, end: 55, ...ANSWER, isQuiet: false });
  assertEquals(refused.bytesToCome, 0);
});
