/**
 * What a turn leaves to its end: sockets with bytes to send, each written once, tasks that must not run in the
 * middle of it, and a share of the work that takes several turns. An engine with a loop of its own ends its turns
 * itself; any other turn is ended by one microtask behind it.
 *
 * Microtasks run before the runtime looks at any socket. So outside of an engine's own loop several ends of turns
 * share one budget of long work, until a timer has given the runtime its turn.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Socket } from "./io_engine.ts";
import { type LongTask, TurnBudget } from "./turn_budget.ts";

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
  /** What may still be done in this turn of work that may take long. */
  readonly budget: TurnBudget = new TurnBudget();
  readonly #clock: Clock | null;
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
  /** Set from when something of the budget is used outside of an engine's loop until sockets were looked at. */
  #budgetTimer: ReturnType<typeof setTimeout> | null = null;
  readonly #beginTurn = () => {
    this.#budgetTimer = null;
    this.#clock?.readNow();
    this.budget.refill();
    this.endTurn();
  };

  /** @param clock Read when a turn begins that no engine begins. */
  constructor(clock: Clock | null = null) {
    this.#clock = clock;
  }

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
    return this.#late.length > 0 || this.budget.hasTasks;
  }

  /** Runs `task` behind what is going on now, and before anything is written. */
  defer(task: TurnTask): void {
    this.#tasks.push(task);
    if (!this.isDriven && !this.#isScheduled) this.#schedule();
  }

  /** Has `task` work from this turn's end on, as the budget allows. */
  workOn(task: LongTask): void {
    this.budget.add(task);
    if (!this.isDriven && !this.#isScheduled) this.#schedule();
  }

  /** Runs the tasks and writes the sockets, those included that come up meanwhile, but for some that can wait. */
  endTurn(): void {
    const { budget } = this;
    let lateMax = this.isDriven ? LATE_FLUSHES_PER_TURN_MAX : Infinity;
    do {
      this.#runTasks();
      if (budget.hasTasks) budget.run();
      this.#flush();
      if (this.#late.length > 0) lateMax -= this.#flushLate(lateMax);
    } while (this.#tasks.length > 0 || this.#dirty.length > 0);
    if (this.isDriven) budget.refill();
    else if (!budget.isWhole || budget.hasTasks) this.#budgetTimer ??= setTimeout(this.#beginTurn);
  }

  /** Long work goes on no more. */
  stop(): void {
    if (this.#budgetTimer !== null) clearTimeout(this.#budgetTimer);
    this.#budgetTimer = null;
    this.budget.clear();
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
