import { ParseHold } from "../../../src/session/parse_hold.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("requests in flight are counted against the limit", () => {
  using rig = new CoreRig();
  const hold = new ParseHold(rig.sessionContext);
  assertEquals([0, 1, 2, 3, 4].map((inFlight) => hold.allows(inFlight, 3)), [
    true,
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("a change of route holds back whoever has requests in flight, until they are answered", () => {
  using rig = new CoreRig();
  const hold = new ParseHold(rig.sessionContext);
  assertEquals(hold.allows(0, 10), true);
  rig.router.epoch += 1;
  assertEquals(hold.allows(1, 10), false);
  assertEquals([hold.allows(0, 10), hold.allows(1, 10)], [true, true]);
});

Deno.test("whoever is held goes on with nothing in flight", () => {
  using rig = new CoreRig();
  const hold = new ParseHold(rig.sessionContext);
  hold.allows(0, 10);
  hold.isHeld = true;
  assertEquals([hold.allows(1, 10), hold.allows(0, 10), hold.allows(1, 10)], [false, true, true]);
});

Deno.test("a backend that does not keep up holds back even who has nothing in flight", () => {
  using rig = new CoreRig();
  const hold = new ParseHold(rig.sessionContext);
  hold.congestedBackends = 1;
  assertEquals([hold.allows(0, 10), hold.allows(1, 10)], [false, false]);
  hold.congestedBackends = 0;
  assertEquals(hold.allows(1, 10), true);
});
