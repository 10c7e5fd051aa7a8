/**
 * Slow requests as spans of OpenTelemetry, where Deno exports them (`OTEL_DENO=true`). Deno has the means built in.
 *
 * @module
 */
import type { SlowEntry } from "./slow_log.ts";

/** Spans of one worker in a second; further slow requests have none. */
export const SPANS_PER_SECOND_MAX = 100;

/** A span, as far as it is used. */
export interface Span {
  isRecording(): boolean;
  setStatus(status: { code: number; message: string }): unknown;
  end(timeMs: number): void;
}

/** What makes spans; times are milliseconds since 1970. */
export interface Tracer {
  startSpan(
    name: string,
    options: {
      kind: number;
      startTime: number;
      attributes: Record<string, string | number>;
    },
  ): Span;
}

/** OpenTelemetry's numbers for what calls another, and for what has failed. */
const KIND_CLIENT = 2;
const STATUS_ERROR = 2;

/** One per cluster and worker. */
export class SlowSpans {
  readonly #tracer: Tracer | null;
  readonly #attributes: Readonly<Record<string, string>>;
  #second = 0;
  #count = 0;

  /**
   * @param cluster Name of the cluster.
   * @param system What its servers are, in OpenTelemetry's words: `redis` or `memcached`.
   */
  constructor(cluster: string, system: string, tracer: Tracer | null = ownTracer()) {
    this.#tracer = tracer;
    this.#attributes = { "db.system.name": system, "aster.cluster": cluster };
  }

  /** A request took long. */
  add(entry: SlowEntry): void {
    if (this.#tracer === null) return;
    const endMs = entry.startedAtMs + entry.totalUs / 1000;
    const second = Math.floor(endMs / 1000);
    if (second !== this.#second) this.#count = 0;
    this.#second = second;
    if (this.#count >= SPANS_PER_SECOND_MAX) return;
    const span = this.#tracer.startSpan(entry.command, {
      kind: KIND_CLIENT,
      startTime: entry.startedAtMs,
      attributes: {
        ...this.#attributes,
        "db.operation.name": entry.command,
        "server.address": entry.backend,
        "client.address": entry.address,
        "aster.queue_us": entry.queueUs,
        "aster.server_us": entry.serverUs,
      },
    });
    if (!span.isRecording()) return;
    this.#count += 1;
    if (entry.failure !== "") span.setStatus({ code: STATUS_ERROR, message: entry.failure });
    span.end(endMs);
  }
}

/** Deno's own, which needs no permission; null where Deno is not told to export: then it throws at each span. */
function ownTracer(): Tracer | null {
  try {
    const tracer = Deno.telemetry.tracerProvider.getTracer("aster") as unknown as Tracer;
    // One that is never ended is never exported.
    tracer.startSpan("probe", { kind: KIND_CLIENT, startTime: Date.now(), attributes: {} });
    return tracer;
  } catch {
    return null;
  }
}
