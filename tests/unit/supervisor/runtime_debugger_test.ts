/**
 * The debugger is closed again and again for a while, since it may be opened late.
 *
 * @module
 */
import inspector from "node:inspector";
import { keepDebuggerClosed } from "../../../src/supervisor/runtime_debugger.ts";
import { until } from "../../support/tools/poll.ts";
import { assertEquals } from "../../deps.ts";

Deno.test({
  name: "keepDebuggerClosed() closes at once, and goes on for a while",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    let count = 0;
    keepDebuggerClosed(() => count += 1);
    assertEquals(count, 1);
    await until(() => count > 100, { what: "it was closed for a second" });
    assertEquals(count, 101);
  },
});

Deno.test("closing a debugger that is not open does nothing", () => {
  inspector.close();
  inspector.close();
});
