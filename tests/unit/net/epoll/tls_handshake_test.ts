import type { EpollLoop } from "../../../../src/net/epoll/epoll_loop.ts";
import {
  HANDSHAKE_MS_PER_TURN,
  HandshakeQueue,
  type TlsHandshake,
} from "../../../../src/net/epoll/tls_handshake.ts";
import { assertEquals } from "../../../deps.ts";

/** A queue whose steps take `stepMs` each, and what it did. */
function scene(stepMs: number) {
  let nowMs = 0;
  let wanted = 0;
  const loop = { goOn: () => wanted++ } as unknown as EpollLoop;
  const queue = new HandshakeQueue(loop, () => nowMs);
  const steps: number[] = [];
  const handshakes = Array.from({ length: 5 }, (_, number) =>
    ({
      step() {
        steps.push(number);
        nowMs += stepMs;
      },
    }) as unknown as TlsHandshake);
  return { queue, steps, handshakes, wanted: () => wanted };
}

Deno.test("handshakes are done in the order in which they came, as the time of a turn allows", () => {
  const { queue, steps, handshakes, wanted } = scene(HANDSHAKE_MS_PER_TURN / 2);
  for (const handshake of handshakes) queue.add(handshake);
  queue.add(handshakes[0]!);
  queue.goOn();
  assertEquals(steps, [0, 1]);
  queue.goOn();
  queue.goOn();
  assertEquals(steps, [0, 1, 2, 3, 4]);
  assertEquals(wanted(), 6 + 2);
});

Deno.test("one is done however long it takes, and one that is over is not done", () => {
  const { queue, steps, handshakes } = scene(HANDSHAKE_MS_PER_TURN * 10);
  for (const handshake of handshakes) queue.add(handshake);
  queue.forget(handshakes[1]!);
  for (let turn = 0; turn < 5; turn++) queue.goOn();
  assertEquals(steps, [0, 2, 3, 4]);
});
