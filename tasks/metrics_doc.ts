/**
 * Part of `deno task docs`: writes docs/metrics.md from the table of metrics, so that the page cannot miss one or
 * name one that is not there.
 *
 * @module
 */
import {
  backendCounts,
  backendFailureRow,
  backendHealthRow,
  buildRow,
  certificateEndRow,
  clusterCounts,
  clusterHistograms,
  durationHistograms,
  failureRow,
  type HistogramRow,
  type MetricRow,
  processCounts,
  serverStateRow,
  workerRows,
} from "../src/observe/metric_table.ts";
import { alignColumns } from "./markdown_table.ts";

/** Path of the page from the repository's root. */
export const METRICS_DOCUMENT = "docs/metrics.md";

const HEAD = `# Metrics

<!-- Made by \`deno task docs\` from src/observe/metric_table.ts: change that. -->

\`/metrics\` of the [admin server](operating.md#admin-server) answers with Prometheus text, or with
OpenMetrics where \`Accept\` names that. Numbers are summed over workers. Counters keep what a worker
counted that died; gauges are what is now. The names without a unit's suffix are those of aster 1.x;
OpenMetrics has its counters of such names as \`unknown\`, since it would rename them.
`;

/** The page's text. */
export function renderMetricsDocument(): string {
  return [
    HEAD,
    section("The process", "", [...Object.values(processCounts), buildRow]),
    section("Each worker", "`worker`", Object.values(workerRows)),
    section("Each cluster", "`cluster`", [
      ...Object.values(clusterCounts),
      ...Object.values(clusterHistograms),
    ]),
    section("Failures", "`cluster`, `reason`, `source`", [failureRow]),
    section("Each backend", "`cluster`, `backend`", [
      ...Object.values(backendCounts),
      backendHealthRow,
    ]),
    section("Failures of each backend", "`cluster`, `backend`, `kind`", [backendFailureRow]),
    section(
      "How long requests take",
      "`cluster`, `backend`, of the first also `command`",
      Object.values(durationHistograms),
    ),
    section("Each server of a ring", "`cluster`, `server`", [serverStateRow]),
    section("Each TLS certificate", "`cluster`, `file`", [certificateEndRow]),
  ].join("\n");
}

function section(
  title: string,
  labels: string,
  rows: readonly (MetricRow | HistogramRow)[],
): string {
  const said = labels === "" ? "" : `Labels: ${labels}.\n\n`;
  const table = alignColumns([
    ["name", "kind", "unit", "meaning"],
    ...rows.map((row) => [`\`${row.name}\``, row.kind, row.unit, textOf(row)]),
  ]);
  return `## ${title}\n\n${said}${table}`;
}

function textOf(row: MetricRow | HistogramRow): string {
  if (!("bounds" in row)) return row.help;
  return `${row.help} Buckets up to ${
    row.bounds.map((bound) => bound.toLocaleString("en", { maximumFractionDigits: 6 })).join(", ")
  }.`;
}

if (import.meta.main) {
  await Deno.writeTextFile(
    new URL(`../${METRICS_DOCUMENT}`, import.meta.url),
    renderMetricsDocument(),
  );
}
