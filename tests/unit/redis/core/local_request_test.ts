/**
 * A local request's words, as characters and as bytes.
 *
 * @module
 */
import { assertEquals } from "../../../deps.ts";
import { localRequest, LocalRigClient } from "../../../support/rigs/local_rig.ts";

Deno.test("words have one character a byte, so that nothing is lost or joined", () => {
  const request = localRequest(new LocalRigClient(), "ECHO", "é");
  assertEquals([request.wordCount, request.words], [2, ["ECHO", "\u00c3\u00a9"]]);
  assertEquals([...request.raw(1)], [0xc3, 0xa9]);
});

Deno.test("a very long word is read whole", () => {
  const word = "w".repeat(300_000);
  assertEquals(localRequest(new LocalRigClient(), "ECHO", word).words[1]!.length, 300_000);
});
