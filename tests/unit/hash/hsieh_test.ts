import { hsieh } from "../../../src/hash/hsieh.ts";
import { assertAgreesWithLibmemcached, assertAgreesWithNutcracker } from "./reference.ts";

Deno.test("hsieh agrees with nutcracker and libmemcached", () => {
  assertAgreesWithNutcracker("hsieh", hsieh);
  assertAgreesWithLibmemcached("hsieh", hsieh);
});
