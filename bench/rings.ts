/**
 * What it takes to make the ring of very many servers anew: each worker does that where a server is ejected or returns,
 * and where a reload changes servers or weights, and its clients wait meanwhile.
 *
 * ```text
 *   deno run -A bench/rings.ts [servers]
 * ```
 *
 * @module
 */
import process from "node:process";
import { PointCache } from "../src/router/point_cache.ts";
import { buildRing, type RingServer } from "../src/router/ring.ts";
import { median } from "./verdict.ts";

const SERVERS = Number(Deno.args[0] ?? 1_000);
/** Of each change; the first of them meet code that is not compiled yet. */
const ROUNDS = 30;

function servers(weight: (index: number) => number): RingServer[] {
  return Array.from({ length: SERVERS }, (_, index) => ({
    endpoint: { kind: "tcp" as const, hostname: "127.0.0.1", port: index + 1 },
    weight: weight(index),
    alias: null,
  })).filter(({ weight }) => weight > 0);
}

const even = servers(() => 1);
/** Each is undone again before the next. */
const changes = {
  "one server leaves": servers((index) => index === 5 ? 0 : 1),
  "a tenth leaves": servers((index) => index % 10 === 5 ? 0 : 1),
  "a tenth weighs twice as much": servers((index) => index % 10 === 5 ? 2 : 1),
};

/** Milliseconds of CPU time of this process, of which this thread is most. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const options = {
  hash: "fnv1a_64",
  distribution: "ketama",
  placement: "twemproxy",
  hashTag: null,
} as const;
const points = new PointCache();

function timeOf(list: readonly RingServer[]): number {
  const beforeMs = cpuMs();
  buildRing(list, { ...options, points });
  return cpuMs() - beforeMs;
}

const show = (ms: number) => ms.toFixed(1);
console.log(`${SERVERS} servers, CPU time; made for the first time: ${show(timeOf(even))} ms\n`);
console.log("| change | the first time | median | back, the first time | median |");
console.log("| --- | --- | --- | --- | --- |");
for (const [name, changed] of Object.entries(changes)) {
  const there: number[] = [];
  const back: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    there.push(timeOf(changed));
    back.push(timeOf(even));
  }
  console.log(
    `| ${name} | ${[there[0]!, median(there), back[0]!, median(back)].map(show).join(" | ")} |`,
  );
}
