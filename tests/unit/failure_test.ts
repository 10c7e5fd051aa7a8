import { allFailures, failures } from "../../src/failure.ts";
import { assertEquals, assertMatch } from "../deps.ts";

Deno.test("every reason stands at its number, with a name of its own that fits a label", () => {
  assertEquals(allFailures.map((failure) => failure.id), allFailures.map((_, index) => index));
  assertEquals(new Set(allFailures.map((failure) => failure.name)).size, allFailures.length);
  for (const { name } of allFailures) assertMatch(name, /^[a-z]+(_[a-z]+)*$/);
});

Deno.test("the list and the names speak of the same reasons", () => {
  assertEquals(Object.values(failures), [...allFailures]);
  for (const [key, { name }] of Object.entries(failures)) {
    assertEquals(name, key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  }
});

Deno.test("what clients read stays within one line of any protocol", () => {
  for (const { text } of allFailures) assertMatch(text, /^[a-z][\x20-\x7e]{5,100}$/);
});
