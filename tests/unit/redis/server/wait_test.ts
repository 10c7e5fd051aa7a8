import { waitAnswer, waitAofAnswer } from "../../../../src/redis/server/wait.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { localRequest, LocalRigClient, textOf } from "../../../support/rigs/local_rig.ts";

function answer(line: string): string {
  const words = line.split(" ");
  const request = localRequest(new LocalRigClient(), ...words);
  return textOf(words[0] === "WAIT" ? waitAnswer(request) : waitAofAnswer(request));
}

Deno.test("waiting for nothing is over at once, for copies it is refused", () => {
  assertEquals(["WAIT 0 0", "WAIT 0 1000", "WAIT -5 0"].map(answer), Array(3).fill(":0\r\n"));
  assertEquals(answer("WAITAOF 0 0 0"), "*2\r\n:0\r\n:0\r\n");
  for (const line of ["WAIT 1 0", "WAIT 99999999999 1", "WAITAOF 1 0 0", "WAITAOF 0 1 0"]) {
    assertMatch(answer(line), /^-ERR '(wait|waitaof)' is not supported: clients share/, line);
  }
});

Deno.test("errors are a server's", () => {
  const errors: Record<string, string> = {
    "WAIT x 0": "value is not an integer or out of range",
    "WAIT 0 x": "timeout is not an integer or out of range",
    "WAIT 0 1.5": "timeout is not an integer or out of range",
    "WAIT 0 -1": "timeout is negative",
    "WAIT 1 -1": "timeout is negative",
    "WAITAOF x 0 0": "value is not an integer or out of range",
    "WAITAOF 2 0 0": "value is out of range, value must between 0 and 1",
    "WAITAOF 0 x 0": "value is out of range, must be positive",
    "WAITAOF 0 -1 0": "value is out of range, must be positive",
    "WAITAOF 0 0 -1": "timeout is negative",
  };
  for (const [line, text] of Object.entries(errors)) {
    assertEquals(answer(line), `-ERR ${text}\r\n`, line);
  }
});
