/**
 * The features of a Redis client's session, each a folder or file of its own.
 *
 * @module
 */
import { Blocking } from "./blocking/mod.ts";
import { FirstMap } from "./core/first_map.ts";
import type { RedisContext, RedisFeature } from "./core/feature.ts";
import { Pubsub } from "./pubsub/pubsub.ts";
import { RandomKey } from "./keyspace/random_key.ts";
import { Scan } from "./keyspace/scan.ts";
import { Scripts } from "./scripts/mod.ts";
import { ScriptKeeper } from "./scripts/script_keeper.ts";
import { Transactions } from "./transaction/mod.ts";

/** What they answer; {@link RedisLocal} answers all others. */
export type FeatureAnswers =
  & Scripts["answers"]
  & Transactions["answers"]
  & Blocking["answers"]
  & Pubsub["answers"]
  & Scan["answers"]
  & RandomKey["answers"];

/** Makes all of them for one cluster in one worker. */
export function createRedisFeatures(
  context: RedisContext,
  keeper: ScriptKeeper = new ScriptKeeper(context),
): RedisFeature[] {
  return [
    new FirstMap(context),
    new Scripts(context, keeper),
    new Transactions(context, keeper),
    new Blocking(context),
    new Pubsub(context),
    new Scan(context),
    new RandomKey(context),
  ];
}
