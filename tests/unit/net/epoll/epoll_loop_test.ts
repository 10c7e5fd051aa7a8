/**
 * The loop on a real kernel, with event descriptors in the place of sockets: those are ready when
 * a test says so.
 *
 * @module
 */
import process from "node:process";
import { Clock, STEP_MAX_MS } from "../../../../src/clock.ts";
import {
  EpollLoop,
  type EventHandler,
  TURN_INTERVAL_MS,
} from "../../../../src/net/epoll/epoll_loop.ts";
import { EFD_NONBLOCK, EPOLLIN, EPOLLOUT } from "../../../../src/net/epoll/libc.ts";
import { FlushQueue } from "../../../../src/net/flush_queue.ts";
import { openDescriptors } from "../../../support/tools/descriptors.ts";
import { descriptorsClosed } from "../../../support/rigs/engine_scene.ts";
import { libcPath, openSystem } from "../../../support/tools/libc_path.ts";
import { spawnOnOneProcessor } from "../../../support/programs/one_processor.ts";
import { delay, until, withDeadline } from "../../../support/tools/poll.ts";
import { sanitizedTest } from "../../../support/tools/sanitized.ts";
import { UnhandledRejections } from "../../../support/tools/unhandled_rejections.ts";
import { assert, assertEquals } from "../../../deps.ts";

const EBADF = 9;
const EPERM = 1;

/** An event descriptor that the loop waits for. */
class Bell implements EventHandler {
  readonly descriptor: number;
  /** What the loop told: bits of events. */
  readonly heard: number[] = [];
  isAbandoned = false;
  onRing: () => void = () => {};
  readonly #scene: Scene;

  constructor(scene: Scene, count = 0) {
    this.#scene = scene;
    this.descriptor = scene.system.libc.eventfd(count, EFD_NONBLOCK);
  }

  register(events = EPOLLIN): this {
    assertEquals(this.#scene.loop.register(this.descriptor, this, events), 0);
    return this;
  }

  /** Makes it readable, for good. */
  ring(): void {
    this.#scene.system.libc.write(this.descriptor, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), 8);
  }

  onEvents(events: number): void {
    this.heard.push(events);
    this.onRing();
  }

  abandon(): void {
    this.isAbandoned = true;
    this.#scene.system.close(this.descriptor);
  }
}

class Scene implements AsyncDisposable {
  readonly #before = openDescriptors().size;
  readonly system = openSystem();
  readonly clock = new Clock();
  readonly flushQueue = new FlushQueue();
  readonly loop = new EpollLoop(this.system, this.clock, this.flushQueue);

  bell(count = 0): Bell {
    return new Bell(this, count);
  }

  /** Runs `ring` within a turn, so that everything it makes ready is ready in the one behind it. */
  async inOneTurn(ring: () => void): Promise<void> {
    const first = this.bell().register();
    first.onRing = () => {
      this.loop.close(first.descriptor);
      ring();
    };
    first.ring();
    await until(() => first.heard.length > 0, { what: "the turn", intervalMs: 1 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.loop.end();
    await descriptorsClosed(this.#before);
  }
}

sanitizedTest(
  "whoever waits hears what is ready, again and again until it is dealt with",
  async () => {
    await using scene = new Scene();
    const [rung, silent] = [scene.bell().register(), scene.bell().register()];
    rung.onRing = () => {
      if (rung.heard.length === 3) scene.loop.close(rung.descriptor);
    };
    rung.ring();
    await until(() => rung.heard.length === 3, { what: "three events", intervalMs: 1 });
    assertEquals([rung.heard, silent.heard], [[EPOLLIN, EPOLLIN, EPOLLIN], []]);
  },
);

sanitizedTest("what is waited for can be changed, and given up", async () => {
  await using scene = new Scene();
  const bell = scene.bell().register(0);
  bell.ring();
  bell.onRing = () => scene.loop.change(bell.descriptor, 0);
  await scene.inOneTurn(() => {});
  assertEquals(bell.heard, []);
  scene.loop.change(bell.descriptor, EPOLLIN | EPOLLOUT);
  await until(() => bell.heard.length > 0, { what: "an event", intervalMs: 1 });
  assertEquals(bell.heard, [EPOLLIN | EPOLLOUT]);
  scene.loop.unregister(bell.descriptor);
  bell.onRing = () => {};
  const next = scene.bell().register();
  next.onRing = () => scene.loop.close(next.descriptor);
  next.ring();
  await until(() => next.heard.length > 0, { what: "an event", intervalMs: 1 });
  assertEquals(bell.heard.length, 1);
  assert(openDescriptors().has(bell.descriptor), "it is still open");
  scene.system.close(bell.descriptor);
});

sanitizedTest("a descriptor that the kernel cannot wait for is not registered", async () => {
  await using scene = new Scene();
  const bell = scene.bell();
  assertEquals(scene.loop.register(1_000_000, bell, EPOLLIN), -EBADF);
  using file = Deno.openSync(new URL(import.meta.url));
  assert(file.readable !== null, "an open file");
  const opened = [...openDescriptors()].find(([, link]) => link.endsWith("epoll_loop_test.ts"))!;
  assertEquals(scene.loop.register(opened[0], bell, EPOLLIN), -EPERM);
  scene.loop.end();
  assertEquals(bell.isAbandoned, false);
  scene.system.close(bell.descriptor);
});

sanitizedTest(
  "an event of a closed descriptor does not reach the next owner of its number",
  async () => {
    await using scene = new Scene();
    const old = [scene.bell().register(), scene.bell().register()];
    const successors: Bell[] = [];
    for (const [index, bell] of old.entries()) {
      bell.onRing = () => {
        // The other's event stands behind this one in the same list.
        const other = old[1 - index]!;
        scene.loop.close(other.descriptor);
        const successor = scene.bell().register();
        assertEquals(successor.descriptor, other.descriptor, "the number is used again at once");
        successors.push(successor);
        scene.loop.close(bell.descriptor);
      };
    }
    await scene.inOneTurn(() => old.forEach((bell) => bell.ring()));
    await until(() => successors.length > 0, { what: "the first event", intervalMs: 1 });
    await scene.inOneTurn(() => {});
    assertEquals(old[0]!.heard.length + old[1]!.heard.length, 1);
    assertEquals([successors.length, successors[0]!.heard], [1, []]);
    successors[0]!.onRing = () => scene.loop.close(successors[0]!.descriptor);
    successors[0]!.ring();
    await until(() => successors[0]!.heard.length > 0, { what: "its own event", intervalMs: 1 });
  },
);

sanitizedTest("a turn ends once, behind all that was ready in it", async () => {
  await using scene = new Scene();
  const order: string[] = [];
  const bells = ["one", "two"].map((name) => {
    const bell = scene.bell().register();
    bell.onRing = () => {
      assertEquals(scene.flushQueue.isDriven, true);
      order.push(name);
      scene.flushQueue.defer({ runAtTurnEnd: () => order.push(`end of ${name}`) });
      scene.loop.close(bell.descriptor);
    };
    return bell;
  });
  await scene.inOneTurn(() => bells.forEach((bell) => bell.ring()));
  await until(() => order.length === 4, { what: "both ends", intervalMs: 1 });
  assertEquals(order, ["one", "two", "end of one", "end of two"]);
  assertEquals(scene.flushQueue.isDriven, false);
});

sanitizedTest(
  "who left something goes on in the next turn, once for each time it asked",
  async () => {
    await using scene = new Scene();
    const order: string[] = [];
    const resumable = {
      isWaitingToGoOn: false,
      goOn() {
        order.push("on");
        if (order.length < 4) scene.loop.goOn(resumable);
      },
    };
    await scene.inOneTurn(() => {
      scene.loop.goOn(resumable);
      scene.loop.goOn(resumable);
      assertEquals(order, [], "not within the turn");
      scene.flushQueue.defer({ runAtTurnEnd: () => order.push("end") });
    });
    await until(() => order.length >= 4, { what: "all turns", intervalMs: 1 });
    await scene.inOneTurn(() => {});
    assertEquals([order.filter((word) => word === "on").length, order.length], [3, 4]);
    assertEquals(resumable.isWaitingToGoOn, false);
  },
);

sanitizedTest("who asks from outside a turn wakes a loop that waits for nothing", async () => {
  await using scene = new Scene();
  scene.bell().register();
  await scene.inOneTurn(() => {});
  for (let count = 1; count <= 3; count++) {
    // By then the loop waits on its thread, for there is nothing to serve.
    await delay(4 * TURN_INTERVAL_MS);
    let turns = 0;
    const resumable = { isWaitingToGoOn: false, goOn: () => turns += 1 };
    scene.loop.goOn(resumable);
    await until(() => turns > 0, { what: "the turn", intervalMs: 1, deadlineMs: 2000 });
    assertEquals([turns, resumable.isWaitingToGoOn], [1, false]);
  }
});

sanitizedTest("the end closes descriptors that are owned and not waited for", async () => {
  await using scene = new Scene();
  const [kept, closed] = [scene.bell(), scene.bell()];
  scene.loop.own(kept.descriptor, kept);
  scene.loop.own(closed.descriptor, closed);
  scene.loop.close(closed.descriptor);
  scene.loop.end();
  assertEquals([kept.isAbandoned, closed.isAbandoned], [true, false]);
});

sanitizedTest("timers and messages have their turn while something is always ready", async () => {
  await using scene = new Scene();
  const busy = scene.bell(1).register();
  const channel = new MessageChannel();
  const message = new Promise<number>((resolve) => {
    channel.port1.onmessage = () => resolve(busy.heard.length);
  });
  await until(() => busy.heard.length > 0, { what: "the load", intervalMs: 1 });
  channel.port2.postMessage("hello");
  await withDeadline(message, "the message");
  const gaps: number[] = [];
  let lastMs = performance.now();
  const timer = setInterval(() => {
    gaps.push(performance.now() - lastMs);
    lastMs = performance.now();
  }, 5);
  const served = busy.heard.length;
  await until(() => gaps.length >= 20, { what: "twenty ticks" });
  clearInterval(timer);
  channel.port1.close();
  channel.port2.close();
  // On a busy machine any tick may be late, but never all of them.
  const soon = gaps.filter((gap) => gap < 4 * TURN_INTERVAL_MS).length;
  assert(soon >= 3, `the ticks came after ${gaps.map(Math.round)} ms`);
  assert(busy.heard.length - served > 200, `served ${busy.heard.length - served} times meanwhile`);
});

sanitizedTest(
  "every turn of Deno's loop runs the timers that are due, on one processor",
  async () => {
    // There the wait on the other thread is always over before Deno asks for it.
    const program =
      new URL("../../../support/programs/busy_loop_program.ts", import.meta.url).pathname;
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", program, libcPath],
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    });
    const { code, stdout, stderr } = await spawnOnOneProcessor(libcPath, command).output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    const usedMs: number[] = JSON.parse(new TextDecoder().decode(stdout));
    // One or two turns of 4 ms each; a hundred where they leave out the timers.
    assert(Math.max(...usedMs) <= 60, `used between two ticks of 5 ms: ${usedMs} ms`);
  },
);

sanitizedTest("without events timers run at once, and waiting costs nothing", async () => {
  await using scene = new Scene();
  const bell = scene.bell().register();
  await scene.inOneTurn(() => {});
  await delay(4 * TURN_INTERVAL_MS);
  const lateMs: number[] = [];
  const before = process.cpuUsage();
  const beganMs = performance.now();
  for (let count = 0; count < 30; count++) {
    const wantedMs = performance.now() + 5;
    await delay(5);
    lateMs.push(performance.now() - wantedMs);
  }
  const { user, system } = process.cpuUsage(before);
  // A wait that blocks would make nearly all of them late, by up to 4 ms; a busy machine some.
  const quartile = lateMs.toSorted((one, other) => one - other)[7]!;
  assert(quartile < 1.5, `three quarters of the timers were more than ${quartile} ms late`);
  const share = (user + system) / 1000 / (performance.now() - beganMs);
  assert(share < 0.3, `used ${share} of a core`);
  bell.onRing = () => scene.loop.close(bell.descriptor);
  bell.ring();
  await until(() => bell.heard.length > 0, { what: "new traffic", intervalMs: 1 });
});

sanitizedTest("Deno's loop has its turn while the time for deadlines stands still", async () => {
  await using scene = new Scene();
  let ticks = 0;
  scene.clock.watch({ isWatched: false, onTick: () => ++ticks < 3 });
  const bell = scene.bell().register();
  const startMs = performance.now();
  let ticksAtEnd = -1;
  bell.onRing = () => {
    // A turn so long that the tick is late, and others behind it without a pause.
    while (bell.heard.length === 1 && performance.now() < startMs + 2 * STEP_MAX_MS) continue;
    if (ticks < 3 && performance.now() < startMs + 5_000) return;
    ticksAtEnd = ticks;
    scene.loop.close(bell.descriptor);
  };
  bell.ring();
  await until(() => ticksAtEnd >= 0, { what: "the end", intervalMs: 1 });
  assertEquals(ticksAtEnd, 3);
});

sanitizedTest("the end abandons everybody, once, and lets nobody hear any more", async () => {
  await using scene = new Scene();
  const bells = [scene.bell().register(), scene.bell().register(), scene.bell().register()];
  const [first, second, third] = bells as [Bell, Bell, Bell];
  await scene.inOneTurn(() => {
    scene.loop.close(third.descriptor);
    second.ring();
    first.ring();
    first.onRing = () => scene.loop.end();
    second.onRing = () => scene.loop.end();
  });
  await until(() => scene.loop.isClosed, { what: "the end", intervalMs: 1 });
  scene.loop.end();
  assertEquals(bells.map((bell) => bell.isAbandoned), [true, true, false]);
  assertEquals(first.heard.length + second.heard.length, 1);
});

sanitizedTest(
  "what a handler throws ends the loop; nothing stays open behind its end",
  async () => {
    using rejections = new UnhandledRejections();
    await using scene = new Scene();
    const mistake = new Error("mistake");
    const bell = scene.bell().register();
    bell.onRing = () => {
      throw mistake;
    };
    bell.ring();
    await until(() => rejections.errors.length > 0, { what: "the error", intervalMs: 1 });
    assertEquals([rejections.errors, bell.isAbandoned], [[mistake], false]);
    scene.loop.end();
    assertEquals(bell.isAbandoned, true);
  },
);

sanitizedTest("a loop that never waited ends at once", () => {
  const before = openDescriptors().size;
  const loop = new EpollLoop(openSystem(), new Clock(), new FlushQueue());
  assert(openDescriptors().size > before, "it has descriptors");
  loop.end();
  assertEquals(openDescriptors().size, before);
});
