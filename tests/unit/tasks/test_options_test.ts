import { parseTestOptions, UsageError } from "../../../tasks/test_options.ts";
import { assertEquals, assertThrows } from "../../deps.ts";

Deno.test("words are paths, and options may stand anywhere", () => {
  assertEquals(parseTestOptions([]), { prefixes: [], isInstallAllowed: false, server: null });
  assertEquals(parseTestOptions(["tests/unit/a", "--yes", "tests/unit/b"]), {
    prefixes: ["tests/unit/a", "tests/unit/b"],
    isInstallAllowed: true,
    server: null,
  });
  for (const words of [["--server", "/opt/valkey-server"], ["--server=/opt/valkey-server"]]) {
    assertEquals(parseTestOptions([...words, "tests/servers/redis"]), {
      prefixes: ["tests/servers/redis"],
      isInstallAllowed: false,
      server: "/opt/valkey-server",
    });
  }
});

Deno.test("help is asked for in two ways, and what is not known is said", () => {
  assertEquals([parseTestOptions(["--help"]), parseTestOptions(["-h"])], [null, null]);
  assertThrows(() => parseTestOptions(["--sever", "x"]), UsageError, '"--sever"');
  assertThrows(() => parseTestOptions(["--server"]), UsageError, "path");
});
