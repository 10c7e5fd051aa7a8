/**
 * What a turn leaves to its end: sockets with bytes to send, each written once, and tasks that must not run in
 * the middle of it. An engine with a loop of its own ends its turns itself; any other turn is ended by one
 * microtask behind it.
 *
 * @module
 */
import type { Socket } from "./io_engine.ts";

/** Something that must not run in the middle of a turn. */
export interface TurnTask {
  runAtTurnEnd(): void;
}

/**
 * Sockets of those that can wait that one turn of a driving engine writes. A message to thousands of subscribers takes
 * several turns: nobody else waits for all of them, and what comes for them meanwhile goes along.
 */
export const LATE_FLUSHES_PER_TURN_MAX = 256;

/** Places of sockets already written that the queue of those keeps. */
const LATE_PLACES_KEPT_MAX = 4 * LATE_FLUSHES_PER_TURN_MAX;

/** One per engine. */
export class FlushQueue {
  /** While true the engine will call {@link FlushQueue.endTurn}; only the engine writes it. */
  isDriven = false;
  #dirty: Socket[] = [];
  #spareDirty: Socket[] = [];
  /** Sockets that can wait, oldest first, from `#lateStart` on; some of them cannot any more. */
  #late: Socket[] = [];
  #lateStart = 0;
  #tasks: TurnTask[] = [];
  #spareTasks: TurnTask[] = [];
  #isScheduled = false;
  readonly #endScheduledTurn = () => {
    this.endTurn();
    this.#isScheduled = false;
  };

  /** Marks a socket whose send log has new bytes. */
  add(socket: Socket): void {
    if (socket.isDirty && !socket.mayBeLate) return;
    socket.isDirty = true;
    socket.mayBeLate = false;
    this.#dirty.push(socket);
    if (!this.isDriven && !this.#isScheduled) this.#schedule();
  }

  /** The same, for what nobody has asked for: it may go out some turns later. */
  addLater(socket: Socket): void {
    if (socket.isDirty) return;
    socket.isDirty = true;
    socket.mayBeLate = true;
    this.#late.push(socket);
    if (!this.isDriven && !this.#isScheduled) this.#schedule();
  }

  /** Places that are kept for sockets that can wait, those already written included. */
  get latePlaces(): number {
    return this.#late.length;
  }

  /** Whether the next turn has something to do, though nothing may come. */
  get hasMore(): boolean {
    return this.#late.length > 0;
  }

  /** Runs `task` behind what is going on now, and before anything is written. */
  defer(task: TurnTask): void {
    this.#tasks.push(task);
    if (!this.isDriven && !this.#isScheduled) this.#schedule();
  }

  /** Runs the tasks and writes the sockets, those included that come up meanwhile, but for some that can wait. */
  endTurn(): void {
    let lateMax = this.isDriven ? LATE_FLUSHES_PER_TURN_MAX : Infinity;
    do {
      this.#runTasks();
      this.#flush();
      if (this.#late.length > 0) lateMax -= this.#flushLate(lateMax);
    } while (this.#tasks.length > 0 || this.#dirty.length > 0);
  }

  #schedule(): void {
    this.#isScheduled = true;
    queueMicrotask(this.#endScheduledTurn);
  }

  #runTasks(): void {
    const tasks = this.#tasks;
    if (tasks.length === 0) return;
    this.#tasks = this.#spareTasks;
    for (let index = 0; index < tasks.length; index++) tasks[index]!.runAtTurnEnd();
    tasks.length = 0;
    this.#spareTasks = tasks;
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = this.#spareDirty;
    for (let index = 0; index < dirty.length; index++) {
      const socket = dirty[index]!;
      socket.isDirty = false;
      socket.flush();
    }
    dirty.length = 0;
    this.#spareDirty = dirty;
  }

  /** Writes at most `countMax` of the sockets that can wait; returns how many. */
  #flushLate(countMax: number): number {
    const late = this.#late;
    let written = 0;
    while (this.#lateStart < late.length && written < countMax) {
      const socket = late[this.#lateStart]!;
      this.#lateStart += 1;
      // Others were asked for something meanwhile, and are written.
      if (!socket.mayBeLate) continue;
      socket.mayBeLate = false;
      socket.isDirty = false;
      socket.flush();
      written += 1;
    }
    this.#forgetWritten();
    return written;
  }

  /** Lets go of the places before `#lateStart`: under steady pushing the queue is never empty. */
  #forgetWritten(): void {
    const late = this.#late;
    if (this.#lateStart < late.length && this.#lateStart < LATE_PLACES_KEPT_MAX) return;
    late.splice(0, this.#lateStart);
    this.#lateStart = 0;
  }
}
