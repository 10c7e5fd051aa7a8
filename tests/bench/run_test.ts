/**
 * What the benchmark takes from a run: how long it is, between which moments it counts, and what
 * the generator prints.
 *
 * @module
 */
import { requestsFor } from "../../bench/measure.ts";
import { parseCsv } from "../../bench/redis_load.ts";
import { ALL_ROWS } from "../../bench/rows.ts";
import { ConnectedWindow } from "../../bench/run_watch.ts";
import { assertEquals, assertThrows } from "../deps.ts";

Deno.test("a run has whole pipelines, and as many requests as it must have at least", () => {
  const row = ALL_ROWS.find(({ id }) => id === "epoll:redis/get/32/p32/c500")!;
  assertEquals(requestsFor(row, 1000, 2, 0), 2016);
  assertEquals(requestsFor(row, 1000, 2, 32_000), 32_000);
});

function boundsOf(clients: number, openFiles: number[]): [number, number] | null {
  const window = new ConnectedWindow<number>(clients);
  openFiles.forEach((count, look) => window.add(count, look));
  return window.bounds;
}

Deno.test("a run counts from the last client's connecting to the first one's closing", () => {
  assertEquals(boundsOf(500, [5, 200, 480, 506, 506, 506, 430, 5]), [2, 5]);
});

Deno.test("what is opened behind the end does not count", () => {
  assertEquals(boundsOf(500, [5, 480, 506, 506, 100, 506]), [1, 3]);
});

Deno.test("a run that was not seen with all clients counts nothing", () => {
  assertEquals(boundsOf(500, [5, 200, 480]), null);
  assertEquals(boundsOf(500, [506, 506]), null);
  assertEquals(boundsOf(500, []), null);
});

Deno.test("redis-benchmark's throughput and latencies are read by column", () => {
  const text = `"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms",` +
    `"p99_latency_ms","max_latency_ms"\n"GET","18685.59","4.5","0.1","3.9","9.5","17.3","21.4"\n`;
  assertEquals(parseCsv(text), {
    requestsPerSecond: 18685.59,
    meanMs: 4.5,
    medianMs: 3.9,
    p99Ms: 17.3,
  });
  assertThrows(() => parseCsv(""), Error, "Cannot read");
});
