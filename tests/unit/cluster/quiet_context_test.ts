/**
 * How the proxy asks nodes on its own behalf.
 *
 * @module
 */
import { quietContext } from "../../../src/cluster/quiet_context.ts";
import { failures } from "../../../src/failure.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("failures of its questions are neither logged nor counted", () => {
  using rig = new CoreRig({ backendCount: 0 });
  const context = quietContext(rig.context, 100);
  context.log.warning("lost", {});
  context.metrics.countFailure(failures.connectRefused);
  context.backendUnreachable("h:1");
  assertEquals([rig.records, rig.unreachable], [[], []]);
  assertEquals(rig.metrics.failures[failures.connectRefused.id], 0);
});

Deno.test("its timeouts are the given one, if dial_timeout is not shorter", () => {
  using rig = new CoreRig({ backendCount: 0, limits: { dialTimeoutMs: 50, readTimeoutMs: 50 } });
  const { dialTimeoutMs, readTimeoutMs } = quietContext(rig.context, 100).limits;
  assertEquals([dialTimeoutMs, readTimeoutMs], [50, 100]);
});
