import { ParseHold } from "../../../src/session/parse_hold.ts";
import { CoreRig } from "../../support/core_rig.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("requests in flight are counted against the limit", () => {
  using rig = new CoreRig({ sessionLimits: { pipelineMax: 3 } });
  const hold = new ParseHold(rig.sessionContext);
  assertEquals([0, 1, 2, 3, 4].map((inFlight) => hold.allows(inFlight)), [
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
  assertEquals(hold.allows(0), true);
  rig.router.epoch += 1;
  assertEquals(hold.allows(1), false);
  assertEquals([hold.allows(0), hold.allows(1)], [true, true]);
});

Deno.test("whoever is held goes on with nothing in flight", () => {
  using rig = new CoreRig();
  const hold = new ParseHold(rig.sessionContext);
  hold.allows(0);
  hold.isHeld = true;
  assertEquals([hold.allows(1), hold.allows(0), hold.allows(1)], [false, true, true]);
});

Deno.test("a backend that does not keep up holds back even who has nothing in flight", () => {
  using rig = new CoreRig();
  const hold = new ParseHold(rig.sessionContext);
  hold.congestedBackends = 1;
  assertEquals([hold.allows(0), hold.allows(1)], [false, false]);
  hold.congestedBackends = 0;
  assertEquals(hold.allows(1), true);
});
