/**
 * How long clients' requests take, by server and command: counted where replies are matched, as plain numbers that
 * are posted in one array.
 *
 * @module
 */
import type { Histogram } from "./histogram.ts";

/** Upper bounds, milliseconds, ascending. */
export const DURATION_BOUNDS_MS: readonly number[] = [
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500],
  ...[1_000, 2_500, 5_000, 10_000],
];
/** Buckets of one series: one for each bound, and one above. */
export const DURATION_BUCKETS: number = DURATION_BOUNDS_MS.length + 1;
/** Numbers of one series: its buckets, not cumulative, and behind them the sum in milliseconds. */
export const SERIES_NUMBERS: number = DURATION_BUCKETS + 1;
/** Series by command of one cluster in one worker; further commands are counted as {@link OTHER_COMMANDS}. */
export const COMMAND_SERIES_MAX = 2_000;
/** The command of all that have no series of their own. */
export const OTHER_COMMANDS = "other";

/** What a series is about. */
export type DurationKind = "request" | "blocking" | "queue" | "server" | "probe";

/** What the proxy does to see that a backend answers: it makes a connection, or sends a ping. */
export type ProbeKind = "connect" | "heartbeat";

/** Series of one cluster, as plain data. */
export interface DurationsSnapshot {
  /** One for each series, see {@link readSeriesKey}. */
  readonly keys: string[];
  /** {@link SERIES_NUMBERS} for each series, in their order. */
  readonly values: Float64Array;
}

/** What a series is about. */
export interface SeriesName {
  readonly kind: DurationKind;
  /** Empty where it is about all commands; of probes the {@link ProbeKind}. */
  readonly command: string;
  /** `host:port`. */
  readonly backend: string;
}

/** Whether a series of this kind is about one command. */
export function isByCommand(kind: DurationKind): boolean {
  return kind === "request" || kind === "blocking";
}

/** The series of nothing. */
export const NO_DURATIONS: DurationsSnapshot = { keys: [], values: new Float64Array(0) };

/** Writes a series' name as one text. */
export function seriesKey({ kind, command, backend }: SeriesName): string {
  return `${kind} ${command} ${backend}`;
}

/** Reads what {@link seriesKey} has written. */
export function readSeriesKey(key: string): SeriesName {
  const [kind, command, ...backend] = key.split(" ");
  return { kind: kind as DurationKind, command: command!, backend: backend.join(" ") };
}

/** A command as its requests are measured: a row of a table of commands. */
export interface MeasuredCommand {
  /** Lower case. */
  readonly name: string;
  /** Position in its table, from 0. */
  readonly index: number;
}

/** How many series by command a cluster has in this worker. */
export class SeriesBudget {
  used = 0;
}

/** One series. */
interface Series {
  readonly key: string;
  readonly numbers: Float64Array;
}

/** A command's series, and whose it is. */
interface CommandSeries extends Series {
  readonly row: MeasuredCommand;
}

/**
 * The durations of one server. Requests of one turn mostly come and go together: equal ones in a row are counted by one
 * addition.
 */
export class BackendDurations {
  readonly #address: string;
  readonly #budget: SeriesBudget;
  readonly #remoteTimer: Histogram;
  readonly #queue: Series;
  readonly #server: Series;
  /** By the row's position in its table; two tables may have a row at one. */
  readonly #byIndex: (CommandSeries | undefined)[] = [];
  /** Every row that was asked about. */
  readonly #byRow = new Map<MeasuredCommand, CommandSeries>();
  #other: Series | null = null;
  /** Of the blocking commands. */
  readonly #waits = new Map<string, Series>();
  readonly #probes = new Map<ProbeKind, Series>();
  /** What was recorded last, and how often that is not counted yet. */
  #row: MeasuredCommand | null = null;
  #startedAtMs = 0;
  #handedAtMs = 0;
  #nowMs = 0;
  #times = 0;

  /**
   * @param address `host:port`.
   * @param remoteTimer Counts the times at all servers of the cluster, in microseconds.
   */
  constructor(address: string, budget: SeriesBudget, remoteTimer: Histogram) {
    this.#address = address;
    this.#budget = budget;
    this.#remoteTimer = remoteTimer;
    this.#queue = this.#createSeries("queue", "");
    this.#server = this.#createSeries("server", "");
  }

  /** A request has been answered; times are real milliseconds of the worker's clock. */
  record(row: MeasuredCommand, startedAtMs: number, handedAtMs: number, nowMs: number): void {
    if (
      row !== this.#row || startedAtMs !== this.#startedAtMs || handedAtMs !== this.#handedAtMs ||
      nowMs !== this.#nowMs
    ) {
      this.#count();
      this.#row = row;
      this.#startedAtMs = startedAtMs;
      this.#handedAtMs = handedAtMs;
      this.#nowMs = nowMs;
    }
    this.#times += 1;
  }

  /** A blocking command is over: its client has waited on purpose, so that is apart from what servers took. */
  recordWait(command: string, durationMs: number): void {
    const series = this.#waits.get(command) ?? this.#openWaits(command);
    add(series.numbers, durationMs, 1);
  }

  /** The backend has answered a probe. */
  recordProbe(probe: ProbeKind, durationMs: number): void {
    let series = this.#probes.get(probe);
    if (series === undefined) {
      series = this.#createSeries("probe", probe);
      this.#probes.set(probe, series);
    }
    add(series.numbers, durationMs, 1);
  }

  /** Requests of clients that the backend has answered, by errors or not. */
  get answeredCount(): number {
    this.#count();
    let count = countOf(this.#server.numbers);
    for (const { numbers } of this.#waits.values()) count += countOf(numbers);
    return count;
  }

  /** Appends all series that have counted anything; returns how many by command it has to itself. */
  addSeriesTo(all: Series[]): number {
    this.#count();
    for (const series of this.#probes.values()) all.push(series);
    for (const series of this.#waits.values()) all.push(series);
    let ownCount = this.#waits.size - (this.#waits.has(OTHER_COMMANDS) ? 1 : 0);
    if (this.#byRow.size === 0) return ownCount;
    all.push(this.#queue, this.#server);
    const other = this.#other;
    if (other !== null) all.push(other);
    for (const series of this.#byRow.values()) {
      // Rows without a series of their own share that one.
      if (series.numbers === other?.numbers) continue;
      all.push(series);
      ownCount += 1;
    }
    return ownCount;
  }

  #count(): void {
    const times = this.#times;
    if (times === 0) return;
    this.#times = 0;
    add(this.#queue.numbers, this.#handedAtMs - this.#startedAtMs, times);
    add(this.#server.numbers, this.#nowMs - this.#handedAtMs, times);
    this.#remoteTimer.observeTimes((this.#nowMs - this.#handedAtMs) * 1000, times);
    add(this.#seriesOf(this.#row!).numbers, this.#nowMs - this.#startedAtMs, times);
  }

  #seriesOf(row: MeasuredCommand): CommandSeries {
    const series = this.#byIndex[row.index];
    if (series !== undefined && series.row === row) return series;
    const known = this.#byRow.get(row);
    if (known !== undefined) return known;
    const made = { row, ...this.#openSeries(row) };
    this.#byRow.set(row, made);
    while (this.#byIndex.length <= row.index) this.#byIndex.push(undefined);
    this.#byIndex[row.index] ??= made;
    return made;
  }

  #openSeries({ name }: MeasuredCommand): Series {
    if (this.#budget.used >= COMMAND_SERIES_MAX) {
      return this.#other ??= this.#createSeries("request", OTHER_COMMANDS);
    }
    this.#budget.used += 1;
    return this.#createSeries("request", name);
  }

  #openWaits(command: string): Series {
    const isOwn = this.#budget.used < COMMAND_SERIES_MAX;
    if (isOwn) this.#budget.used += 1;
    const name = isOwn ? command : OTHER_COMMANDS;
    const series = this.#waits.get(name) ?? this.#createSeries("blocking", name);
    this.#waits.set(name, series);
    return series;
  }

  #createSeries(kind: DurationKind, command: string): Series {
    const key = seriesKey({ kind, command, backend: this.#address });
    return { key, numbers: new Float64Array(SERIES_NUMBERS) };
  }
}

function add(numbers: Float64Array, durationMs: number, times: number): void {
  let bucket = 0;
  while (bucket < DURATION_BUCKETS - 1 && durationMs > DURATION_BOUNDS_MS[bucket]!) bucket += 1;
  numbers[bucket]! += times;
  numbers[DURATION_BUCKETS]! += durationMs * times;
}

/** Gathers the series of a cluster's servers; the budget is counted anew, so that those of servers that are gone end. */
export function gatherDurations(
  backends: readonly BackendDurations[],
  budget: SeriesBudget,
): DurationsSnapshot {
  const all: Series[] = [];
  let used = 0;
  for (const backend of backends) used += backend.addSeriesTo(all);
  budget.used = used;
  const keys: string[] = [];
  const values = new Float64Array(all.length * SERIES_NUMBERS);
  for (const { key, numbers } of all) {
    values.set(numbers, keys.length * SERIES_NUMBERS);
    keys.push(key);
  }
  return { keys, values };
}

/** Adds series up by their names. */
export function sumDurations(parts: readonly DurationsSnapshot[]): DurationsSnapshot {
  const positions = new Map<string, number>();
  for (const { keys } of parts) {
    for (const key of keys) if (!positions.has(key)) positions.set(key, positions.size);
  }
  const values = new Float64Array(positions.size * SERIES_NUMBERS);
  for (const part of parts) {
    part.keys.forEach((key, index) => {
      const target = positions.get(key)! * SERIES_NUMBERS;
      const source = index * SERIES_NUMBERS;
      for (let at = 0; at < SERIES_NUMBERS; at++) values[target + at]! += part.values[source + at]!;
    });
  }
  return { keys: [...positions.keys()], values };
}

/** Requests that a series has counted; `numbers` are those of one series. */
export function countOf(numbers: ArrayLike<number>): number {
  let count = 0;
  for (let bucket = 0; bucket < DURATION_BUCKETS; bucket++) count += numbers[bucket]!;
  return count;
}

/**
 * The duration that a share of requests did not exceed, milliseconds: within its bucket as if all of a bucket were
 * evenly spread, so it is off by less than the bucket is wide. Above the last bound it is the last bound. 0 where
 * nothing was counted.
 *
 * @param share 0 to 1.
 */
export function percentileMs(numbers: ArrayLike<number>, share: number): number {
  const wanted = countOf(numbers) * share;
  let below = 0;
  for (let bucket = 0; bucket < DURATION_BUCKETS - 1; bucket++) {
    const count = numbers[bucket]!;
    if (count > 0 && below + count >= wanted) {
      const least = bucket === 0 ? 0 : DURATION_BOUNDS_MS[bucket - 1]!;
      return least + (DURATION_BOUNDS_MS[bucket]! - least) * Math.max(0, wanted - below) / count;
    }
    below += count;
  }
  return below === 0 && wanted === 0 ? 0 : DURATION_BOUNDS_MS.at(-1)!;
}
