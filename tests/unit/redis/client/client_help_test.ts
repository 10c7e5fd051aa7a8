import { CLIENT_HELP } from "../../../../src/redis/client/client_help.ts";
import { assertEquals, assertMatch } from "../../../deps.ts";
import { textOf } from "../../../support/local_rig.ts";

Deno.test("HELP counts its lines", () => {
  const text = textOf(CLIENT_HELP);
  const lines = text.split("\r\n").filter((line) => line.startsWith("+"));
  assertMatch(text, new RegExp(`^\\*${lines.length}\r\n`));
  assertEquals(lines.at(-1), "+    Prints this help.");
});
