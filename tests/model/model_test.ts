/**
 * A slice of the model test: no client ever gets a value that is not its own. `deno task soak` runs
 * all of it for an hour.
 *
 * @module
 */
import { assert } from "../deps.ts";
import { scaled, seededRandom } from "../support/seed.ts";
import { runModel } from "./model_run.ts";
import { type Scenario, scenarios } from "./scenario.ts";

const FAULTS_MS = 2_000;

async function runSlice(what: string, isChosen: (scenario: Scenario) => boolean): Promise<void> {
  const random = seededRandom(what);
  // A turmoil takes minutes to show whether anything stays behind.
  const chosen = scenarios.filter((one) => isChosen(one) && !one.isTurmoil);
  const scenario = random.pick(chosen);
  const report = await runModel(scenario, random.seed, scaled(FAULTS_MS));
  console.log(`${scenario.name}: ${report}`);
  assert(report.succeededCount > 100);
}

Deno.test("every client of a pool gets only what is its own, whatever the backends do", async () => {
  await runSlice("pool", ({ type }) => type !== "redis_cluster");
});

Deno.test("every client of a Redis Cluster gets only what is its own, wherever slots move", async () => {
  await runSlice("cluster", ({ type }) => type === "redis_cluster");
});
