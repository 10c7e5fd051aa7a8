import {
  GRANT_PIECES,
  LEAST_GRANT_PIECES,
  type LongTask,
  PIECES_AS_THEY_COME_MAX,
  PIECES_AT_ONCE_MAX,
  PIECES_FOR_TASKS,
  PIECES_PER_TURN_MAX,
  TurnBudget,
} from "../../../src/net/turn_budget.ts";
import { assert, assertEquals } from "../../deps.ts";

/** Work of so many pieces, which notes when it is at it. */
class Pieces implements LongTask {
  isQueued = false;
  readonly #name: string;
  readonly #log: string[];
  left: number;

  constructor(name: string, left: number, log: string[]) {
    this.#name = name;
    this.left = left;
    this.#log = log;
  }

  work(pieces: number): number {
    this.#log.push(this.#name);
    const done = Math.min(pieces, this.left);
    this.left -= done;
    return done;
  }
}

Deno.test("tasks take turns, and one turn's budget is all that is done in it", () => {
  const budget = new TurnBudget();
  const log: string[] = [];
  const [long, short] = [
    new Pieces("long", 1_000_000, log),
    new Pieces("short", PIECES_AT_ONCE_MAX + 1, log),
  ];
  budget.add(long);
  budget.add(long);
  budget.add(short);
  budget.run();
  assertEquals(log.slice(0, 5), ["long", "short", "long", "short", "long"]);
  assertEquals([short.left, budget.hasTasks], [0, true]);
  // The last one at it ends what it has begun.
  assertEquals(1_000_000 - long.left, PIECES_PER_TURN_MAX - PIECES_AT_ONCE_MAX);
  budget.run();
  assertEquals(1_000_000 - long.left, PIECES_PER_TURN_MAX - PIECES_AT_ONCE_MAX);
  budget.refill();
  budget.run();
  assertEquals(1_000_000 - long.left, 2 * PIECES_PER_TURN_MAX - PIECES_AT_ONCE_MAX);
});

Deno.test("who has done less than it might is off the list until it is added again", () => {
  const budget = new TurnBudget();
  const log: string[] = [];
  const task = new Pieces("task", 3, log);
  budget.add(task);
  assertEquals(task.isQueued, true);
  budget.run();
  assertEquals([task.isQueued, budget.hasTasks, log], [false, false, ["task"]]);
  task.left = 2;
  budget.add(task);
  budget.run();
  assertEquals([log.length, task.left], [2, 0]);
});

Deno.test("a task may add itself or others while it works", () => {
  const budget = new TurnBudget();
  const log: string[] = [];
  const other = new Pieces("other", 1, log);
  const first: LongTask = {
    isQueued: false,
    work: () => {
      log.push("first");
      if (log.length === 1) budget.add(first);
      budget.add(other);
      return 1;
    },
  };
  budget.add(first);
  budget.run();
  assertEquals(log, ["first", "first", "other"]);
});

Deno.test("what is done at once comes out of the same budget, and leaves tasks their share", () => {
  const budget = new TurnBudget();
  assertEquals(budget.isWhole, true);
  assert(budget.spend(PIECES_PER_TURN_MAX - 1));
  assertEquals([budget.spend(2), budget.spend(1), budget.spend(1)], [false, true, false]);
  budget.refill();
  const task = new Pieces("task", Infinity, []);
  budget.add(task);
  assertEquals(budget.spend(PIECES_PER_TURN_MAX - PIECES_FOR_TASKS), true);
  assertEquals(budget.spend(1), false);
  budget.run();
  assertEquals([task.left, budget.isWhole], [Infinity, false]);
});

Deno.test("thousands of tasks each have their turn", () => {
  const budget = new TurnBudget();
  const log: string[] = [];
  const tasks = Array.from({ length: 5_000 }, (_, index) => new Pieces(`${index}`, 1, log));
  for (const task of tasks) budget.add(task);
  for (let turns = 0; turns < 3; turns++) {
    budget.run();
    budget.refill();
  }
  assertEquals(log, tasks.map((_, index) => `${index}`));
  budget.add(tasks[0]!);
  budget.clear();
  assertEquals(budget.hasTasks, false);
});

Deno.test("what is done as it comes is granted a lot, and little when this turn has done enough", () => {
  const budget = new TurnBudget();
  assertEquals([budget.grant(), budget.isWhole], [GRANT_PIECES, true]);
  budget.done = PIECES_AS_THEY_COME_MAX - 1;
  assertEquals([budget.grant() - budget.done, budget.isWhole], [GRANT_PIECES, true]);
  budget.done = PIECES_AS_THEY_COME_MAX;
  assertEquals([budget.grant() - budget.done, budget.isWhole], [LEAST_GRANT_PIECES, false]);
  budget.refill();
  assertEquals([budget.grant(), budget.isWhole], [GRANT_PIECES, true]);
});
