import type { EpollLoop } from "../../../../src/net/epoll/epoll_loop.ts";
import {
  HANDSHAKE_MS_PER_TURN,
  HandshakeList,
  OLDEST_EVERY,
  type TlsHandshake,
} from "../../../../src/net/epoll/tls_handshake.ts";
import { assertEquals } from "../../../deps.ts";

/** A list whose steps take `stepMs` each, and what it did. */
function scene(stepMs: number) {
  let nowMs = 0;
  let wanted = 0;
  const loop = { goOn: () => wanted++ } as unknown as EpollLoop;
  const list = new HandshakeList(loop, () => nowMs);
  const steps: number[] = [];
  const handshakes = Array.from({ length: 5 }, (_, number) =>
    ({
      isListed: false,
      isOfCrowd: false,
      earlier: null,
      later: null,
      step() {
        steps.push(number);
        nowMs += stepMs;
      },
    }) as unknown as TlsHandshake);
  return { list, steps, handshakes, wanted: () => wanted };
}

Deno.test("who came last is served first, and each fourth time the first of all, as the time of a turn allows", () => {
  const { list, steps, handshakes, wanted } = scene(HANDSHAKE_MS_PER_TURN / 2);
  for (const handshake of handshakes) list.add(handshake);
  list.add(handshakes[0]!);
  list.goOn();
  assertEquals(steps, [4, 3]);
  list.goOn();
  list.goOn();
  assertEquals(steps, [4, 3, 2, 0, 1]);
  assertEquals(wanted(), 6 + 2);
});

Deno.test("one is done however long it takes, and one that is over is not done", () => {
  const { list, steps, handshakes } = scene(HANDSHAKE_MS_PER_TURN * 10);
  for (const handshake of handshakes) list.add(handshake);
  list.forget(handshakes[1]!);
  for (let turn = 0; turn < 5; turn++) list.goOn();
  assertEquals(steps, [4, 3, 2, 0]);
});

Deno.test("those of a crowd come behind all others", () => {
  const { list, steps, handshakes } = scene(HANDSHAKE_MS_PER_TURN * 10);
  for (const number of [1, 3, 4]) handshakes[number]!.isOfCrowd = true;
  for (const handshake of handshakes) list.add(handshake);
  list.forget(handshakes[4]!);
  for (let turn = 0; turn < 5; turn++) list.goOn();
  assertEquals(steps, [2, 0, 3, 1]);
});

Deno.test("whoever waits is served, although others come all the time", () => {
  for (const isOfCrowd of [false, true]) {
    const { list, steps, handshakes } = scene(HANDSHAKE_MS_PER_TURN);
    const [newcomer, ...waiting] = handshakes;
    for (const handshake of handshakes) handshake.isOfCrowd = isOfCrowd;
    for (const handshake of waiting) list.add(handshake);
    for (let turn = 0; turn < waiting.length * OLDEST_EVERY; turn++) {
      list.add(newcomer!);
      list.goOn();
    }
    assertEquals(steps.filter((number) => number !== 0), [1, 2, 3, 4]);
  }
});
