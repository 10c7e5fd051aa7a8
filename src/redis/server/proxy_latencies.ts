/**
 * How long the proxy's clients waited for servers, by command and over all workers, as INFO's latencystats says it: since
 * the start, or since CONFIG RESETSTAT.
 *
 * @module
 */
import {
  countOf,
  type DurationsSnapshot,
  percentileMs,
  readSeriesKey,
  SERIES_NUMBERS,
} from "../../observe/durations.ts";
import type { Peers } from "../core/peers.ts";
import type { InfoField } from "./info_text.ts";

const LATENCIES = "info latencies";
/** Those that a server tells if it is not asked otherwise. */
const SHARES = [["p50", 0.5], ["p99", 0.99], ["p99.9", 0.999]] as const;

/** Numbers of a series by command, as plain data. */
type Latencies = [command: string, numbers: number[]][];

/** One per cluster and worker. */
export class ProxyLatencies {
  readonly #durations: () => DurationsSnapshot;
  readonly #peers: Peers;
  /** What was counted at the last reset. */
  #baseline = new Map<string, number[]>();

  /** @param durations What this worker has counted. */
  constructor(durations: () => DurationsSnapshot, peers: Peers) {
    this.#durations = durations;
    this.#peers = peers;
    peers.on(LATENCIES, () => this.#own());
  }

  /** This worker counts anew. */
  reset(): void {
    this.#baseline = byCommand(this.#durations());
  }

  /** Tells the percentiles of all workers; `heard` is called once. */
  tell(heard: (fields: InfoField[]) => void): void {
    const own = this.#own();
    this.#peers.ask(LATENCIES, null, (answers) => {
      heard(fieldsOf([own, ...(answers as (Latencies | undefined)[])]));
    });
  }

  #own(): Latencies {
    return [...byCommand(this.#durations())].map(([command, numbers]) => {
      const before = this.#baseline.get(command);
      if (before === undefined) return [command, numbers];
      // Those of servers that have left since are gone.
      return [command, numbers.map((number, at) => Math.max(0, number - before[at]!))];
    });
  }
}

function byCommand({ keys, values }: DurationsSnapshot): Map<string, number[]> {
  const sums = new Map<string, number[]>();
  keys.forEach((key, index) => {
    const { kind, command } = readSeriesKey(key);
    if (kind !== "request") return;
    const start = index * SERIES_NUMBERS;
    addTo(sums, command, [...values.subarray(start, start + SERIES_NUMBERS)]);
  });
  return sums;
}

function addTo(sums: Map<string, number[]>, command: string, numbers: readonly number[]): void {
  const known = sums.get(command);
  sums.set(command, numbers.map((number, at) => number + (known?.[at] ?? 0)));
}

function fieldsOf(workers: readonly (Latencies | undefined)[]): InfoField[] {
  const sums = new Map<string, number[]>();
  for (const worker of workers) {
    for (const [command, numbers] of worker ?? []) addTo(sums, command, numbers);
  }
  return [...sums].filter(([, numbers]) => countOf(numbers) > 0)
    .sort(([one], [other]) => one < other ? -1 : 1)
    .map(([command, numbers]) => [
      `latency_percentiles_usec_${command}`,
      SHARES.map(([name, share]) => `${name}=${(percentileMs(numbers, share) * 1000).toFixed(3)}`)
        .join(","),
    ]);
}
