/**
 * Requests beyond a limit: refused in their turn, and counted once however often they are shown.
 *
 * @module
 */
import { failures } from "../../../src/failure.ts";
import { type ClientStage, Verdict, type VerdictCode } from "../../../src/session/stages.ts";
import type { Meter } from "../../../src/session/meter.ts";
import { assertEquals } from "../../deps.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { turn } from "../../support/fakes/fake_tcp_conn.ts";

class CountedMeter implements Meter {
  hasCounted = false;
  refusals = 0;
  taken = 0;
  constructor(public left: number) {}
  take(): boolean {
    if (this.left === 0) return false;
    this.left -= 1;
    this.taken += 1;
    return true;
  }
  refused(): void {
    this.refusals += 1;
  }
}

Deno.test("what is beyond the limit fails in its turn, and goes to no backend", async () => {
  using rig = new CoreRig({ backendCount: 1 });
  const { session, conn } = rig.client();
  const meter = session.meter = new CountedMeter(2);
  await conn.receives("get a0\nget b0\nget c0\necho x\n");
  const backend = await rig.accept(0);
  assertEquals(backend.takeWritten(), "get a0\nget b0\n");
  await backend.receives("A\nB\n");
  assertEquals(conn.takeWritten(), "A\nB\n-rate_limited\n-rate_limited\n");
  assertEquals([meter.taken, meter.refusals], [2, 2]);
  assertEquals(rig.metrics.failures[failures.rateLimited.id], 2);
  await conn.ends();
  await rig.ends();
});

Deno.test("a request that waits is counted once", async () => {
  using rig = new CoreRig({ backendCount: 1 });
  const { session, conn } = rig.client();
  const meter = session.meter = new CountedMeter(9);
  let shown = 0;
  session.stage = {
    onRequest: () => ++shown < 4 ? Verdict.Wait : Verdict.Pass,
    onInputEnd: () => false,
    onClose: () => {},
  };
  await conn.receives("echo x\n");
  for (let time = 0; time < 4; time++) {
    session.parseOn();
    await turn();
  }
  assertEquals([shown, meter.taken, conn.takeWritten()], [4, 1, "x\n"]);
  await conn.receives("echo y\n");
  assertEquals([meter.taken, conn.takeWritten()], [2, "y\n"]);
  await conn.ends();
  await rig.ends();
});

Deno.test("a stage sees the refused request as any that is refused", async () => {
  using rig = new CoreRig({ backendCount: 1 });
  const { session, conn } = rig.client();
  session.meter = new CountedMeter(0);
  const seen: boolean[] = [];
  const verdicts: VerdictCode[] = [Verdict.Wait, Verdict.Pass, Verdict.Handled];
  const stage: ClientStage = {
    onRequest(client, frame): VerdictCode {
      seen.push(frame.refusal !== null);
      const verdict = verdicts.shift()!;
      if (verdict === Verdict.Handled) client.reply(new TextEncoder().encode("guarded\n"), 0, 8);
      return verdict;
    },
    onInputEnd: () => false,
    onClose: () => {},
  };
  session.stage = stage;
  await conn.receives("get a0\nget b0\n");
  session.parseOn();
  await turn();
  assertEquals(conn.takeWritten(), "-rate_limited\nguarded\n");
  assertEquals(seen, [true, true, true]);
  assertEquals(rig.metrics.failures[failures.rateLimited.id], 2);
  await conn.ends();
  await rig.ends();
});
