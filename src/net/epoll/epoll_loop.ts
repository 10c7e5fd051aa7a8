/**
 * The wait for descriptors to become ready, and the turns it makes:
 *
 * ```text
 *   ┌─► wait here, up to the end of 4 ms ─► serve what is ready ─► end of turn: each socket written once ─┐
 *   │      └────────────────────── until they are over ───────────────────────────────────────────────────┤
 *   ├──────────── Deno's own loop has its turn: timers, messages, results of lookups ◄────────────────────┤
 *   └──────────── nothing came in time: wait on a thread of Deno's pool, while Deno's loop is free ◄───────┘
 * ```
 *
 * Sockets are waited for by edges: the kernel tells once that something has become ready. One that leaves some
 * of it for later asks to {@link EpollLoop.goOn}, behind all others that are ready.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { FlushQueue } from "../flush_queue.ts";
import {
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  EINTR,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLET,
  epollEventLayout,
  EPOLLIN,
} from "./libc.ts";
import type { System } from "./system.ts";

/** How long Deno's own loop may have to wait for its turn, milliseconds. */
export const TURN_INTERVAL_MS = 4;
/** Most sockets served before all that they sent is written. */
const EVENTS_MAX = 256;

/** Who owns a descriptor. */
export interface EventHandler {
  /** What is ready: bits of `EPOLLIN` and the like. */
  onEvents(events: number): void;
  /** The loop ends: close the descriptor and tell nobody. */
  abandon(): void;
}

/** Somebody who left something for the next turn. */
export interface Resumable {
  /** Whether the loop has it on its list; only the loop writes it. */
  isWaitingToGoOn: boolean;
  goOn(): void;
}

/** One per engine. Begins to wait with the first descriptor. */
export class EpollLoop {
  readonly system: System;
  readonly clock: Clock;
  readonly flushQueue: FlushQueue;
  /** Whether it has ended; only the loop writes it. */
  isClosed = false;
  readonly #epoll: number;
  /** Ends a wait that is under way on another thread. */
  readonly #alarm: number;
  readonly #stride: number;
  readonly #dataAt: number;
  readonly #events: Int32Array;
  readonly #eventBytes: Uint8Array<ArrayBuffer>;
  readonly #change: Int32Array;
  readonly #changeBytes: Uint8Array<ArrayBuffer>;
  /** Who goes on in the next turn. */
  #resumables: Resumable[] = [];
  #spareResumables: Resumable[] = [];
  /** Whether a wait on another thread has to end for them. */
  #isWaitingElsewhere = false;
  /** By descriptor. */
  readonly #handlers: (EventHandler | null)[] = [];
  /** By descriptor: which registration of it is the current one, or 0. */
  readonly #generations: number[] = [];
  #lastGeneration = 0;
  #isRunning = false;
  readonly #ended: PromiseWithResolvers<void> = Promise.withResolvers();

  /** @throws {SystemError} If the kernel gives no epoll instance. */
  constructor(system: System, clock: Clock, flushQueue: FlushQueue) {
    this.system = system;
    this.clock = clock;
    this.flushQueue = flushQueue;
    const { stride, data } = epollEventLayout(Deno.build.arch);
    this.#stride = stride;
    this.#dataAt = data;
    this.#events = new Int32Array(stride * EVENTS_MAX);
    this.#eventBytes = new Uint8Array(this.#events.buffer as ArrayBuffer);
    this.#change = new Int32Array(stride);
    this.#changeBytes = new Uint8Array(this.#change.buffer as ArrayBuffer);
    const { libc } = system;
    this.#epoll = this.#require(system.opened(system.result(libc.epoll_create1(EPOLL_CLOEXEC))));
    const alarm = system.result(libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    this.#alarm = this.#require(system.opened(alarm));
    // By edges, so that one alarm ends one wait without being read.
    this.#require(this.#control(EPOLL_CTL_ADD, this.#alarm, EPOLLIN | EPOLLET, 0));
  }

  /** Whoever closes the loop closes this descriptor too, from now on. */
  own(descriptor: number, handler: EventHandler): void {
    while (this.#handlers.length <= descriptor) {
      this.#handlers.push(null);
      this.#generations.push(0);
    }
    this.#handlers[descriptor] = handler;
  }

  /**
   * Waits for `events` of a descriptor from now on.
   *
   * @returns 0, or the negative error number where the kernel has no room for one more: it is not registered.
   */
  register(descriptor: number, handler: EventHandler, events: number): number {
    this.#lastGeneration = (this.#lastGeneration + 1) | 0 || 1;
    const result = this.#control(EPOLL_CTL_ADD, descriptor, events, this.#lastGeneration);
    if (result < 0) return result;
    this.own(descriptor, handler);
    this.#generations[descriptor] = this.#lastGeneration;
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#run();
    }
    return 0;
  }

  /** Waits for other events of a registered descriptor; its errors are always waited for. */
  change(descriptor: number, events: number): void {
    this.#require(
      this.#control(EPOLL_CTL_MOD, descriptor, events, this.#generations[descriptor]!),
    );
  }

  /** Calls {@link Resumable.goOn} once, in the next turn. */
  goOn(resumable: Resumable): void {
    if (resumable.isWaitingToGoOn) return;
    resumable.isWaitingToGoOn = true;
    this.#resumables.push(resumable);
    if (this.#isWaitingElsewhere) this.#ring();
  }

  /** Waits for nothing of a descriptor any more; it stays open, for another handler. */
  unregister(descriptor: number): void {
    this.#forget(descriptor);
    this.#require(this.#control(EPOLL_CTL_DEL, descriptor, 0, 0));
  }

  /** Closes a descriptor. Events of it that are already here reach nobody, even if its number is used again. */
  close(descriptor: number): void {
    this.#forget(descriptor);
    this.system.close(descriptor);
  }

  /** Ends the loop and closes whatever nobody has closed. Settles when its own descriptors are closed too. */
  end(): Promise<void> {
    if (!this.isClosed) {
      this.isClosed = true;
      for (const handler of this.#handlers) handler?.abandon();
      this.#handlers.length = 0;
      // Another thread may be about to wait for them: closed now, their numbers could be somebody else's by then.
      if (this.#isRunning) this.#ring();
      else this.#closeOwn();
    }
    return this.#ended.promise;
  }

  async #run(): Promise<void> {
    let isBusy = false;
    try {
      while (!this.isClosed) {
        if (isBusy) await turnOfDeno();
        else await this.#waitElsewhere();
        if (!this.isClosed) isBusy = this.#serveForAWhile();
      }
    } finally {
      // What a handler throws ends the loop, and is left to whoever hears of what nobody catches.
      this.#isRunning = false;
      if (this.isClosed) this.#closeOwn();
    }
  }

  /** Waits for as long as it takes, and serves what came. */
  async #waitElsewhere(): Promise<void> {
    this.#isWaitingElsewhere = true;
    const ready = await this.system.libc.epoll_wait_elsewhere(
      this.#epoll,
      this.#eventBytes,
      EVENTS_MAX,
      this.#resumables.length > 0 || this.flushQueue.hasMore ? 0 : -1,
    );
    this.#isWaitingElsewhere = false;
    // Its error number stayed on the other thread; only a signal interrupts a wait.
    if (!this.isClosed) this.#serve(Math.max(ready, 0));
  }

  /**
   * Waits here and serves until Deno's own loop is due.
   *
   * @returns False where nothing more comes: then there is time to wait elsewhere.
   */
  #serveForAWhile(): boolean {
    const { clock, system } = this;
    clock.readNow();
    // Real time: the time for deadlines may stand still until Deno's loop has let the next tick run.
    const endMs = clock.realMs + TURN_INTERVAL_MS;
    for (;;) {
      const leftMs = endMs - clock.realMs;
      if (leftMs <= 0 || this.isClosed) return true;
      const isBusy = this.#resumables.length > 0 || this.flushQueue.hasMore;
      const waitMs = isBusy ? 0 : Math.ceil(leftMs);
      const ready = system.result(
        system.libc.epoll_wait(this.#epoll, this.#eventBytes, EVENTS_MAX, waitMs),
      );
      if (ready === 0 && !isBusy) return false;
      this.#serve(ready);
    }
  }

  /** One turn. */
  #serve(ready: number): void {
    const { flushQueue } = this;
    this.clock.readNow();
    if (ready < 0) {
      if (ready !== -EINTR) throw this.system.error(ready);
      return;
    }
    flushQueue.isDriven = true;
    for (let index = 0; index < ready; index++) {
      const at = index * this.#stride;
      const data = at + this.#dataAt;
      const descriptor = this.#events[data]!;
      const handler = this.#handlers[descriptor];
      if (handler === null || handler === undefined) continue;
      if (this.#generations[descriptor] !== this.#events[data + 1]) continue;
      handler.onEvents(this.#events[at]!);
    }
    this.#resume();
    flushQueue.endTurn();
    flushQueue.isDriven = false;
  }

  /** Those who asked before this turn go on; who asks meanwhile does in the next one. */
  #resume(): void {
    const resumables = this.#resumables;
    if (resumables.length === 0) return;
    this.#resumables = this.#spareResumables;
    for (let index = 0; index < resumables.length; index++) {
      const resumable = resumables[index]!;
      resumable.isWaitingToGoOn = false;
      resumable.goOn();
    }
    resumables.length = 0;
    this.#spareResumables = resumables;
  }

  /** Ends the wait on another thread. */
  #ring(): void {
    const one = new Uint8Array(new BigUint64Array([1n]).buffer);
    this.system.libc.write(this.#alarm, one, one.length);
  }

  #forget(descriptor: number): void {
    this.#handlers[descriptor] = null;
    this.#generations[descriptor] = 0;
  }

  #control(operation: number, descriptor: number, events: number, generation: number): number {
    this.#change[0] = events;
    this.#change[this.#dataAt] = descriptor;
    this.#change[this.#dataAt + 1] = generation;
    const { libc } = this.system;
    return this.system.result(
      libc.epoll_ctl(this.#epoll, operation, descriptor, this.#changeBytes),
    );
  }

  #require(result: number): number {
    if (result < 0) throw this.system.error(result);
    return result;
  }

  #closeOwn(): void {
    this.system.close(this.#alarm);
    this.system.close(this.#epoll);
    this.#ended.resolve();
  }
}

/** Lets Deno's own loop go round once. */
function turnOfDeno(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
