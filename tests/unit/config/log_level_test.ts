/**
 * Log levels as words and as directives.
 *
 * @module
 */
import { parseLogDirectives, parseLogLevel } from "../../../src/config/log_level.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("parseLogLevel() reads each level in any case, and warn as warning", () => {
  assertEquals(["trace", "debug", "Info", "WARNING", "warn", " error "].map(parseLogLevel), [
    "trace",
    "debug",
    "info",
    "warning",
    "warning",
    "error",
  ]);
  assertEquals(["", "off", "loud", "info,debug"].map(parseLogLevel), [null, null, null, null]);
});

const cases: [text: string, level: string | null | undefined][] = [
  ["info", "info"],
  ["libaster=debug", "debug"],
  ["aster=warn", "warning"],
  ["libaster::proxy=trace", "trace"],
  ["warn,libaster=debug", "debug"],
  ["libaster=debug,warn", "debug"],
  ["hyper=trace, error", "error"],
  ["LIBASTER = Info", "info"],
  ["libaster=off", "error"],
  ["off", "error"],
  ["hyper=trace", undefined],
  ["asterisk=trace", undefined],
  ["", undefined],
  [",,", undefined],
  ["loud", null],
  ["libaster=loud", null],
  ["libaster=", null],
];
for (const [text, level] of cases) {
  Deno.test(`parseLogDirectives() of "${text}" is ${level}`, () => {
    assertEquals(parseLogDirectives(text), level as ReturnType<typeof parseLogDirectives>);
  });
}
