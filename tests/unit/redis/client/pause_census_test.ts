/**
 * Who a pause waits for, and who is only counted.
 *
 * @module
 */
import { takeCensus } from "../../../../src/redis/client/pause_census.ts";
import { addStage, StageRank } from "../../../../src/redis/core/stage_chain.ts";
import { Transactions } from "../../../../src/redis/transaction/mod.ts";
import type { ClientStage } from "../../../../src/session/stages.ts";
import { assertEquals } from "../../../deps.ts";
import { CoreRig } from "../../../support/rigs/core_rig.ts";
import { frameOf, localRequest, LocalRigClient } from "../../../support/rigs/local_rig.ts";
import { redisContext } from "../../../support/rigs/redis_context.ts";

const stage: ClientStage = { onRequest: () => 0, onInputEnd: () => false, onClose: () => {} };

Deno.test("the blocked are not busy, and a transaction counts where it has begun", () => {
  using rig = new CoreRig();
  const client = () => new LocalRigClient();
  const [blocked, busy, subscribed] = [client(), client(), client()];
  const [begun, opened, watching] = [client(), client(), client()];
  blocked.hasRequestsInFlight = true;
  busy.hasRequestsInFlight = true;
  addStage(blocked, StageRank.Blocking, stage);
  addStage(subscribed, StageRank.Subscriptions, stage);
  const context = redisContext(rig);
  const transactions = new Transactions(context);
  transactions.answers.watch(localRequest(watching, "WATCH", "k0"));
  for (const client of [begun, opened, watching]) {
    transactions.answers.multi(localRequest(client, "MULTI"));
  }
  const { frame, bytes } = frameOf(["SET", "k0", "v"]);
  begun.stage!.onRequest(begun, frame, bytes);
  const clients = [blocked, busy, subscribed, begun, opened, watching];
  // WATCH is not answered yet.
  const census = { transactions: 1, blocked: 1, subscribed: 1, busy: 1, others: 1 };
  const take = (server: string | null) => takeCensus(clients, server, context.dedicated);
  assertEquals(take(null), census);
  assertEquals(take(rig.backends[0]!.name), census);
  assertEquals(take(rig.backends[1]!.name), { ...census, transactions: 0, others: 0 });
});
