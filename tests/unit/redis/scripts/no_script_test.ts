/**
 * Only the sentences of servers, whole, count as their word.
 *
 * @module
 */
import { hasNoScriptCode, isServersNoScript } from "../../../../src/redis/scripts/no_script.ts";
import { assertEquals } from "../../../deps.ts";

const encoder = new TextEncoder();

Deno.test("servers' sentences, and what only begins like them", () => {
  for (
    const [reply, hasCode, isServers] of [
      ["-NOSCRIPT No matching script. Please use EVAL.\r\n", true, true],
      ["-NOSCRIPT No matching script.\r\n", true, true],
      ["-NOSCRIPT No matching script\r\n", true, false],
      ["-NOSCRIPT No matching script. \r\n", true, false],
      ["-NOSCRIPT No matching script. Please use EVAL\r\n", true, false],
      ["-NOSCRIPT no matching script.\r\n", true, false],
      ["-NOSCRIPT mine\r\n", true, false],
      ["-ERR NOSCRIPT\r\n", false, false],
      ["", false, false],
    ] as const
  ) {
    const bytes = encoder.encode(`x${reply}x`);
    const end = bytes.length - 1;
    assertEquals(hasNoScriptCode(bytes, 1, end), hasCode, reply);
    assertEquals(isServersNoScript(bytes, 1, end), isServers, reply);
  }
});
