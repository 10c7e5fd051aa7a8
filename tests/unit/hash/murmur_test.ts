import { murmur } from "../../../src/hash/murmur.ts";
import { assertAgreesWithLibmemcached, assertAgreesWithNutcracker } from "./reference.ts";

Deno.test("murmur agrees with nutcracker and libmemcached", () => {
  assertAgreesWithNutcracker("murmur", murmur);
  assertAgreesWithLibmemcached("murmur", murmur);
});
