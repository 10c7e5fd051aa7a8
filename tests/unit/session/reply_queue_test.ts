/**
 * Replies leave in request order, whatever the order in which backends give them.
 *
 * @module
 */
import { SendLog } from "../../../src/bytes/send_log.ts";
import { failures } from "../../../src/failure.ts";
import { ParseStatus } from "../../../src/protocol/protocol.ts";
import { NOBODY } from "../../../src/request/exchange.ts";
import type { Request, RequestOwner } from "../../../src/request/request.ts";
import { ReplyQueue } from "../../../src/session/reply_queue.ts";
import { CoreRig, type RigOptions } from "../../support/rigs/core_rig.ts";
import { seededRandom } from "../../support/tools/seed.ts";
import { assertEquals } from "../../deps.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const owner: RequestOwner = {
  requestReplied: () => {},
  requestFailed: () => {},
  requestRedirected: () => {},
  requestGrows: () => {},
};

/** A queue that writes to a log of its own. */
class Scene implements Disposable {
  readonly rig: CoreRig;
  readonly log: SendLog;
  readonly queue: ReplyQueue;

  constructor(options: RigOptions = {}) {
    this.rig = new CoreRig(options);
    this.log = new SendLog(this.rig.chunks);
    this.queue = new ReplyQueue(this.rig.sessionContext, this.log);
  }

  push(isQuiet = false): Request {
    const request = this.rig.requests.takeRequest();
    request.begin(owner, isQuiet, this.rig.clock.nowMs);
    this.queue.push(request);
    return request;
  }

  /** A request with a fragment for each place that occurs in the keys' last digits. */
  pushSplit(line: string): Request {
    const request = this.push();
    const { protocol, frame, fanOut, router } = this.rig.sessionContext;
    const bytes = encoder.encode(`${line}\n`);
    const status = protocol.createRequestParser(frame).parse(bytes, 0, bytes.length);
    assertEquals(status, ParseStatus.Complete);
    request.split = fanOut.split(frame, bytes, router);
    return request;
  }

  answer(request: Request, text: string, isOwned = false): void {
    const bytes = encoder.encode(`noise${text}`);
    this.queue.answer(request, bytes, 5, bytes.length, isOwned);
  }

  answerFragment(request: Request, index: number, text: string): void {
    const bytes = encoder.encode(text);
    const fragment = request.split!.parts[index]!;
    this.queue.answerFragment(request, fragment, bytes, 0, bytes.length, false);
  }

  failFragment(request: Request, index: number): void {
    const fragment = request.split!.parts[index]!;
    this.queue.failFragment(request, fragment, failures.backendTimeout, "host:1");
  }

  /** What was written since the last call. */
  written(): string {
    let text = "";
    for (let bytes = this.log.handOver(); bytes !== null; bytes = this.log.handOver()) {
      text += decoder.decode(bytes);
      this.log.wrote(bytes.length);
    }
    return text;
  }

  async ends(): Promise<void> {
    assertEquals([this.queue.size, this.queue.keptBytes], [0, 0]);
    await this.rig.ends();
  }

  [Symbol.dispose](): void {
    this.rig[Symbol.dispose]();
  }
}

Deno.test("the reply to the oldest request is written at once; nothing is kept", async () => {
  using scene = new Scene();
  const first = scene.push();
  scene.answer(first, "A\n");
  assertEquals([scene.written(), scene.queue.size, scene.queue.keptBytes], ["A\n", 0, 0]);
  await scene.ends();
});

Deno.test("an early reply waits for its turn, and is copied: its buffer may be used again", async () => {
  using scene = new Scene();
  const [first, second, third] = [scene.push(), scene.push(), scene.push()];
  const bytes = encoder.encode("third\n");
  scene.queue.answer(third, bytes, 0, 6, false);
  bytes.fill(0x21);
  scene.answer(second, "second\n");
  assertEquals([scene.written(), scene.queue.keptBytes], ["", 13]);
  scene.answer(first, "first\n");
  assertEquals(scene.written(), "first\nsecond\nthird\n");
  await scene.ends();
});

Deno.test("a failure is written in its turn, with its address", async () => {
  using scene = new Scene();
  const [first, second] = [scene.push(), scene.push()];
  scene.queue.fail(second, failures.backendTimeout, "host:1");
  assertEquals(scene.written(), "");
  scene.queue.fail(first, failures.noBackend, "");
  assertEquals(scene.written(), "-no_backend\n-backend_timeout host:1\n");
  await scene.ends();
});

Deno.test("quiet requests keep their place and write nothing", async () => {
  using scene = new Scene();
  const [first, quietReplied, quietFailed, last] = [
    scene.push(),
    scene.push(true),
    scene.push(true),
    scene.push(),
  ];
  scene.answer(quietReplied, "stored\n");
  scene.queue.fail(quietFailed, failures.backendTimeout, "host:1");
  scene.answer(last, "last\n");
  scene.answer(first, "first\n");
  assertEquals(scene.written(), "first\nlast\n");
  const oldest = scene.push(true);
  scene.answer(oldest, "stored\n");
  assertEquals(scene.written(), "");
  await scene.ends();
});

Deno.test("a large reply that comes early is kept and written without a copy", async () => {
  using scene = new Scene();
  const [first, second] = [scene.push(), scene.push()];
  const text = "x".repeat(300_000);
  const bytes = encoder.encode(`..${text}..`);
  scene.queue.answer(second, bytes, 2, 300_002, true);
  assertEquals(scene.queue.keptBytes, 300_000);
  scene.answer(first, "first\n");
  assertEquals(decoder.decode(scene.log.handOver()!), "first\n");
  scene.log.wrote(6);
  const large = scene.log.handOver()!;
  assertEquals([large.buffer === bytes.buffer, large.length], [true, 300_000]);
  scene.log.wrote(300_000);
  assertEquals(scene.written(), "");
  await scene.ends();
});

Deno.test("a split request is merged when its last fragment is answered, in key order", async () => {
  using scene = new Scene();
  const request = scene.pushSplit("mget a0 b1 c0");
  scene.answerFragment(request, 1, "B\n");
  assertEquals(scene.written(), "");
  scene.answerFragment(request, 0, "A,C\n");
  assertEquals(scene.written(), "A,B,C\n");
  await scene.ends();
});

Deno.test("a split request that is whole before its turn is merged at its turn", async () => {
  using scene = new Scene();
  const first = scene.push();
  const request = scene.pushSplit("mget a0 b1 c0");
  scene.answerFragment(request, 0, "A,C\n");
  scene.failFragment(request, 1);
  assertEquals([scene.written(), scene.queue.keptBytes], ["", 4]);
  scene.answer(first, "first\n");
  assertEquals(scene.written(), "first\nA,-backend_timeout host:1,C\n");
  await scene.ends();
});

Deno.test("abandon() swallows what is on its way and gives back all that was kept", async () => {
  using scene = new Scene();
  const [first, second] = [scene.push(), scene.push()];
  const exchange = scene.rig.requests.takeExchange();
  exchange.begin(first, 0, 0, false, NOBODY);
  first.exchange = exchange;
  scene.answer(second, "second\n");
  const request = scene.pushSplit("mget a0 b1");
  const fragmentExchange = scene.rig.requests.takeExchange();
  fragmentExchange.begin(request, 0, 0, false, NOBODY);
  request.split!.parts[0]!.exchange = fragmentExchange;
  scene.answerFragment(request, 1, "B\n");
  scene.queue.abandon();
  assertEquals([exchange.receiver, fragmentExchange.receiver], [null, null]);
  assertEquals(scene.written(), "");
  scene.rig.requests.releaseExchange(exchange);
  scene.rig.requests.releaseExchange(fragmentExchange);
  await scene.ends();
});

Deno.test("output beyond the reply being delivered may reach the limit; one reply may pass it alone", async () => {
  using scene = new Scene({ sessionLimits: { outputBytesMax: 100_000 } });
  const [first, second, third] = [scene.push(), scene.push(), scene.push()];
  assertEquals(scene.queue.wouldOverflow(first, 10_000_000), false);
  scene.answer(first, "a".repeat(150_000), true);
  assertEquals(scene.queue.wouldOverflow(second, 10_000_000), false);
  scene.answer(third, "c".repeat(60_000));
  assertEquals(scene.queue.wouldOverflow(second, 40_000), false);
  assertEquals(scene.queue.wouldOverflow(second, 40_001), true);
  scene.answer(second, "b".repeat(30_000));
  const last = scene.push();
  assertEquals([scene.queue.wouldOverflow(last, 10_000), scene.queue.wouldOverflow(last, 10_001)], [
    false,
    true,
  ]);
  assertEquals(scene.written().length, 240_000);
  const next = scene.push();
  assertEquals(scene.queue.wouldOverflow(next, 10_000_000), false);
  scene.queue.abandon();
  await scene.ends();
});

Deno.test("any order of replies comes out as the order of requests", async () => {
  const random = seededRandom("reply queue");
  for (let round = 0; round < 50; round++) {
    using scene = new Scene();
    const open: { request: Request; number: number; due: number[] }[] = [];
    let expected = "";
    let written = "";
    for (let number = 0; number < 60; number++) {
      if (random.chance(0.2)) {
        open.push({ request: scene.pushSplit("mget a0 b1"), number, due: [0, 1] });
        expected += `${number}.0,${number}.1\n`;
      } else {
        const isQuiet = random.chance(0.2);
        open.push({ request: scene.push(isQuiet), number, due: [] });
        if (!isQuiet) expected += `${number}${"x".repeat(number * number)}\n`;
      }
      while (open.length > 0 && random.chance(0.5)) {
        answerOne(scene, open, random.below(open.length));
      }
      if (random.chance(0.3)) written += scene.written();
    }
    while (open.length > 0) answerOne(scene, open, random.below(open.length));
    written += scene.written();
    assertEquals(written, expected);
    await scene.ends();
  }
});

function answerOne(
  scene: Scene,
  open: { request: Request; number: number; due: number[] }[],
  index: number,
): void {
  const { request, number, due } = open[index]!;
  if (request.split === null) {
    scene.answer(request, `${number}${"x".repeat(number * number)}\n`);
    open.splice(index, 1);
    return;
  }
  const fragment = number % 2 === 0 ? due.pop()! : due.shift()!;
  if (due.length === 0) open.splice(index, 1);
  scene.answerFragment(request, fragment, `${number}.${fragment}\n`);
}

Deno.test("what a quiet request is answered decides whether its client sees it, whatever the order", () => {
  using scene = new Scene();
  const { queue } = scene;
  queue.dialect = {
    ...scene.rig.context.protocol,
    breaksSilence: ({ opaque }, bytes, start) => bytes[start] === 0x21 && opaque === 7,
    writeFailure: ({ name }, _address, target, { opaque }) =>
      target.append(encoder.encode(`${name} ${opaque}\n`), 0, name.length + 3),
  };
  const requests = Array.from({ length: 5 }, () => {
    const request = scene.push(true);
    request.mark({ operation: 0, opaque: 7, isQuiet: true });
    return request;
  });
  const plain = scene.push(true);
  scene.answer(requests[1]!, "!early\n");
  scene.answer(requests[2]!, "early\n");
  scene.answer(requests[0]!, "!first\n");
  scene.answer(requests[3]!, "silent\n");
  queue.fail(requests[4]!, failures.backendClosed, "");
  queue.fail(plain, failures.backendClosed, "");
  assertEquals(scene.written(), "!first\n!early\nbackend_closed 7\n");
});
