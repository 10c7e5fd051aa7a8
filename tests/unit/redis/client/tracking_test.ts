import { trackingAnswer } from "../../../../src/redis/client/tracking.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { textOf } from "../../../support/rigs/local_rig.ts";

function answer(line: string): string {
  return textOf(trackingAnswer(line.split(" "), (id) => id === 7));
}

Deno.test("TRACKING OFF is OK whatever options fit it", () => {
  for (const line of ["off", "OFF OPTIN OPTOUT", "off BCAST PREFIX a", "off REDIRECT 7 NOLOOP"]) {
    assertEquals(answer(line), "+OK\r\n", line);
  }
});

Deno.test("TRACKING ON is refused for the first reason that there is", () => {
  const errors: Record<string, RegExp> = {
    "on": /^-ERR CLIENT TRACKING ON is not supported/,
    "maybe": /^-ERR syntax error/,
    "off nosuch": /^-ERR syntax error/,
    "off PREFIX": /^-ERR syntax error/,
    "on REDIRECT x": /^-ERR value is not an integer/,
    "off REDIRECT 8": /^-ERR The client ID you want redirect to does not exist/,
    "on REDIRECT 7 REDIRECT 7": /^-ERR A client can only redirect to a single other client/,
    "on PREFIX a": /^-ERR PREFIX option requires BCAST/,
    "on BCAST OPTIN": /^-ERR OPTIN and OPTOUT are not compatible/,
    "on OPTIN OPTOUT": /^-ERR You can't specify both/,
    "on BCAST PREFIX a": /^-ERR CLIENT TRACKING ON is not supported/,
  };
  for (const [line, expected] of Object.entries(errors)) assertMatch(answer(line), expected, line);
});
