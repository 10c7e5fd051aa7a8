/**
 * Part of `deno task docs`: writes docs/grafana.json, a board for Grafana over the metrics of the proxy.
 *
 * @module
 */

/** Path of the board from the repository's root. */
export const GRAFANA_BOARD = "docs/grafana.json";

/** Of the 24 columns that Grafana has. */
const PANEL_WIDTH = 8;
const PANEL_HEIGHT = 8;
const COLUMNS = 24;

/** One panel: its title, the unit of its numbers as Grafana names it, and queries with their legends. */
interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly (readonly [query: string, legend: string])[];
  /** What it says, where the title does not. */
  readonly text?: string;
}

const CLUSTER = 'cluster=~"$cluster"';
const BACKEND = `${CLUSTER}, backend=~"$backend"`;

function perSecond(metric: string, by: string, labels = CLUSTER): string {
  return `sum by (${by}) (rate(${metric}{${labels}}[$__rate_interval]))`;
}

function quantile(share: number, metric: string, by: string, labels = CLUSTER): string {
  const buckets = `rate(${metric}_bucket{${labels}}[$__rate_interval])`;
  return `histogram_quantile(${share}, sum by (le, ${by}) (${buckets}))`;
}

const rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[] = [
  {
    title: "What is wrong",
    panels: [
      {
        title: "Backends that are down",
        unit: "none",
        queries: [[`aster_backend_up{${BACKEND}} == 0`, "{{cluster}} {{backend}}"]],
        text: "Ejected, barred, or not to be connected to, as any worker sees it.",
      },
      {
        title: "Failures by reason",
        unit: "reqps",
        queries: [[perSecond("aster_failures_total", "reason, source"), "{{reason}} ({{source}})"]],
      },
      {
        title: "Failures by backend",
        unit: "reqps",
        queries: [[
          perSecond("aster_backend_error_total", "backend, kind", BACKEND),
          "{{backend}} {{kind}}",
        ]],
      },
      {
        title: "Workers: longest looks away from sockets",
        unit: "s",
        queries: [[
          "histogram_quantile(0.99, sum by (le, worker) (rate(aster_worker_loop_delay_seconds_bucket[$__rate_interval])))",
          "worker {{worker}}",
        ]],
        text: "99 % of the ticks came no later than this.",
      },
      {
        title: "Workers that were replaced, or are silent",
        unit: "none",
        queries: [
          ["increase(aster_worker_restarts_total[$__rate_interval])", "replaced"],
          ["aster_workers_silent", "silent"],
        ],
      },
      {
        title: "Slow requests, ejections, circuits",
        unit: "ops",
        queries: [
          [perSecond("aster_slow_requests_total", "cluster"), "slow {{cluster}}"],
          [perSecond("aster_ejections_total", "cluster"), "ejections {{cluster}}"],
          [perSecond("aster_circuits_opened_total", "cluster"), "circuits {{cluster}}"],
        ],
      },
    ],
  },
  {
    title: "Requests",
    panels: [
      {
        title: "Requests",
        unit: "reqps",
        queries: [[perSecond("aster_requests_total", "cluster"), "{{cluster}}"]],
      },
      {
        title: "Requests that failed, by kind",
        unit: "reqps",
        queries: [[
          perSecond("aster_front_command_total", "cluster, kind", `${CLUSTER}, result="fail"`),
          "{{kind}} {{cluster}}",
        ]],
        text: "Answered by an error, of a server or of the proxy.",
      },
      {
        title: "How long requests take",
        unit: "s",
        queries: [
          [quantile(0.5, "aster_request_duration_seconds", "cluster"), "p50 {{cluster}}"],
          [quantile(0.99, "aster_request_duration_seconds", "cluster"), "p99 {{cluster}}"],
        ],
      },
      {
        title: "99 % by command",
        unit: "s",
        queries: [[quantile(0.99, "aster_request_duration_seconds", "command"), "{{command}}"]],
      },
      {
        title: "Requests by command",
        unit: "reqps",
        queries: [[
          perSecond("aster_request_duration_seconds_count", "command"),
          "{{command}}",
        ]],
      },
      {
        title: "Redirections followed",
        unit: "reqps",
        queries: [[perSecond("aster_redirects_total", "cluster"), "{{cluster}}"]],
      },
    ],
  },
  {
    title: "Backends",
    panels: [
      {
        title: "99 % at the server",
        unit: "s",
        queries: [[
          quantile(0.99, "aster_server_duration_seconds", "backend", BACKEND),
          "{{backend}}",
        ]],
      },
      {
        title: "99 % in the queue",
        unit: "s",
        queries: [[
          quantile(0.99, "aster_queue_duration_seconds", "backend", BACKEND),
          "{{backend}}",
        ]],
      },
      {
        title: "Requests by backend",
        unit: "reqps",
        queries: [[
          perSecond("aster_backend_requests_total", "backend", BACKEND),
          "{{backend}}",
        ]],
      },
      {
        title: "In flight and waiting",
        unit: "none",
        queries: [
          [`aster_backend_in_flight{${BACKEND}}`, "in flight {{backend}}"],
          [`aster_backend_queued_requests{${BACKEND}}`, "waiting {{backend}}"],
        ],
      },
      {
        title: "Bytes to and from backends",
        unit: "Bps",
        queries: [
          [perSecond("aster_backend_sent_bytes_total", "backend", BACKEND), "to {{backend}}"],
          [perSecond("aster_backend_received_bytes_total", "backend", BACKEND), "from {{backend}}"],
        ],
      },
      {
        title: "Connections made, and not had",
        unit: "ops",
        queries: [
          [perSecond("aster_backend_connects_total", "backend", BACKEND), "made {{backend}}"],
          [
            perSecond("aster_backend_connect_failures_total", "backend", BACKEND),
            "not had {{backend}}",
          ],
        ],
      },
    ],
  },
  {
    title: "Clients and the process",
    panels: [
      {
        title: "Clients",
        unit: "none",
        queries: [
          [`aster_front_connection{${CLUSTER}}`, "{{cluster}}"],
          [`aster_blocked_clients{${CLUSTER}}`, "blocked {{cluster}}"],
        ],
      },
      {
        title: "Bytes from and to clients",
        unit: "Bps",
        queries: [
          [perSecond("aster_client_received_bytes_total", "cluster"), "from {{cluster}}"],
          [perSecond("aster_client_sent_bytes_total", "cluster"), "to {{cluster}}"],
        ],
      },
      {
        title: "Replies that are not taken",
        unit: "bytes",
        queries: [[`aster_client_output_bytes{${CLUSTER}}`, "{{cluster}}"]],
      },
      {
        title: "CPU",
        unit: "percent",
        queries: [["aster_cpu_usage", "percent of one core"]],
      },
      {
        title: "Memory",
        unit: "bytes",
        queries: [
          ["aster_memory_usage * 1024", "resident"],
          ["aster_worker_heap_bytes", "objects of worker {{worker}}"],
          ["aster_worker_external_bytes", "buffers of worker {{worker}}"],
        ],
      },
      {
        title: "What runs",
        unit: "none",
        queries: [["aster_build_info", "{{version}} on {{io}}, Deno {{deno}}"], [
          "aster_config_reload_success",
          "last reload succeeded",
        ]],
      },
    ],
  },
];

const DATASOURCE = { type: "prometheus", uid: "${datasource}" };

/** The board's text. */
export function renderGrafanaBoard(): string {
  return `${
    JSON.stringify(
      {
        title: "aster",
        uid: "aster",
        tags: ["aster", "redis", "memcached"],
        schemaVersion: 39,
        version: 1,
        editable: true,
        refresh: "30s",
        time: { from: "now-1h", to: "now" },
        templating: { list: [dataSource(), variable("cluster"), variable("backend")] },
        panels: layOut(),
      },
      null,
      2,
    )
  }\n`;
}

/** Every query of the board, and the labels that its legend shows. */
export function boardQueries(): { query: string; legend: string }[] {
  return rows.flatMap(({ panels }) =>
    panels.flatMap(({ queries }) => queries.map(([query, legend]) => ({ query, legend })))
  );
}

function dataSource(): Record<string, unknown> {
  return { name: "datasource", type: "datasource", query: "prometheus", label: "Source" };
}

function variable(label: "cluster" | "backend"): Record<string, unknown> {
  const query = label === "cluster"
    ? "label_values(aster_requests_total, cluster)"
    : 'label_values(aster_backend_up{cluster=~"$cluster"}, backend)';
  return {
    name: label,
    type: "query",
    datasource: DATASOURCE,
    query: { query, refId: label },
    includeAll: true,
    multi: true,
    allValue: ".*",
    current: { text: "All", value: "$__all" },
    refresh: 2,
  };
}

function layOut(): Record<string, unknown>[] {
  const made: Record<string, unknown>[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    made.push({ id: made.length + 1, type: "row", title, gridPos: { x: 0, y, w: COLUMNS, h: 1 } });
    y += 1;
    panels.forEach((panel, index) => {
      const x = (index * PANEL_WIDTH) % COLUMNS;
      made.push(panelOf(panel, made.length + 1, { x, y, w: PANEL_WIDTH, h: PANEL_HEIGHT }));
      if (x + PANEL_WIDTH === COLUMNS) y += PANEL_HEIGHT;
    });
  }
  return made;
}

function panelOf(
  { title, unit, queries, text }: Panel,
  id: number,
  gridPos: Record<string, number>,
): Record<string, unknown> {
  return {
    id,
    type: "timeseries",
    title,
    ...text === undefined ? {} : { description: text },
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: { tooltip: { mode: "multi", sort: "desc" }, legend: { displayMode: "list" } },
    targets: queries.map(([expr, legendFormat], index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
  };
}

if (import.meta.main) {
  await Deno.writeTextFile(
    new URL(`../${GRAFANA_BOARD}`, import.meta.url),
    renderGrafanaBoard(),
  );
}
