/**
 * What the clock keeps of a client: nothing, once it is gone.
 *
 * @module
 */
import { WriteWatch, type WritingClient } from "../../../src/session/write_watch.ts";
import { assertEquals } from "../../deps.ts";
import { turn } from "../../support/fakes/fake_tcp_conn.ts";
import { CoreRig } from "../../support/rigs/core_rig.ts";
import { collectGarbage } from "../../support/tools/collect_garbage.ts";

Deno.test("a client is asked with each tick, and stays with the clock while it writes", () => {
  const asked: number[] = [];
  let writes = true;
  const watch = new WriteWatch({
    checkWrite: (nowMs) => {
      asked.push(nowMs);
      return writes;
    },
  });
  assertEquals(watch.onTick(1), true);
  writes = false;
  assertEquals([watch.onTick(2), asked], [false, [1, 2]]);
});

Deno.test("a client that is gone is not kept until the next tick", async () => {
  let client: WritingClient | null = { checkWrite: () => true };
  const watch = new WriteWatch(client);
  const kept = new WeakRef(client);
  client = null;
  // What was looked at through such a reference stays to the end of its turn.
  await turn();
  collectGarbage();
  assertEquals(kept.deref() !== undefined, true);
  watch.end();
  await turn();
  collectGarbage();
  assertEquals([kept.deref(), watch.onTick(1)], [undefined, false]);
});

Deno.test("a session that has ended is not asked for its writes any more", async () => {
  using rig = new CoreRig();
  const { conn, session } = rig.client();
  await conn.receives("echo x\n");
  let asked = 0;
  session.checkWrite = () => {
    asked += 1;
    return true;
  };
  rig.clock.advance(50);
  assertEquals(asked, 1);
  await conn.ends();
  rig.clock.advance(50);
  assertEquals(asked, 1);
  await rig.ends();
});
