/**
 * What every I/O engine promises about work that takes more than one turn.
 *
 * @module
 */
import { PIECES_PER_TURN_MAX } from "../../src/net/turn_budget.ts";
import { assert, assertEquals } from "../deps.ts";
import { readText, type SceneTest } from "../support/rigs/engine_scene.ts";
import { withDeadline } from "../support/tools/poll.ts";

/** How long an answer may take while the work goes on, milliseconds. */
const ANSWER_TIMEOUT_MS = 5_000;

/** Registers the tests of the contract about work that takes several turns. */
export function testTurns(test: SceneTest): void {
  test("work that takes many turns lets bytes come and go in between", async (scene) => {
    const [server, peer] = await scene.pairWithPeer();
    server.echo();
    const { flushQueue } = scene.engine;
    const endAtMs = performance.now() + ANSWER_TIMEOUT_MS;
    let turns = 0;
    let isAnswered = false;
    const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
    const work = {
      isQueued: false,
      work: () => {
        turns += 1;
        if (!isAnswered && performance.now() < endAtMs) return PIECES_PER_TURN_MAX;
        end();
        return 0;
      },
    };
    flushQueue.workOn(work);
    await peer.write(new TextEncoder().encode("hello"));
    assertEquals(await Promise.race([readText(peer, 5), isOver]), "hello");
    isAnswered = true;
    await isOver;
    assert(turns > 1, `${turns} turns`);
  });

  test("work that was left for a later turn is done though nothing comes", async (scene) => {
    await scene.pair();
    await scene.fence();
    const { flushQueue } = scene.engine;
    const { promise, resolve } = Promise.withResolvers<void>();
    const work = { isQueued: false, work: () => (resolve(), 0) };
    setTimeout(() => flushQueue.workOn(work), 20);
    await withDeadline(promise, "the turn");
  });
}
