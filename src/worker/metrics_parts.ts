/**
 * What a worker has counted, sent in parts: with a thousand servers writing all of it down at once would keep its clients
 * waiting for as long as that takes.
 *
 * @module
 */
import type { ClusterMetricsSnapshot } from "../observe/cluster_metrics.ts";
import { SERIES_NUMBERS } from "../observe/durations.ts";
import { type LongTask, PIECES_PER_TURN_MAX } from "../net/turn_budget.ts";
import type { WorkerMessage } from "./messages.ts";

/** Backends, or series of durations, of one part. */
export const PART_MAX = 250;

/** The answer to a question for metrics. */
export type MetricsMessage = Extract<WorkerMessage, { kind: "metrics" }>;

/** Backends and series that go ahead of the message which ends the answer. */
export type MetricsPart = Extract<WorkerMessage, { kind: "metrics_part" }>;

/** Whether an answer is worth being sent in parts. */
export function isLarge({ clusters }: MetricsMessage): boolean {
  return clusters.some(({ backends, durations }) =>
    backends.length > PART_MAX || durations.keys.length > PART_MAX
  );
}

/** Sends one answer, a part a turn. */
export class MetricsParts implements LongTask {
  isQueued = false;
  readonly #post: (message: WorkerMessage) => void;
  readonly #parts: MetricsPart[] = [];
  readonly #last: MetricsMessage;

  constructor(message: MetricsMessage, post: (message: WorkerMessage) => void) {
    this.#post = post;
    const clusters = message.clusters.map((cluster) => {
      this.#cut(message.question, cluster);
      return { ...cluster, backends: [], durations: { keys: [], values: new Float64Array(0) } };
    });
    this.#last = { ...message, clusters };
  }

  #cut(question: number, { cluster, backends, durations }: ClusterMetricsSnapshot): void {
    const head = { kind: "metrics_part", question, cluster } as const;
    for (let from = 0; from < backends.length; from += PART_MAX) {
      const part = backends.slice(from, from + PART_MAX);
      this.#parts.push({ ...head, backends: part, keys: [], values: new Float64Array(0) });
    }
    const { keys, values } = durations;
    for (let from = 0; from < keys.length; from += PART_MAX) {
      const to = Math.min(keys.length, from + PART_MAX);
      this.#parts.push({
        ...head,
        backends: [],
        keys: keys.slice(from, to),
        // A copy: of a view all that it is a view of would be sent.
        values: values.slice(from * SERIES_NUMBERS, to * SERIES_NUMBERS),
      });
    }
    this.#parts.reverse();
  }

  work(): number {
    const part = this.#parts.pop();
    if (part === undefined) {
      this.#post(this.#last);
      return 0;
    }
    this.#post(part);
    // The next one has its own turn: clients come first.
    return PIECES_PER_TURN_MAX;
  }
}
