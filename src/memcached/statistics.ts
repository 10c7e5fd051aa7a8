/**
 * Statistics of several servers as those of one: what counts or measures adds up, what is a limit, a time or
 * a switch of each server is the least, the greatest or the first server's.
 *
 * @module
 */
import { leastVersion } from "./server_version.ts";

/** A name and its value, as a line of `stats` has them. */
export type Statistic = readonly [name: string, value: string];

/** How the values of one name become one. */
type Rule = "sum" | "least" | "greatest" | "first" | "version";

/** By the last part of a name (`3:chunk_size`, `items:3:age`): what does not add up. */
const rules: Readonly<Record<string, Rule>> = {
  pid: "first",
  uptime: "least",
  time: "greatest",
  version: "version",
  libevent: "first",
  pointer_size: "least",
  accepting_conns: "least",
  hash_power_level: "greatest",
  hash_is_expanding: "greatest",
  slab_reassign_running: "greatest",
  lru_crawler_running: "greatest",
  // Of `stats items`: ages and times.
  age: "greatest",
  age_hot: "greatest",
  age_warm: "greatest",
  evicted_time: "least",
  // Of `stats slabs`: what a class is, not what it holds.
  chunk_size: "greatest",
  chunks_per_page: "greatest",
  active_slabs: "greatest",
};

/** Settings that say how much all servers have together; the others are the first server's. */
const summedSettings = new Set(["maxbytes", "maxconns", "num_threads"]);

/** Merges the statistics of servers, at least one, in the order in which names first occur. */
export function mergeStatistics(servers: readonly (readonly Statistic[])[]): Statistic[] {
  return mergeBy(servers, (name) => rules[name.slice(name.lastIndexOf(":") + 1)] ?? "sum");
}

/** Merges what servers say of their settings. */
export function mergeSettings(servers: readonly (readonly Statistic[])[]): Statistic[] {
  return mergeBy(servers, (name) => summedSettings.has(name) ? "sum" : "first");
}

/** One after the other, each name with its server's before it where there are several. */
export function joinStatistics(
  servers: readonly (readonly Statistic[])[],
  labels: readonly string[],
): Statistic[] {
  if (servers.length === 1) return [...servers[0]!];
  return servers.flatMap((statistics, index) =>
    statistics.map(([name, value]) => [`${labels[index]}:${name}`, value] as const)
  );
}

function mergeBy(
  servers: readonly (readonly Statistic[])[],
  ruleOf: (name: string) => Rule,
): Statistic[] {
  if (servers.length === 1) return [...servers[0]!];
  const values = new Map<string, string[]>();
  for (const statistics of servers) {
    for (const [name, value] of statistics) {
      const known = values.get(name);
      if (known === undefined) values.set(name, [value]);
      else known.push(value);
    }
  }
  return [...values].map(([name, all]) => [name, mergeValues(all, ruleOf(name))] as const);
}

function mergeValues(values: readonly string[], rule: Rule): string {
  if (rule === "first") return values[0]!;
  if (rule === "version") return leastVersion(values) ?? values[0]!;
  if (!values.every(isNumber)) return values[0]!;
  if (values.some((value) => value.includes("."))) return mergeFractions(values, rule);
  // Counters have 64 bits.
  const numbers = values.map(BigInt);
  if (rule === "sum") return String(numbers.reduce((sum, number) => sum + number));
  return String(numbers.reduce((one, other) => (rule === "least") === (one < other) ? one : other));
}

function mergeFractions(values: readonly string[], rule: Rule): string {
  const numbers = values.map(Number);
  if (rule === "sum") return numbers.reduce((sum, number) => sum + number).toFixed(6);
  return String(rule === "least" ? Math.min(...numbers) : Math.max(...numbers));
}

function isNumber(value: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(value);
}
