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

/** One per engine. */
export class FlushQueue {
  /** While true the engine will call {@link FlushQueue.endTurn}; only the engine writes it. */
  isDriven = false;
  #dirty: Socket[] = [];
  #spareDirty: Socket[] = [];
  #tasks: TurnTask[] = [];
  #spareTasks: TurnTask[] = [];
  #isScheduled = false;
  readonly #endScheduledTurn = () => {
    this.endTurn();
    this.#isScheduled = false;
  };

  /** Marks a socket whose send log has new bytes. */
  add(socket: Socket): void {
    if (socket.isDirty) return;
    socket.isDirty = true;
    this.#dirty.push(socket);
    if (!this.isDriven && !this.#isScheduled) this.#schedule();
  }

  /** Runs `task` behind what is going on now, and before anything is written. */
  defer(task: TurnTask): void {
    this.#tasks.push(task);
    if (!this.isDriven && !this.#isScheduled) this.#schedule();
  }

  /** Runs the tasks and writes the sockets, those included that come up meanwhile. */
  endTurn(): void {
    do {
      this.#runTasks();
      this.#flush();
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
}
