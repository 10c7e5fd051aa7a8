/**
 * A short run in front of one server and of three; `deno task differential:memcache` makes long ones.
 *
 * @module
 */
import { assert, assertEquals } from "../../deps.ts";
import { seededRandom } from "../../support/tools/seed.ts";
import { runMemcacheDifferential } from "./run.ts";

const SEQUENCES = 2_000;

for (const serverCount of [1, 3]) {
  Deno.test(`random sequences are answered as memcached answers them: ${serverCount}`, async () => {
    const seed = seededRandom(`memcache differential: ${serverCount}`).next();
    const report = await runMemcacheDifferential({ serverCount, sequenceCount: SEQUENCES, seed });
    assertEquals(report.differences, [], `--servers ${serverCount} --seed ${seed}`);
    assert(report.sequenceCount >= SEQUENCES, `${report.sequenceCount} sequences`);
    assert(report.succeeded > 0.6, `${report.succeeded} succeeded`);
  });
}
