import { assert, assertEquals } from "../../deps.ts";
import { failures } from "../../../src/failure.ts";
import {
  backendCounts,
  clusterCounts,
  clusterHistograms,
  processCounts,
} from "../../../src/observe/metric_table.ts";
import { type MetricsView, renderMetrics } from "../../../src/supervisor/metrics_text.ts";
import { backend, snapshot } from "./snapshots.ts";

const failureCounts = snapshot("main").failures;
failureCounts[failures.backendTimeout.id] = 4;
failureCounts[failures.clientMalformed.id] = 2;

const view: MetricsView = {
  version: "1.2.3",
  clusters: [
    snapshot("main", {
      clientsConnected: 2,
      clientsAccepted: 9,
      requests: 100,
      errorReplies: 6,
      redirects: 3,
      topologyRefreshes: 2,
      ejections: 1,
      dedicatedTaken: 2,
      dedicatedIdle: 3,
      messageConnections: 6,
      messagesDelivered: 41,
      subscriptionGaps: 5,
      pushesDropped: 6,
      blockedClients: 4,
      loginFailures: 6,
      failures: failureCounts,
      totalTimer: { counts: [90, 5, 0, 3, 1, 1], sum: 123_456 },
      remoteTimer: { counts: [80, 10, 5, 5], sum: 99_999 },
      backends: [
        backend("127.0.0.1:6379", {
          connections: 2,
          requests: 50,
          failures: 5,
          inFlight: 7,
          queuedBytes: 1_024,
        }),
        backend("[::1]:6379", { isHealthy: false }),
      ],
    }),
    snapshot('od"d', {}),
  ],
  memoryBytes: 64 * 1024 * 1024,
  cpuPercent: 12.5,
  workers: 2,
  silentWorkers: 1,
  workerRestarts: 3,
  configHash: 77,
  isReloadGood: false,
  pauses: 2,
  serverStates: [{ cluster: "main", server: "r0", state: "drain" }],
};

Deno.test("renderMetrics() keeps aster's own names, labels and buckets", async () => {
  const lines = new Set((await renderMetrics(view)).split("\n"));
  for (
    const line of [
      'aster_version{version="1.2.3"} 1',
      "aster_memory_usage 65536",
      "aster_cpu_usage 12.5",
      "aster_thread_count 3",
      "aster_global_error 6",
      'aster_front_connection{cluster="main"} 2',
      'aster_front_connection_incr{cluster="main"} 9',
      'aster_total_timer_bucket{le="1000",cluster="main"} 90',
      'aster_total_timer_bucket{le="10000",cluster="main"} 95',
      'aster_total_timer_bucket{le="40000",cluster="main"} 95',
      'aster_total_timer_bucket{le="100000",cluster="main"} 98',
      'aster_total_timer_bucket{le="200000",cluster="main"} 99',
      'aster_total_timer_bucket{le="+Inf",cluster="main"} 100',
      'aster_total_timer_sum{cluster="main"} 123456',
      'aster_total_timer_count{cluster="main"} 100',
      'aster_remote_timer_bucket{le="1000",cluster="main"} 80',
      'aster_remote_timer_bucket{le="10000",cluster="main"} 90',
      'aster_remote_timer_bucket{le="100000",cluster="main"} 95',
      'aster_remote_timer_bucket{le="+Inf",cluster="main"} 100',
      'aster_remote_timer_sum{cluster="main"} 99999',
      'aster_remote_timer_count{cluster="main"} 100',
    ]
  ) {
    assert(lines.has(line), line);
  }
});

Deno.test("renderMetrics() shows what each cluster and backend counted", async () => {
  const lines = new Set((await renderMetrics(view)).split("\n"));
  for (
    const line of [
      'aster_requests_total{cluster="main"} 100',
      'aster_requests_total{cluster="od\\"d"} 0',
      'aster_error_replies_total{cluster="main"} 6',
      'aster_failures_total{cluster="main",reason="backend_timeout",source="backend"} 4',
      'aster_failures_total{cluster="main",reason="client_malformed",source="client"} 2',
      'aster_failures_total{cluster="main",reason="connect_refused",source="backend"} 0',
      'aster_redirects_total{cluster="main"} 3',
      'aster_topology_refreshes_total{cluster="main"} 2',
      'aster_ejections_total{cluster="main"} 1',
      'aster_dedicated_connections{cluster="main"} 2',
      'aster_dedicated_connections_idle{cluster="main"} 3',
      'aster_message_connections{cluster="main"} 6',
      'aster_messages_delivered_total{cluster="main"} 41',
      'aster_subscription_gaps_total{cluster="main"} 5',
      'aster_blocked_clients{cluster="main"} 4',
      'aster_login_failures_total{cluster="main"} 6',
      'aster_backend_up{cluster="main",backend="127.0.0.1:6379"} 1',
      'aster_backend_up{cluster="main",backend="[::1]:6379"} 0',
      'aster_backend_requests_total{cluster="main",backend="127.0.0.1:6379"} 50',
      'aster_backend_failures_total{cluster="main",backend="127.0.0.1:6379"} 5',
      'aster_backend_in_flight{cluster="main",backend="127.0.0.1:6379"} 7',
      'aster_backend_queued_bytes{cluster="main",backend="127.0.0.1:6379"} 1024',
      'aster_backend_connections{cluster="main",backend="127.0.0.1:6379"} 2',
      "aster_workers_silent 1",
      "aster_worker_restarts_total 3",
    ]
  ) {
    assert(lines.has(line), line);
  }
});

Deno.test("renderMetrics() explains every metric once, with its type", async () => {
  const text = await renderMetrics(view);
  const names = (kind: string) =>
    [...text.matchAll(new RegExp(`^# ${kind} (\\S+) (.+)$`, "gm"))].map((match) => match[1]!);
  const rows = [clusterCounts, clusterHistograms, backendCounts, processCounts];
  const count = rows.reduce((sum, row) => sum + Object.keys(row).length, 0);
  // Failures and the states of servers have a row each.
  assertEquals(names("HELP").length, count + 2);
  assertEquals(names("HELP"), names("TYPE"));
  assertEquals(new Set(names("HELP")).size, count + 2);
  assert(text.includes("# TYPE aster_total_timer histogram\n"));
  assert(text.endsWith("\n"));
});
