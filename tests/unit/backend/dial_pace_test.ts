import {
  type Dialer,
  DialPace,
  DIALS_AT_ONCE_MAX,
  DIALS_PER_SECOND,
  LEFT_PLACES_MAX,
  NOT_WAITING,
} from "../../../src/backend/dial_pace.ts";
import { ManualClock } from "../../support/fakes/manual_clock.ts";
import { assertEquals } from "../../deps.ts";

class Scene {
  readonly clock = new ManualClock();
  readonly pace = new DialPace(this.clock);
  readonly begun: number[] = [];

  /** As many that want to connect, numbered from `first`. */
  want(count: number, first = 0): Dialer[] {
    return Array.from({ length: count }, (_, index) => {
      const dialer = { waitsAt: NOT_WAITING, beginDial: () => this.begun.push(first + index) };
      this.pace.request(dialer);
      return dialer;
    });
  }
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

Deno.test("some begin at once, the others later and in their order, whoever comes meanwhile", () => {
  const scene = new Scene();
  scene.want(DIALS_AT_ONCE_MAX + 60);
  assertEquals(scene.begun, upTo(DIALS_AT_ONCE_MAX));
  const tickMs = 50;
  const perTick = tickMs * DIALS_PER_SECOND / 1000;
  scene.clock.advance(tickMs);
  assertEquals(scene.begun, upTo(DIALS_AT_ONCE_MAX + perTick));
  scene.want(1, DIALS_AT_ONCE_MAX + 60);
  assertEquals(scene.pace.waitingCount, 61 - perTick);
  scene.clock.advance(tickMs);
  assertEquals(scene.begun, upTo(DIALS_AT_ONCE_MAX + 61));
  assertEquals(scene.clock.watchedCount, 0);
});

Deno.test("a quiet time allows no more at once than the first time", () => {
  const scene = new Scene();
  scene.clock.advance(60_000);
  scene.want(2 * DIALS_AT_ONCE_MAX);
  assertEquals(scene.begun.length, DIALS_AT_ONCE_MAX);
});

Deno.test("who wants to connect no more is passed over, and takes nobody's turn", () => {
  const scene = new Scene();
  scene.want(DIALS_AT_ONCE_MAX);
  const [gone] = scene.want(2, 1_000);
  scene.pace.forget(gone!);
  scene.pace.forget(gone!);
  scene.clock.advance(1);
  assertEquals(scene.begun.slice(DIALS_AT_ONCE_MAX), [1_001]);
});

Deno.test("each begins once and in its order, while others come and go all the time", () => {
  const scene = new Scene();
  scene.want(DIALS_AT_ONCE_MAX);
  const wanted: number[] = [];
  for (let first = 1_000; first < 1_000 + 10 * LEFT_PLACES_MAX; first += 60) {
    const dialers = scene.want(60, first);
    for (const [index, dialer] of dialers.entries()) {
      if (index % 3 === 0) scene.pace.forget(dialer);
      else wanted.push(first + index);
    }
    scene.clock.advance(25);
  }
  while (scene.pace.waitingCount > 0) scene.clock.advance(50);
  assertEquals([scene.pace.waitingCount, scene.clock.watchedCount], [0, 0]);
  assertEquals(scene.begun.slice(DIALS_AT_ONCE_MAX), wanted);
});
