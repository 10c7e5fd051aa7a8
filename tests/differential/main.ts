/**
 * `deno task differential`: many random commands to a server and to the proxy, compared reply by reply.
 *
 * @module
 */
import { parseArgs } from "../../deps.ts";
import { testedServer, useServer } from "../support/servers/redis_server.ts";
import type { Mode } from "./run.ts";

const USAGE = `Usage: deno task differential [options]

  --mode one|three|cluster  what stands behind the proxy: one server, three, or a Redis Cluster; one
  --resp 2|3                version of the protocol; 2
  --commands N              100000
  --seed N                  repeats a run
  --server PATH             a server program other than redis-server, such as valkey-server
  -h, --help                this text`;

const flags = parseArgs(Deno.args, {
  string: ["commands", "seed", "mode", "resp", "server"],
  boolean: ["help"],
  alias: { h: "help" },
});
if (flags.help) {
  console.log(USAGE);
  Deno.exit();
}
if (flags.server !== undefined) useServer(flags.server);
// What is an exception depends on the server.
const { runDifferential } = await import("./run.ts");
const seed = Number(flags.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
const mode = (flags.mode ?? "one") as Mode;
const version = flags.resp === "3" ? 3 : 2;
console.log(`${testedServer().title}, mode ${mode}, RESP${version}, --seed ${seed}`);
const report = await runDifferential({
  mode,
  version,
  commandCount: Number(flags.commands ?? 100_000),
  seed,
});
console.log(`${report.commandCount} commands, ${(100 * report.succeeded).toFixed(1)} % succeeded`);
const few = [...report.successes].filter(([, count]) => count < 50);
console.log(
  `succeeded fewer than 50 times: ${few.map((pair) => pair.join(" ")).join(", ") || "none"}`,
);
for (const [exception, count] of report.exceptions) console.log(`${count} × ${exception}`);
for (const difference of report.differences) console.log(difference);
if (report.differences.length > 0) Deno.exit(1);
