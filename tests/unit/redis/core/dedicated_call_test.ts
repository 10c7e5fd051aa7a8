/**
 * A call hears one outcome, and a large reply is left to its client's session to judge.
 *
 * @module
 */
import { sendCall } from "../../../../src/redis/core/dedicated_call.ts";
import { clusterConfig } from "../../../support/rigs/cluster_config.ts";
import { CoreRig } from "../../../support/rigs/core_rig.ts";
import { turn } from "../../../support/fakes/fake_tcp_conn.ts";
import { LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { redisContext } from "../../../support/rigs/redis_context.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("a reply above the client's limit is waited for: alone it is let pass", async () => {
  using rig = new CoreRig();
  const config = clusterConfig({ clientOutputLimitBytes: 100_000 });
  const context = redisContext(rig, { config });
  const client = new LocalRigClient();
  const connection = context.dedicated.take(rig.backends[0]!, client.profiles.master)!;
  const outcomes: string[] = [];
  sendCall(context, { connection, place: 0, client }, new TextEncoder().encode("get a\n"), {
    replied: ({ start, end }) => outcomes.push(`replied ${end - start}`),
    failed: ({ name }) => outcomes.push(name),
  });
  const conn = await rig.accept(0);
  await turn();
  await conn.receives("$200000\n");
  assertEquals([client.closedBy, outcomes], [null, []]);
  await conn.ends();
  assertEquals([outcomes, client.closedBy], [["backend_closed"], null]);
  context.dedicated.discard(connection);
  await rig.ends();
});
