import { WaitingPlace } from "../../../../src/redis/blocking/waiting_place.ts";
import { PLACES_DIFFER } from "../../../../src/router/common_place.ts";
import { CoreRig } from "../../../support/rigs/core_rig.ts";
import { frameOf } from "../../../support/rigs/local_rig.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("the place of the keys is looked up anew each time, without the request's bytes", async () => {
  using rig = new CoreRig();
  const cases: [line: string, place: number][] = [
    ["BLPOP a0 b0 0", 0],
    ["BLPOP a0 b1 0", PLACES_DIFFER],
    ["BLPOP a9 0", -1],
    ["BLMOVE a1 b1 LEFT LEFT 0", 1],
    ["BLMOVE a1 b0 LEFT LEFT 0", PLACES_DIFFER],
    ["XREAD BLOCK 0 STREAMS s1 0", 1],
  ];
  for (const [line, expected] of cases) {
    const { frame, bytes } = frameOf(line.split(" "));
    const place = new WaitingPlace(rig.router, frame, bytes);
    bytes.fill(0);
    assertEquals(place.current, expected, line);
  }
  const { frame, bytes } = frameOf(["BLPOP", "a0", "0"]);
  const place = new WaitingPlace(rig.router, frame, bytes);
  rig.router.place = () => 1;
  assertEquals(place.current, 1);
  await rig.ends();
});
