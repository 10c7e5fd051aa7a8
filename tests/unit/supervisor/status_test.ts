import { Clock } from "../../../src/clock.ts";
import { failures } from "../../../src/failure.ts";
import { SERIES_NUMBERS, seriesKey } from "../../../src/observe/durations.ts";
import { Log } from "../../../src/observe/log.ts";
import { OperatorOrders } from "../../../src/supervisor/operator_orders.ts";
import { showCluster, showWorker } from "../../../src/supervisor/status.ts";
import { assertEquals } from "../../deps.ts";
import { clusterConfig } from "./cluster_configs.ts";
import { backend, snapshot, VITALS } from "./snapshots.ts";

const orders = new OperatorOrders(() => [], new Clock(), new Log("info", () => {}));

Deno.test("a worker is shown with how it does, if it has said", () => {
  const state = {
    ...{ number: 1, isListening: true, hasAnswered: true, restarts: 0, leads: [] },
    ...{ clusters: ["main"], clientsConnected: 3, requests: 9 },
  };
  assertEquals(showWorker({ ...state, vitals: VITALS }), {
    ...state,
    heapBytes: 1_000,
    externalBytes: 200,
    loopDelayMs: 7,
  });
  assertEquals(showWorker({ ...state, vitals: null }), state);
});

Deno.test("a cluster is shown with all counts, failures by reason, percentiles and slots", () => {
  const numbers = new Float64Array(SERIES_NUMBERS);
  numbers[0] = 3;
  numbers[SERIES_NUMBERS - 1] = 0.2;
  const key = seriesKey({ kind: "request", command: "get", backend: "127.0.0.1:7001" });
  const counts = snapshot("main");
  counts.failures[failures.backendTimeout.id] = 4;
  const counted = {
    ...counts,
    slowRequests: 5,
    durations: { keys: [key], values: numbers },
    backends: [backend("127.0.0.1:7001", { failuresByReason: [[failures.backendTimeout.id, 4]] })],
  };
  const config = clusterConfig("main", 2, 7_000);
  const recent = new Map([["127.0.0.1:7001", { p50Us: 50, p99Us: 99 }]]);
  const slots = [{ first: 0, last: 9, master: "a:1", replicas: [] }];
  // deno-lint-ignore no-explicit-any
  const shown = showCluster({ config, counted, orders, recent, slots }) as any;
  assertEquals([shown.slowRequests, shown.requests, shown.threads], [5, 0, 2]);
  assertEquals(shown.failures, { backend_timeout: 4 });
  const [server] = shown.backends;
  assertEquals([server.p50Us, server.p99Us, server.failuresByReason], [50, 99, {
    backend_timeout: 4,
  }]);
  const [command] = shown.commands;
  assertEquals([command.command, command.count, command.sumUs, command.buckets.length], [
    ...["get", 3, 200, 17],
  ]);
  assertEquals(shown.slots, slots);
});

Deno.test("a cluster of which nothing is counted yet has the same fields", () => {
  const config = clusterConfig("main", 2, 7_000);
  const parts = { config, orders, recent: new Map(), slots: null };
  const without = showCluster({ ...parts, counted: undefined });
  const withCounts = showCluster({ ...parts, counted: snapshot("main") });
  assertEquals(Object.keys(without), Object.keys(withCounts));
});
