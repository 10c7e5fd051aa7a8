import { type SlicedParser, SlicedParsing } from "../../../src/net/sliced_parsing.ts";
import { FlushQueue } from "../../../src/net/flush_queue.ts";
import { GRANT_PIECES, PIECES_PER_TURN_MAX } from "../../../src/net/turn_budget.ts";
import { assertEquals } from "../../deps.ts";

/** So many frames. */
class Frames implements SlicedParser {
  left = 0;
  /** How often all was parsed in a later turn. */
  caughtUpCount = 0;

  parseNext(): boolean {
    if (this.left === 0) return false;
    this.left -= 1;
    return true;
  }

  parsedAll(): void {
    this.caughtUpCount += 1;
  }
}

/** The turns are the test's own. */
function createScene() {
  const flushQueue = new FlushQueue();
  flushQueue.isDriven = true;
  const frames = new Frames();
  return { flushQueue, frames, slices: new SlicedParsing(flushQueue, frames) };
}

Deno.test("few frames are parsed at once, and nobody is told", () => {
  const { flushQueue, frames, slices } = createScene();
  frames.left = 10;
  slices.parse();
  assertEquals([frames.left, slices.isBehind, frames.caughtUpCount], [0, false, 0]);
  assertEquals(flushQueue.hasMore, false);
});

Deno.test("many are parsed in several turns; only then is it time to read on", () => {
  const { flushQueue, frames, slices } = createScene();
  frames.left = GRANT_PIECES + PIECES_PER_TURN_MAX + 1;
  slices.parse();
  assertEquals([frames.left, slices.isBehind], [PIECES_PER_TURN_MAX + 1, true]);
  flushQueue.endTurn();
  assertEquals([frames.left, slices.isBehind, frames.caughtUpCount], [1, true, 0]);
  flushQueue.endTurn();
  assertEquals([frames.left, slices.isBehind, frames.caughtUpCount], [0, false, 1]);
  assertEquals(flushQueue.hasMore, false);
});

Deno.test("what waits when the connection is gone is parsed at once, and not again", () => {
  const { flushQueue, frames, slices } = createScene();
  frames.left = 3 * GRANT_PIECES;
  slices.parse();
  slices.parseRest();
  assertEquals([frames.left, slices.isBehind], [0, false]);
  // The next connection's frames are parsed when they come.
  frames.left = 1;
  flushQueue.endTurn();
  assertEquals([frames.left, frames.caughtUpCount], [1, 0]);
});
