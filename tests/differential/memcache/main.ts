/**
 * `deno task differential:memcache`: many random sequences to a memcached and to the proxy, compared byte by byte.
 *
 * @module
 */
import { parseArgs } from "../../../deps.ts";
import { runMemcacheDifferential } from "./run.ts";

const flags = parseArgs(Deno.args, { string: ["sequences", "seed", "servers"] });
const seed = Number(flags.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
const serverCount = Number(flags.servers ?? 1);
console.log(`--servers ${serverCount} --seed ${seed}`);
const report = await runMemcacheDifferential({
  serverCount,
  sequenceCount: Number(flags.sequences ?? 100_000),
  seed,
});
const { sequenceCount, requestCount, succeeded } = report;
console.log(`${sequenceCount} sequences of ${requestCount} requests`);
console.log(`${(100 * succeeded).toFixed(1)} % of the server's answers are no errors`);
for (const difference of report.differences) console.log(difference);
if (report.differences.length > 0) Deno.exit(1);
