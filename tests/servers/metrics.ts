/**
 * Single values of a running proxy's `/metrics`.
 *
 * @module
 */
import type { Aster } from "../support/servers/aster.ts";

/** Sum of all samples of `name` whose line holds each of `labels`; 0 if there is none. */
export async function readMetric(
  aster: Aster,
  name: string,
  ...labels: readonly string[]
): Promise<number> {
  const reply = await fetch(`http://127.0.0.1:${aster.metricsPort}/metrics`);
  const lines = (await reply.text()).split("\n");
  return lines
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => labels.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
