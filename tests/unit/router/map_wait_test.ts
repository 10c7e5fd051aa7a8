/**
 * How long requests wait for a map, and what ends it.
 *
 * @module
 */
import { MapWait } from "../../../src/router/map_wait.ts";
import { ShardsState } from "../../../src/router/router.ts";
import { ManualClock } from "../../support/fakes/manual_clock.ts";
import { assertEquals } from "../../deps.ts";

const WAIT_MS = 500;

function scene() {
  const clock = new ManualClock();
  const scene = {
    clock,
    ended: 0,
    wait: new MapWait(clock, { dialTimeoutMs: WAIT_MS }, () => scene.ended += 1),
  };
  return scene;
}

Deno.test("the first map is waited for once it is begun, until it comes", () => {
  const one = scene();
  assertEquals(one.wait.awaitsFirstMap, false);
  one.wait.begin();
  assertEquals([one.wait.awaitsFirstMap, one.ended], [true, 0]);
  one.clock.advance(WAIT_MS - 1);
  one.wait.fetched(new Set(["a"]), []);
  assertEquals([one.wait.awaitsFirstMap, one.ended], [false, 1]);
  one.wait.begin();
  assertEquals(one.wait.awaitsFirstMap, false);
  one.clock.advance(WAIT_MS);
  assertEquals([one.ended, one.clock.watchedCount], [1, 0]);
});

Deno.test("without a map the first wait ends by itself, and there is no second one", () => {
  const one = scene();
  one.wait.begin();
  one.clock.advance(WAIT_MS);
  assertEquals([one.wait.awaitsFirstMap, one.ended, one.clock.watchedCount], [false, 1, 0]);
  one.wait.begin();
  assertEquals(one.wait.awaitsFirstMap, false);
  one.wait.fetched(new Set(["a"]), []);
  assertEquals(one.ended, 1);
});

Deno.test("a map that is there before the wait begins is enough", () => {
  const one = scene();
  one.wait.fetched(new Set(["a"]), []);
  one.wait.begin();
  assertEquals([one.wait.awaitsFirstMap, one.ended, one.clock.watchedCount], [false, 0, 0]);
});

Deno.test("only a master that the map does not have makes the shards unsure", () => {
  const one = scene();
  one.wait.corrected("a");
  one.wait.fetched(new Set(["a", "b"]), ["b"]);
  one.wait.corrected("a");
  assertEquals(one.wait.shards, ShardsState.Known);
  one.wait.corrected("heir");
  assertEquals(one.wait.shards, ShardsState.Awaited);
  assertEquals([...one.wait.masters], ["a", "b"]);
  one.wait.fetched(new Set(["b", "heir"]), ["heir"]);
  assertEquals([one.wait.shards, one.ended], [ShardsState.Known, 1]);
});

Deno.test("a map older than what MOVED says does not end the wait, nor begins it anew", () => {
  const one = scene();
  one.wait.fetched(new Set(["a"]), []);
  one.wait.corrected("heir");
  one.clock.advance(WAIT_MS - 1);
  one.wait.fetched(new Set(["a"]), ["heir"]);
  one.wait.corrected("another");
  assertEquals([one.wait.shards, one.ended], [ShardsState.Awaited, 1]);
  one.clock.advance(1);
  assertEquals([one.wait.shards, one.ended], [ShardsState.Unknown, 2]);
  one.wait.corrected("a third");
  assertEquals([one.wait.shards, one.clock.watchedCount], [ShardsState.Unknown, 0]);
  one.wait.fetched(new Set(["heir"]), []);
  assertEquals(one.wait.shards, ShardsState.Known);
});
