import { DrainWaiters } from "../../../src/backend/drain_waiters.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("everyone who waits is called once, in order", () => {
  const waiters = new DrainWaiters();
  const heard: string[] = [];
  assertEquals(waiters.isEmpty, true);
  for (const name of ["a", "b"]) waiters.add({ backendDrained: () => heard.push(name) });
  assertEquals(waiters.isEmpty, false);
  waiters.wake();
  waiters.wake();
  assertEquals([heard, waiters.isEmpty], [["a", "b"], true]);
});

Deno.test("who waits again while being called waits for the next time", () => {
  const waiters = new DrainWaiters();
  let calls = 0;
  const waiter = {
    backendDrained: () => {
      calls += 1;
      waiters.add(waiter);
    },
  };
  waiters.add(waiter);
  waiters.wake();
  assertEquals([calls, waiters.isEmpty], [1, false]);
  waiters.wake();
  assertEquals(calls, 2);
});
