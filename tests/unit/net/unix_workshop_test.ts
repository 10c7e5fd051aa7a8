import {
  enterWorkshop,
  workIfFree,
  type Workshop,
  WORKSHOP_WAIT_MS,
} from "../../../src/net/unix_workshop.ts";
import { assert, assertEquals, assertThrows } from "../../deps.ts";

/** A workshop whose holder leaves after so many looks, or never. */
class FakeWorkshop implements Workshop {
  readonly calls: string[] = [];
  constructor(public looksLeft: number, readonly isHolderGone = false) {}

  make(): boolean {
    this.looksLeft -= 1;
    if (this.looksLeft >= 0) return false;
    this.calls.push("make");
    return true;
  }

  isAbandoned(): boolean {
    return this.isHolderGone;
  }

  clear(): void {
    this.calls.push("clear");
    this.looksLeft = 0;
  }
}

Deno.test("a workshop is waited for while another process is in it", () => {
  const workshop = new FakeWorkshop(3);
  enterWorkshop(workshop);
  assertEquals(workshop.calls, ["make"]);
});

Deno.test("one whose process is gone is cleared, but not before it was waited for", () => {
  const workshop = new FakeWorkshop(Infinity, true);
  const beganMs = performance.now();
  enterWorkshop(workshop);
  assert(performance.now() - beganMs >= WORKSHOP_WAIT_MS - 1);
  assertEquals(workshop.calls, ["clear", "make"]);
});

Deno.test("one that somebody is in for longer is an error, and stays", () => {
  const workshop = new FakeWorkshop(Infinity);
  assertThrows(() => enterWorkshop(workshop), Error, "another process is about to listen there");
  assertEquals(workshop.calls, []);
});

Deno.test("who only tidies up does so if nobody else is there, and clears the workshop in any case", () => {
  const free = new FakeWorkshop(0);
  workIfFree(free, () => free.calls.push("work"));
  assertEquals(free.calls, ["make", "work", "clear"]);
  const taken = new FakeWorkshop(Infinity);
  workIfFree(taken, () => taken.calls.push("work"));
  assertEquals(taken.calls, []);
  const failing = new FakeWorkshop(0);
  assertThrows(
    () =>
      workIfFree(failing, () => {
        throw new Error("mistake");
      }),
    Error,
    "mistake",
  );
  assertEquals(failing.calls, ["make", "clear"]);
});
