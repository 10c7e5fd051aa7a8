import { assertEquals } from "../../deps.ts";
import { jenkins } from "../../../src/hash/jenkins.ts";
import { assertAgreesWithNutcracker, hashText } from "./reference.ts";

Deno.test("jenkins agrees with nutcracker", () => {
  assertAgreesWithNutcracker("jenkins", jenkins);
});

Deno.test("jenkins agrees with twemproxy's own vector, and leaves an empty key unmixed", () => {
  assertEquals(hashText(jenkins, "apple"), 1442444624);
  assertEquals(hashText(jenkins, ""), 0xdeadbeef + 13);
});
