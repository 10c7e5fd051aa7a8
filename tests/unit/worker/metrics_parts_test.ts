/**
 * A large answer is sent in parts, one a turn, and is whole again where it arrives.
 *
 * @module
 */
import { SERIES_NUMBERS } from "../../../src/observe/durations.ts";
import { PIECES_AT_ONCE_MAX } from "../../../src/net/turn_budget.ts";
import {
  isLarge,
  type MetricsMessage,
  type MetricsPart,
  MetricsParts,
  PART_MAX,
} from "../../../src/worker/metrics_parts.ts";
import { joinParts } from "../../../src/supervisor/joined_metrics.ts";
import type { WorkerMessage } from "../../../src/worker/messages.ts";
import { assert, assertEquals } from "../../deps.ts";
import { backend, snapshot, VITALS } from "../supervisor/snapshots.ts";

function message(backendCount: number, seriesCount: number): MetricsMessage {
  const keys = Array.from({ length: seriesCount }, (_, index) => `request get s${index}:1`);
  const values = Float64Array.from({ length: seriesCount * SERIES_NUMBERS }, (_, index) => index);
  const backends = Array.from(
    { length: backendCount },
    (_, index) => backend(`s${index}:1`, { requests: index }),
  );
  const clusters = [
    snapshot("few", { requests: 3, backends: [backend("a:1")] }),
    snapshot("many", { requests: 7, backends, durations: { keys, values } }),
  ];
  return { kind: "metrics", question: 5, clusters, vitals: VITALS };
}

/** What is sent, turn by turn. */
function sent(whole: MetricsMessage): WorkerMessage[] {
  const posted: WorkerMessage[] = [];
  const task = new MetricsParts(whole, (one) => posted.push(structuredClone(one)));
  for (let turn = 1;; turn++) {
    const done = task.work();
    assertEquals(posted.length, turn, "one part a turn");
    if (done < PIECES_AT_ONCE_MAX) return posted;
  }
}

Deno.test("an answer in parts is whole again where it arrives", () => {
  const whole = message(2 * PART_MAX + 1, 3 * PART_MAX);
  assert(isLarge(whole));
  const posted = sent(whole);
  const last = posted.pop() as MetricsMessage;
  assertEquals([last.kind, last.question, last.vitals], ["metrics", 5, VITALS]);
  const parts = posted as MetricsPart[];
  assertEquals(parts.map(({ kind, question }) => `${kind} ${question}`), [
    ...Array.from({ length: 7 }, () => "metrics_part 5"),
  ]);
  for (const { backends, keys } of parts) assert(backends.length + keys.length <= PART_MAX);
  assertEquals(joinParts(last.clusters, parts), whole.clusters);
});

Deno.test("an answer of few servers is no large one", () => {
  assertEquals([isLarge(message(PART_MAX, PART_MAX)), isLarge(message(PART_MAX + 1, 1))], [
    ...[false, true],
  ]);
});
