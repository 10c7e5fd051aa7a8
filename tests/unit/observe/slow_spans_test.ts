import {
  SlowSpans,
  type Span,
  SPANS_PER_SECOND_MAX,
  type Tracer,
} from "../../../src/observe/slow_spans.ts";
import type { SlowEntry } from "../../../src/observe/slow_log.ts";
import { assertEquals } from "../../deps.ts";

function entry(parts: Partial<SlowEntry> = {}): SlowEntry {
  return {
    ...{ id: 1, startedAtMs: 5_000, totalUs: 20_000, queueUs: 5_000, serverUs: 15_000, client: 1 },
    ...{ address: "10.0.0.9:5", name: "", user: "ann", backend: "10.0.0.2:6379" },
    ...{ command: "get", words: [new TextEncoder().encode("get")], failure: "" },
    ...parts,
  };
}

/** A tracer that writes down what is made. */
class RecordingTracer implements Tracer {
  readonly spans: { name: string; startMs: number; endMs: number; status: string }[] = [];
  attributes: Record<string, string | number> = {};
  isOn = true;

  startSpan(name: string, options: Parameters<Tracer["startSpan"]>[1]): Span {
    const made = { name, startMs: options.startTime, endMs: 0, status: "" };
    this.attributes = options.attributes;
    return {
      isRecording: () => this.isOn,
      setStatus: ({ message }) => made.status = message,
      end: (timeMs) => {
        made.endMs = timeMs;
        this.spans.push(made);
      },
    };
  }
}

Deno.test("a slow request is a span of its time, with where it went and no words of it", () => {
  const tracer = new RecordingTracer();
  const spans = new SlowSpans("main", "redis", tracer);
  spans.add(entry());
  spans.add(entry({ failure: "backend_timeout" }));
  assertEquals(tracer.spans, [
    { name: "get", startMs: 5_000, endMs: 5_020, status: "" },
    { name: "get", startMs: 5_000, endMs: 5_020, status: "backend_timeout" },
  ]);
  assertEquals(tracer.attributes, {
    "db.system.name": "redis",
    "aster.cluster": "main",
    "db.operation.name": "get",
    "server.address": "10.0.0.2:6379",
    "client.address": "10.0.0.9:5",
    "aster.queue_us": 5_000,
    "aster.server_us": 15_000,
  });
});

Deno.test("spans of one second are bounded", () => {
  const tracer = new RecordingTracer();
  const spans = new SlowSpans("main", "redis", tracer);
  for (let count = 0; count < 2 * SPANS_PER_SECOND_MAX; count++) spans.add(entry());
  assertEquals(tracer.spans.length, SPANS_PER_SECOND_MAX);
  spans.add(entry({ startedAtMs: 6_000 }));
  assertEquals(tracer.spans.length, SPANS_PER_SECOND_MAX + 1);
});

Deno.test("where nothing is exported nothing is recorded", () => {
  const tracer = new RecordingTracer();
  tracer.isOn = false;
  new SlowSpans("main", "redis", tracer).add(entry());
  assertEquals(tracer.spans, []);
  new SlowSpans("main", "redis").add(entry());
});
