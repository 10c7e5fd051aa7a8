/**
 * When a worker counts as silent.
 *
 * @module
 */
import { SilenceWatch, UNANSWERED_MAX } from "../../../src/supervisor/silence_watch.ts";
import { assertEquals } from "../../deps.ts";

class FakeWorker {
  isListening = true;
  unanswered = 0;
  pings = 0;

  ping(): void {
    this.pings += 1;
    this.unanswered += 1;
  }
}

Deno.test("a worker is silent when it has left as many questions as fit unanswered, one after the other", () => {
  const [quick, stuck, starting] = [new FakeWorker(), new FakeWorker(), new FakeWorker()];
  starting.isListening = false;
  const silent: FakeWorker[] = [];
  const watch = new SilenceWatch(() => [quick, stuck, starting], (worker) => silent.push(worker));
  for (let round = 0; round < UNANSWERED_MAX; round++) {
    watch.ask();
    quick.unanswered = 0;
  }
  assertEquals([silent, stuck.pings, starting.pings], [[], UNANSWERED_MAX, 0]);
  watch.ask();
  assertEquals([silent, stuck.pings, quick.pings], [[stuck], UNANSWERED_MAX, UNANSWERED_MAX + 1]);
});

Deno.test("an answer that comes at last is one", () => {
  const slow = new FakeWorker();
  const silent: FakeWorker[] = [];
  const watch = new SilenceWatch(() => [slow], (worker) => silent.push(worker));
  for (let round = 0; round < 3 * UNANSWERED_MAX; round++) {
    watch.ask();
    if (slow.unanswered === UNANSWERED_MAX) slow.unanswered = 0;
  }
  assertEquals(silent, []);
});

Deno.test("start() and stop() may be said twice, and no timer is left", () => {
  const watch = new SilenceWatch(() => [], () => {});
  watch.stop();
  watch.start();
  watch.start();
  watch.stop();
  watch.stop();
});
