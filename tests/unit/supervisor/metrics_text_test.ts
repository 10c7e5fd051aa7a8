import { assert, assertEquals } from "../../deps.ts";
import { failures } from "../../../src/failure.ts";
import {
  backendCounts,
  clusterCounts,
  clusterHistograms,
  durationHistograms,
  processCounts,
  workerRows,
} from "../../../src/observe/metric_table.ts";
import {
  formatFor,
  type MetricsView,
  renderMetrics,
} from "../../../src/supervisor/metrics_text.ts";
import { SERIES_NUMBERS } from "../../../src/observe/durations.ts";
import { backend, snapshot, VITALS } from "./snapshots.ts";

const failureCounts = snapshot("main").failures;
failureCounts[failures.backendTimeout.id] = 4;
failureCounts[failures.clientMalformed.id] = 2;

/** Two requests of up to 100 µs, one of up to 10 s. */
const numbers = new Float64Array(SERIES_NUMBERS);
numbers[0] = 2;
numbers[15] = 1;
numbers[SERIES_NUMBERS - 1] = 5_000;
const series = { cluster: "main", backend: "127.0.0.1:6379", numbers };

const view: MetricsView = {
  version: "1.2.3",
  build: { deno: "2.9.6", os: "linux" },
  vitals: [{ worker: 0, vitals: VITALS }, { worker: 1, vitals: null }],
  durations: [
    { ...series, kind: "request", command: "get" },
    { ...series, kind: "queue", command: "" },
    { ...series, kind: "probe", command: "connect" },
  ],
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
      requestsByKind: [10, 60, 29, 1],
      failedByKind: [1, 2, 3, 1],
      totalTimer: { counts: [90, 5, 0, 3, 1, 1], sum: 123_456 },
      remoteTimer: { counts: [80, 10, 5, 5], sum: 99_999 },
      backends: [
        backend("127.0.0.1:6379", {
          connections: 2,
          requests: 50,
          failures: 5,
          okReplies: 42,
          errorReplies: 3,
          connects: 4,
          connectFailures: 1,
          pings: 8,
          pingFailures: 2,
          inFlight: 7,
          queuedBytes: 1_024,
          failuresByReason: [[failures.backendTimeout.id, 5]],
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
  silentRestarts: 1,
  workerRestarts: 3,
  configHash: 77,
  isReloadGood: false,
  areCertificatesGood: true,
  certificateEnds: [{ cluster: "main", file: "tls.crt", endMs: 1_800_000_000_000 }],
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
      'aster_backend_health_status{cluster="main",backend="[::1]:6379"} 0',
      'aster_backend_error_total{cluster="main",backend="127.0.0.1:6379",kind="backend_timeout"} 5',
      'aster_request_duration_seconds_bucket{le="0.0001",cluster="main",command="get",backend="127.0.0.1:6379"} 2',
      'aster_request_duration_seconds_bucket{le="5",cluster="main",command="get",backend="127.0.0.1:6379"} 2',
      'aster_request_duration_seconds_bucket{le="10",cluster="main",command="get",backend="127.0.0.1:6379"} 3',
      'aster_request_duration_seconds_sum{cluster="main",command="get",backend="127.0.0.1:6379"} 5',
      'aster_queue_duration_seconds_count{cluster="main",backend="127.0.0.1:6379"} 3',
      'aster_build_info{version="1.2.3",deno="2.9.6",os="linux"} 1',
      'aster_worker_heap_bytes{worker="0"} 1000',
      'aster_worker_loop_delay_seconds_bucket{le="0.001",worker="0"} 3',
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
  const tables = [clusterCounts, clusterHistograms, backendCounts, processCounts];
  const rows = [...tables, durationHistograms, workerRows];
  const count = new Set(rows.flatMap((table) => Object.values(table)).map(({ name }) => name)).size;
  // Kinds of requests, failures, those of backends, their health, probes and their times, the states of servers,
  // certificates and the build have a row each.
  assertEquals(names("HELP").length, count + 9);
  assertEquals(names("HELP"), names("TYPE"));
  assertEquals(new Set(names("HELP")).size, count + 9);
  assert(text.includes("# TYPE aster_total_timer histogram\n"));
  assert(text.endsWith("\n"));
});

Deno.test("formatFor() takes OpenMetrics where it is named and not weighed less", () => {
  assertEquals(formatFor(null), "text");
  assertEquals(formatFor("*/*"), "text");
  assertEquals(formatFor("text/plain"), "text");
  assertEquals(formatFor("application/openmetrics-text; version=1.0.0"), "openmetrics");
  assertEquals(formatFor("application/openmetrics-text;q=0.5,text/plain;q=0.7"), "text");
  assertEquals(formatFor("application/openmetrics-text;q=0"), "text");
  const prometheus = "application/openmetrics-text;version=1.0.0;q=0.5," +
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
  assertEquals(formatFor(prometheus), "openmetrics");
});

Deno.test("renderMetrics() shows results of requests, and probes with their times in microseconds", async () => {
  const lines = (await renderMetrics(view)).split("\n");
  const at = 'cluster="main",backend="127.0.0.1:6379"';
  for (
    const line of [
      `aster_backend_request_total{${at},result="ok"} 42`,
      `aster_backend_request_total{${at},result="resp_error"} 3`,
      `aster_backend_request_total{${at},result="backend_timeout"} 5`,
      `aster_backend_probe_total{${at},probe="connect",result="ok"} 4`,
      `aster_backend_probe_total{${at},probe="connect",result="fail"} 1`,
      `aster_backend_probe_total{${at},probe="heartbeat",result="ok"} 8`,
      `aster_backend_probe_total{${at},probe="heartbeat",result="fail"} 2`,
      `aster_backend_probe_duration_bucket{le="1000",${at},probe="connect"} 2`,
      `aster_backend_probe_duration_bucket{le="1000000",${at},probe="connect"} 2`,
      `aster_backend_probe_duration_bucket{le="10000000",${at},probe="connect"} 3`,
      `aster_backend_probe_duration_bucket{le="+Inf",${at},probe="connect"} 3`,
      `aster_backend_probe_duration_sum{${at},probe="connect"} 5000000`,
      `aster_backend_probe_duration_count{${at},probe="connect"} 3`,
    ]
  ) {
    assert(lines.includes(line), line);
  }
  const helps = lines.filter((line) => line.startsWith("# HELP aster_backend_request_total "));
  assertEquals(helps.length, 1);
});

Deno.test("renderMetrics() shows requests by kind and result; what is no request is invalid", async () => {
  const lines = (await renderMetrics(view)).split("\n").filter((line) =>
    line.startsWith('aster_front_command_total{cluster="main"')
  );
  assertEquals(lines.map((line) => line.replace(/.*main",/, "")), [
    'kind="other",result="ok"} 9',
    'kind="other",result="fail"} 1',
    'kind="read",result="ok"} 58',
    'kind="read",result="fail"} 2',
    'kind="write",result="ok"} 26',
    'kind="write",result="fail"} 3',
    // One of an unknown command, two malformed.
    'kind="invalid",result="fail"} 3',
  ]);
});
