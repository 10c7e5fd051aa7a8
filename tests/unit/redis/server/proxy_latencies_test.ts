import { SERIES_NUMBERS, seriesKey } from "../../../../src/observe/durations.ts";
import { ProxyLatencies } from "../../../../src/redis/server/proxy_latencies.ts";
import { assertEquals } from "../../../deps.ts";
import { RigPeers } from "../../../support/rigs/redis_context.ts";

/** Counts of requests that took up to 100 µs, and up to 1 s, by command and server. */
function durations(counts: Record<string, [quick: number, slow: number]>) {
  const keys = Object.keys(counts).map((name) => {
    const [command, backend] = name.split(" ");
    return seriesKey({ kind: "request", command: command!, backend: backend! });
  });
  keys.push(seriesKey({ kind: "server", command: "", backend: "a:1" }));
  const values = new Float64Array(keys.length * SERIES_NUMBERS);
  Object.values(counts).forEach(([quick, slow], index) => {
    values[index * SERIES_NUMBERS] = quick;
    values[index * SERIES_NUMBERS + 12] = slow;
  });
  return { keys, values };
}

function told(latencies: ProxyLatencies): [string, string][] {
  let fields: [string, string][] = [];
  latencies.tell((heard) => fields = heard as [string, string][]);
  return fields;
}

Deno.test("percentiles are those of all servers and workers, by command, in microseconds", () => {
  const peers = new RigPeers();
  const numbers = new Array<number>(SERIES_NUMBERS).fill(0);
  numbers[12] = 100;
  peers.answers = [[["set", numbers]], undefined];
  const latencies = new ProxyLatencies(
    () => durations({ "set a:1": [50, 0], "get a:1": [60, 0], "get b:1": [40, 0] }),
    peers,
  );
  assertEquals(told(latencies), [
    ["latency_percentiles_usec_get", "p50=50.000,p99=99.000,p99.9=99.900"],
    ["latency_percentiles_usec_set", "p50=625000.000,p99=992500.000,p99.9=999250.000"],
  ]);
  assertEquals(
    (peers.handlers.get("info latencies")!(null) as [string, number[]][]).map(([name]) => name),
    ["set", "get"],
  );
});

Deno.test("after a reset only what came since counts", () => {
  let counts: Record<string, [number, number]> = { "get a:1": [0, 100], "set a:1": [5, 0] };
  const latencies = new ProxyLatencies(() => durations(counts), new RigPeers());
  latencies.reset();
  assertEquals(told(latencies), []);
  counts = { "get a:1": [100, 100], "set a:1": [5, 0] };
  assertEquals(told(latencies), [
    ["latency_percentiles_usec_get", "p50=50.000,p99=99.000,p99.9=99.900"],
  ]);
});
