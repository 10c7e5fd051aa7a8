/**
 * Every metric, once: its name, what it means, how the numbers of several workers become one. Counters in the
 * workers, the sums, the Prometheus text and docs/metrics.md are made of these rows. A new metric is a row here and
 * an increment where it happens.
 *
 * @module
 */

import { DURATION_BOUNDS_MS } from "./durations.ts";

/** How a number behaves: a counter only grows; a gauge is what is now, and ends with the worker that has it. */
export type MetricKind = "counter" | "gauge" | "histogram";

/** One metric. */
export interface MetricRow {
  /** Its name for Prometheus. */
  readonly name: string;
  readonly kind: MetricKind;
  /** What one of it is. */
  readonly unit: string;
  /** What it says, as a sentence. */
  readonly help: string;
  /** What tells it from other rows of its name, besides the labels of its table; nothing if left out. */
  readonly fixedLabels?: Readonly<Record<string, string>>;
}

/** A metric that counts values by upper bounds, ascending, in its unit. */
export interface HistogramRow extends MetricRow {
  readonly kind: "histogram";
  readonly bounds: readonly number[];
}

/** How the numbers that several workers have of one backend become one. */
export interface BackendRow extends MetricRow {
  /** `sum`, or `least` where one worker's no is a no. */
  readonly across: "sum" | "least";
}

/** What a worker counts of one cluster, by the field of `ClusterMetrics` that has it. */
export const clusterCounts = {
  clientsConnected: gauge("aster_front_connection", "clients", "Clients connected now."),
  clientsAccepted: counter(
    "aster_front_connection_incr",
    "clients",
    "Clients accepted since the start.",
  ),
  tlsHandshakes: counter(
    "aster_tls_handshakes_total",
    "handshakes",
    "Handshakes of TLS that clients have finished; those that failed are in aster_failures_total.",
  ),
  requests: counter("aster_requests_total", "requests", "Requests of clients."),
  errorReplies: counter(
    "aster_error_replies_total",
    "replies",
    "Error replies to clients, made by backends or by the proxy: requests that failed, each once, and what clients are " +
      "told that sent no request.",
  ),
  clientReceivedBytes: counter(
    "aster_client_received_bytes_total",
    "bytes",
    "Bytes that came from clients.",
  ),
  clientSentBytes: counter("aster_client_sent_bytes_total", "bytes", "Bytes that clients took."),
  clientOutputBytes: gauge(
    "aster_client_output_bytes",
    "bytes",
    "Replies that wait for their turn, or for their clients to take them.",
  ),
  redirects: counter("aster_redirects_total", "replies", "MOVED and ASK replies followed."),
  slowRequests: counter(
    "aster_slow_requests_total",
    "requests",
    "Requests that took as long as slowlog_log_slower_than says; of a split request each part.",
  ),
  bigKeys: counter(
    "aster_big_keys_total",
    "frames",
    "Requests and replies of at least big_key_bytes: /hotkeys has their keys.",
  ),
  backupRequests: counter(
    "aster_backup_requests_total",
    "requests",
    "Slow reads that were asked of a replica as well (backup_request).",
  ),
  backupRequestsWon: counter(
    "aster_backup_requests_won_total",
    "requests",
    "Such reads that the replica answered first.",
  ),
  backupRequestsCapped: counter(
    "aster_backup_requests_capped_total",
    "looks",
    "Looks, every few milliseconds, at a slow read that max_percent kept from being asked of a replica.",
  ),
  topologyRefreshes: counter(
    "aster_topology_refreshes_total",
    "fetches",
    "Slot maps fetched from the Redis Cluster.",
  ),
  ejections: counter(
    "aster_ejections_total",
    "servers",
    "Backends ejected, because of failed pings or of timeouts in a row.",
  ),
  waitedRequests: counter(
    "aster_waited_requests_total",
    "requests",
    "Requests that no server had run and that waited for one that can (failover_wait).",
  ),
  waitingRequests: gauge(
    "aster_waiting_requests",
    "requests",
    "Such requests that wait now.",
  ),
  circuitsOpened: counter(
    "aster_circuits_opened_total",
    "openings",
    "Times that a backend got no more requests for a while, because of circuit_timeouts in a row; counted by each worker.",
  ),
  dedicatedTaken: gauge(
    "aster_dedicated_connections",
    "connections",
    "Backend connections that one client has to itself now, for a transaction or a blocking command; at most " +
      "dedicated_connections a worker.",
  ),
  dedicatedIdle: gauge(
    "aster_dedicated_connections_idle",
    "connections",
    "Such connections kept for the next client that wants one, for 10 s.",
  ),
  blockedClients: gauge(
    "aster_blocked_clients",
    "clients",
    "Clients that wait in a blocking command.",
  ),
  loginFailures: counter(
    "aster_login_failures_total",
    "logins",
    "Wrong user names and passwords of clients.",
  ),
  denials: counter(
    "aster_denied_requests_total",
    "requests",
    "Requests denied because of what their user may do, or by deny_commands.",
  ),
  messageConnections: gauge(
    "aster_message_connections",
    "connections",
    "Backend connections over which messages for subscribed clients come.",
  ),
  messagesDelivered: counter(
    "aster_messages_delivered_total",
    "messages",
    "Messages handed to subscribed clients, counted for each client.",
  ),
  channelSubscriptions: labelled({ scope: "channel" }, subscriptions()),
  patternSubscriptions: labelled({ scope: "pattern" }, subscriptions()),
  shardSubscriptions: labelled({ scope: "shard" }, subscriptions()),
  subscriptionGaps: counter(
    "aster_subscription_gaps_total",
    "subscriptions",
    "Subscriptions interrupted at a backend: messages may have been missed.",
  ),
  bufferedBytes: gauge(
    "aster_buffered_bytes",
    "bytes",
    "Buffers of clients and of connections to backends, requests in flight, subscriptions and scripts, as max_memory_bytes counts them.",
  ),
  exchangesInUse: gauge(
    "aster_exchanges_in_use",
    "exchanges",
    "Sendings of requests to backends that are not over, those whose replies nobody waits for any more included.",
  ),
  chunksInUse: gauge(
    "aster_chunks_in_use",
    "chunks",
    "Pieces of buffers that have bytes to be sent, or that may have to be sent again, or replies that wait.",
  ),
  pushesDropped: counter(
    "aster_pushes_dropped_total",
    "pushes",
    "RESP3 pushes of backends that nobody asked for.",
  ),
} as const satisfies Record<string, MetricRow>;

/** Field of a count of one cluster. */
export type ClusterCount = keyof typeof clusterCounts;

/** The fields of {@link clusterCounts}. */
export const CLUSTER_COUNTS = Object.keys(clusterCounts) as readonly ClusterCount[];

/** What a worker measures of one cluster. The bounds are those that aster always had. */
export const clusterHistograms = {
  totalTimer: {
    name: "aster_total_timer",
    kind: "histogram",
    unit: "µs",
    help:
      "Request parsed to reply handed to the client's connection. Answers that the proxy gives itself at once " +
      "are not in it.",
    bounds: [1_000, 10_000, 40_000, 100_000, 200_000],
  },
  remoteTimer: {
    name: "aster_remote_timer",
    kind: "histogram",
    unit: "µs",
    help:
      "Request handed to the backend's connection to reply read, of all backends: aster_server_duration_seconds has " +
      "each.",
    bounds: [1_000, 10_000, 100_000],
  },
} as const satisfies Record<string, HistogramRow>;

/** Field of a histogram of one cluster. */
export type ClusterHistogram = keyof typeof clusterHistograms;

/** The fields of {@link clusterHistograms}. */
export const CLUSTER_HISTOGRAMS = Object.keys(clusterHistograms) as readonly ClusterHistogram[];

/** Failures by reason and source: every reason is there from the start, so that a first one shows as an increase. */
export const failureRow: MetricRow = counter(
  "aster_failures_total",
  "failures",
  "Why requests and connections failed, and who caused it: client, backend or proxy.",
);

/** Requests of clients by what their commands may do, by the name that aster of 2025 gave them. */
export const frontCommandRow: MetricRow = counter(
  "aster_front_command_total",
  "requests",
  "Requests of clients: by kind, that is by what the command's flags say (read, write, other), or invalid where there is " +
    "no such command, or the bytes were no request; and by result, fail where the answer was an error, of a split " +
    "request of any part.",
);

/** What operators have made of the servers of rings, as numbers. */
export const serverStateRow: MetricRow = gauge(
  "aster_server_state",
  "",
  "What an operator has made of a server of a ring: 0 ready, 1 drain, 2 maint.",
);

/** How long certificates last, by the file that each stands in. */
export const certificateEndRow: MetricRow = gauge(
  "aster_tls_certificate_end_seconds",
  "seconds",
  "When a certificate that clients or backends are shown is valid no more, in seconds since 1970.",
);

const POOL_SESSIONS_HELP =
  "Connections to the backend: those that clients share, and those that one client has to itself, as " +
  "aster of 2025 called them.";

/** What a worker knows of one backend, by the field of `BackendMetricsSnapshot` that has it. */
export const backendCounts = {
  isHealthy: {
    ...gauge(
      "aster_backend_up",
      "",
      "1, or 0 while it is ejected or gets no requests because of timeouts, or after a failed connect until it answers " +
        "again, as any worker sees it.",
    ),
    across: "least",
  },
  requests: summed(
    counter("aster_backend_requests_total", "requests", "Requests sent, pings included."),
  ),
  failures: summed(counter("aster_backend_failures_total", "requests", "Requests that failed.")),
  okReplies: summed(labelled({ result: "ok" }, backendResults())),
  errorReplies: summed(labelled({ result: "resp_error" }, backendResults())),
  connects: summed(
    counter(
      "aster_backend_connects_total",
      "connections",
      "Connections to the backend that were made and have answered: at first, and again.",
    ),
  ),
  connectFailures: summed(
    counter(
      "aster_backend_connect_failures_total",
      "attempts",
      "Connections to the backend that could not be had.",
    ),
  ),
  inFlight: summed(
    gauge(
      "aster_backend_in_flight",
      "requests",
      "Requests given to connections to the backend and not yet answered.",
    ),
  ),
  unsent: summed(
    gauge(
      "aster_backend_queued_requests",
      "requests",
      "Of these those that wait to be written to the backend.",
    ),
  ),
  queuedBytes: summed(
    gauge("aster_backend_queued_bytes", "bytes", "Bytes that wait to be written to the backend."),
  ),
  sentBytes: summed(
    counter(
      "aster_backend_sent_bytes_total",
      "bytes",
      "Bytes of requests that the backend took, over connections that clients share.",
    ),
  ),
  receivedBytes: summed(
    counter(
      "aster_backend_received_bytes_total",
      "bytes",
      "Bytes of replies that came from the backend, over the same.",
    ),
  ),
  pings: summed(labelled({ status: "ok" }, heartbeats())),
  pingFailures: summed(labelled({ status: "fail" }, heartbeats())),
  dedicatedTaken: summed(
    labelled(
      { kind: "exclusive" },
      gauge("aster_backend_pool_sessions", "connections", POOL_SESSIONS_HELP),
    ),
  ),
  dedicatedIdle: summed(
    gauge(
      "aster_backend_pool_exclusive_idle",
      "connections",
      "Connections of that kind to the backend that nobody has now, kept for the next client that wants one.",
    ),
  ),
  connections: summed(
    gauge(
      "aster_backend_connections",
      "connections",
      "Open connections for requests to the backend, over all workers.",
    ),
  ),
} as const satisfies Record<string, BackendRow>;

/** Field of a number of one backend. */
export type BackendCount = keyof typeof backendCounts;

/** The fields of {@link backendCounts}. */
export const BACKEND_COUNTS = Object.keys(backendCounts) as readonly BackendCount[];

/** Failures of one backend by reason; a reason is there from its first failure on. */
export const backendFailureRow: MetricRow = counter(
  "aster_backend_error_total",
  "requests",
  "Requests that failed at the backend, by reason: those of aster_failures_total.",
);

/** Requests that failed, beside those that the backend answered; a reason is there from its first failure on. */
export const backendResultRow: MetricRow = backendResults();

/** Connections and pings by whether they succeeded, by the name that aster of 2025 gave them. */
export const probeRow: MetricRow = counter(
  "aster_backend_probe_total",
  "probes",
  "Connections to the backend (connect) and pings (heartbeat), as aster_backend_connects_total, " +
    "aster_backend_connect_failures_total and aster_backend_heartbeat_total have them.",
);

/** Whether a backend is up, by the name that aster of 2025 gave it. */
export const backendHealthRow: MetricRow = gauge(
  "aster_backend_health_status",
  "",
  "The same as aster_backend_up, by the name that aster of 2025 had for it.",
);

/** The connections that clients share, beside those that one has to itself. */
export const sharedSessionsRow: MetricRow = labelled(
  { kind: "shared" },
  gauge("aster_backend_pool_sessions", "connections", POOL_SESSIONS_HELP),
);

/** How long clients' requests take: see `durations.ts` for the series. */
export const durationHistograms = {
  request: {
    ...durations(
      "aster_request_duration_seconds",
      "Request read to the backend's reply read; of a split request each part by itself. One that is redirected " +
        "counts at both backends, at the second from when it was first read. At most 2,000 series: " +
        "further commands of a backend have the command other. What is queued behind MULTI takes until it is queued, " +
        "and EXEC as long as all of it runs. Blocking commands are in aster_blocking_duration_seconds.",
    ),
    labels: "cluster, command, backend",
  },
  blocking: {
    ...durations(
      "aster_blocking_duration_seconds",
      "Blocking commands sent to their server to their reply, an element or none: mostly their clients' wait, so " +
        "that it is in no other of these.",
    ),
    labels: "cluster, command, backend",
  },
  queue: {
    ...durations(
      "aster_queue_duration_seconds",
      "Of the times of requests until the request was handed to the connection to the backend.",
    ),
    labels: "cluster, backend",
  },
  server: {
    ...durations(
      "aster_server_duration_seconds",
      "Of these times from then on: the network, the server, and the worker's turn when the reply came.",
    ),
    labels: "cluster, backend",
  },
} as const satisfies Record<string, HistogramRow & { labels: string }>;

/** How long the proxy's own tries of a backend take: see `durations.ts` for the series, whose bounds these are among. */
export const probeDurationRow: HistogramRow = {
  name: "aster_backend_probe_duration",
  kind: "histogram",
  unit: "µs",
  help:
    "What the backend answered of aster_backend_probe_total: connect is from the dial to the end of the handshake, " +
    "heartbeat from a ping to its answer. At most 2,000 series of each probe: of further backends they are one, other.",
  bounds: [1_000, 10_000, 100_000, 1_000_000, 10_000_000],
};

/** What is of one worker. */
export const workerRows = {
  heapBytes: gauge(
    "aster_worker_heap_bytes",
    "bytes",
    "Memory of the worker's JavaScript objects. A worker that a reload did away with has it, too, until its " +
      "clients have left.",
  ),
  externalBytes: gauge(
    "aster_worker_external_bytes",
    "bytes",
    "Memory of the worker's byte arrays: buffers of connections, replies that wait.",
  ),
  loopDelay: {
    name: "aster_worker_loop_delay_seconds",
    kind: "histogram",
    unit: "seconds",
    help:
      "How late the worker's tick came that looks at deadlines, every 50 ms while it has something to do: " +
      "as long it looked at no socket.",
    bounds: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  },
} as const satisfies Record<string, MetricRow | HistogramRow>;

/** What the process is, in labels. */
export const buildRow: MetricRow = gauge(
  "aster_build_info",
  "",
  "What runs, in labels: version of the proxy and of Deno, the system, the I/O engine; always 1.",
);

/** What is of the whole process, by the field of the view that has it. */
export const processCounts = {
  version: gauge("aster_version", "", "Version of the proxy, as label; always 1."),
  memoryKib: gauge("aster_memory_usage", "KiB", "Resident memory of the process."),
  cpuPercent: gauge(
    "aster_cpu_usage",
    "percent",
    "CPU time of the process since the scrape before, in percent of one core.",
  ),
  threads: counter(
    "aster_thread_count",
    "threads",
    "Threads with an event loop: the workers and the supervisor.",
  ),
  failures: counter(
    "aster_global_error",
    "failures",
    "Failures of requests and connections in all clusters.",
  ),
  silentWorkers: gauge(
    "aster_workers_silent",
    "workers",
    "Workers that did not answer this scrape within a second; their last known counts are in the sums.",
  ),
  silentRestarts: counter(
    "aster_silent_workers_total",
    "workers",
    "Workers that were ended as they did not answer for five seconds; they count among the restarts, too.",
  ),
  workerRestarts: counter(
    "aster_worker_restarts_total",
    "workers",
    "Workers that died and were replaced.",
  ),
  configHash: gauge(
    "aster_config_hash",
    "",
    "A number made of the configuration in force, without its secrets: proxies that differ in it run different ones.",
  ),
  certificatesGood: gauge(
    "aster_tls_certificates_success",
    "",
    "1 if what stood in the files of TLS certificates when they changed last could be used, else 0: the former are in use.",
  ),
  reloadSuccess: gauge(
    "aster_config_reload_success",
    "",
    "1 where the last reload succeeded, or there was none; else 0.",
  ),
  pauses: gauge(
    "aster_pauses",
    "pauses",
    "Pauses of clusters and servers that operators have ordered and that are on.",
  ),
} as const satisfies Record<string, MetricRow>;

/** Field of a number of the process. */
export type ProcessCount = keyof typeof processCounts;

function durations(name: string, help: string): HistogramRow {
  const bounds = DURATION_BOUNDS_MS.map((bound) => bound / 1000);
  return { name, kind: "histogram", unit: "seconds", help, bounds };
}

function counter(name: string, unit: string, help: string): MetricRow & { kind: "counter" } {
  return { name, kind: "counter", unit, help };
}

function gauge(name: string, unit: string, help: string): MetricRow & { kind: "gauge" } {
  return { name, kind: "gauge", unit, help };
}

function subscriptions() {
  return gauge(
    "aster_subscription_active",
    "subscriptions",
    "What clients are subscribed to now, each client's counted, by what it is.",
  );
}

function backendResults() {
  return counter(
    "aster_backend_request_total",
    "requests",
    "What became of requests at the backend: answered (ok), answered by an error (resp_error; redirections are errors), " +
      "or failed, by the reasons of aster_backend_error_total. Of the proxy's own requests only those that failed count.",
  );
}

function heartbeats() {
  return counter(
    "aster_backend_heartbeat_total",
    "pings",
    "Pings of the backend that were answered, or were not in time.",
  );
}

function labelled<Row extends MetricRow>(fixedLabels: Record<string, string>, row: Row): Row {
  return { ...row, fixedLabels };
}

function summed<Row extends MetricRow>(row: Row): Row & { across: "sum" } {
  return { ...row, across: "sum" };
}
