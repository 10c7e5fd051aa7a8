/**
 * A slice of the model test: no client ever gets a value that is not its own. `deno task soak` runs
 * all of it for an hour.
 *
 * @module
 */
import { assert } from "../deps.ts";
import { scaled, seededRandom } from "../support/tools/seed.ts";
import { runModel } from "./model_run.ts";
import { type Scenario, scenarios } from "./scenario.ts";

const FAULTS_MS = 2_000;
/** Of a turmoil, which warms up first. */
const TURMOIL_MS = 6_000;

async function runSlice(
  what: string,
  isChosen: (scenario: Scenario) => boolean,
  faultsMs = FAULTS_MS,
): Promise<void> {
  const random = seededRandom(what);
  const scenario = random.pick(scenarios.filter(isChosen));
  const report = await runModel(scenario, random.seed, scaled(faultsMs));
  console.log(`${scenario.name}: ${report}`);
  assert(report.succeededCount > 100);
}

Deno.test("every client of a pool gets only what is its own, whatever the backends do", async () => {
  await runSlice("pool", ({ type, isTurmoil }) => type !== "redis_cluster" && !isTurmoil);
});

Deno.test("every client of a Redis Cluster gets only what is its own, wherever slots move", async () => {
  await runSlice("cluster", ({ type, isTurmoil }) => type === "redis_cluster" && !isTurmoil);
});

Deno.test("nothing is astray or stays behind while the proxy is reloaded, paused, flooded and restarted", async () => {
  await runSlice("turmoil", ({ isTurmoil }) => isTurmoil, TURMOIL_MS);
});
