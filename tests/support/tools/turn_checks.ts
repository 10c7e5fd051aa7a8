/**
 * Has the invariants of sessions, backend connections, transactions and exchanges checked in the thread that calls
 * {@link checkTurns}: behind each turn, those of whatever was called in it. The classes are wrapped from outside, so
 * that the proxy itself has nothing of it.
 *
 * @module
 */
import { BackendConnection } from "../../../src/backend/connection.ts";
import { ChunkPool } from "../../../src/bytes/chunk_pool.ts";
import { ArrayPool } from "../../../src/bytes/receive_buffer.ts";
import { FlushQueue } from "../../../src/net/flush_queue.ts";
import { Transaction } from "../../../src/redis/transaction/transaction.ts";
import { Exchange } from "../../../src/request/exchange.ts";
import { RequestPool } from "../../../src/request/pool.ts";
import { Session } from "../../../src/session/session.ts";
import { overwriteReleased } from "./released_bytes.ts";
import { ReleasedObjects } from "./released_objects.ts";

/** Objects checked behind one turn; the others are behind the next one. */
const CHECKS_PER_TURN_MAX = 256;

/** Something with invariants. */
export interface Checked {
  checkInvariants(): void;
  /** Its state as a report shows it; what can be read of it from outside if left out. */
  describeState?(): unknown;
}

/** The methods of a class, by name. */
type Methods = Record<string, (this: object, ...args: unknown[]) => unknown>;

let isChecking = false;

/**
 * From now on a broken invariant, or an object of a pool that is used though it was given back, is thrown where it is
 * found.
 *
 * @param report Hears of it ahead of that: whoever calls may catch what is thrown.
 */
export function checkTurns(report: (broken: Error) => void = () => {}): void {
  if (isChecking) return;
  isChecking = true;
  const checks = new TurnChecks(report);
  for (const { prototype } of [Session, BackendConnection, Transaction, Exchange]) {
    watchCalls(prototype, checks);
  }
  watchTurns(checks);
  const released = new ReleasedObjects(report, (object) => checks.forget(object as Checked));
  released.watch(RequestPool.prototype);
  checks.turnEnded = () => released.turnEnded();
  overwriteReleased(ChunkPool.prototype, ArrayPool.prototype, report);
}

/** What was called since its invariants were checked last. */
class TurnChecks {
  turnEnded: () => void = () => {};
  readonly #report: (broken: Error) => void;
  readonly #called = new Set<Checked>();
  /** Those whose turn has not ended. */
  readonly #open = new Set<FlushQueue>();
  #isDue = false;

  constructor(report: (broken: Error) => void) {
    this.#report = report;
  }

  called(object: Checked): void {
    this.#called.add(object);
    if (this.#isDue) return;
    this.#isDue = true;
    // Many turns leave nothing to their end, which nobody hears of then. The second microtask is behind an end of the
    // turn that is one itself.
    queueMicrotask(() => queueMicrotask(() => this.#checkDue()));
  }

  /** It is no more what it was. */
  forget(object: Checked): void {
    this.#called.delete(object);
  }

  turnGoesOn(queue: FlushQueue): void {
    this.#open.add(queue);
  }

  turnEnds(queue: FlushQueue): void {
    this.#open.delete(queue);
    this.#checkCalled();
    this.turnEnded();
  }

  #checkDue(): void {
    this.#isDue = false;
    if (this.#open.size === 0) this.#checkCalled();
  }

  #checkCalled(): void {
    let left = CHECKS_PER_TURN_MAX;
    for (const object of this.#called) {
      if (left-- === 0) return;
      this.#called.delete(object);
      this.#check(object);
    }
  }

  #check(object: Checked): void {
    try {
      object.checkInvariants();
    } catch (error) {
      const broken = describeBroken(object, error as Error);
      this.#report(broken);
      throw broken;
    }
  }
}

function describeBroken(object: Checked, error: Error): Error {
  const state = object.describeState?.() ?? object;
  const shown = Deno.inspect(state, { depth: 4, iterableLimit: 40, strAbbreviateSize: 200 });
  error.message += `\nof a ${object.constructor.name}: ${shown}`;
  return error;
}

/** Has `checks` know of each call from outside of an object of this class. */
function watchCalls(prototype: Checked, checks: TurnChecks): void {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const isOwn = name === "constructor" || name === "checkInvariants" || name === "describeState";
    if (isOwn || typeof value !== "function") continue;
    (prototype as unknown as Methods)[name] = function (...args) {
      checks.called(this as Checked);
      return value.apply(this, args);
    };
  }
}

/** Has `checks` know when turns end. */
function watchTurns(checks: TurnChecks): void {
  const methods = FlushQueue.prototype as unknown as Methods;
  for (const name of ["add", "addLater", "defer", "workOn"]) {
    const original = methods[name]!;
    methods[name] = function (...args) {
      checks.turnGoesOn(this as FlushQueue);
      return original.apply(this, args);
    };
  }
  const { endTurn } = FlushQueue.prototype;
  FlushQueue.prototype.endTurn = function () {
    endTurn.call(this);
    checks.turnEnds(this);
  };
}
