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
  frontCommandRow,
  type HistogramRow,
  type MetricRow,
  probeDurationRow,
  probeRow,
  processCounts,
  serverStateRow,
  sharedSessionsRow,
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
    section("Requests by kind", "`cluster`, `kind`, `result`", [frontCommandRow]),
    section("Failures", "`cluster`, `reason`, `source`", [failureRow]),
    section("Each backend", "`cluster`, `backend`", [
      ...Object.values(backendCounts),
      sharedSessionsRow,
      backendHealthRow,
    ]),
    section("Failures of each backend", "`cluster`, `backend`, `kind`", [backendFailureRow]),
    section("Probes of each backend", "`cluster`, `backend`, `probe`; of the total also `result`", [
      probeRow,
      probeDurationRow,
    ]),
    section(
      "How long requests take",
      "`cluster`, `backend`, of the first two also `command`",
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
    ...oneOfEachName(rows).map((row) => [`\`${row.name}\``, row.kind, row.unit, textOf(row)]),
  ]);
  return `## ${title}\n\n${said}${table}`;
}

/** Rows of one name as one, whose text says by which labels they are told apart. */
function oneOfEachName(rows: readonly (MetricRow | HistogramRow)[]): (MetricRow | HistogramRow)[] {
  const found = new Map<string, (MetricRow | HistogramRow)[]>();
  for (const row of rows) found.set(row.name, [...found.get(row.name) ?? [], row]);
  return [...found.values()].map((alike) => {
    const labels = alike.flatMap(({ fixedLabels }) => Object.entries(fixedLabels ?? {}));
    if (labels.length === 0) return alike[0]!;
    const values = labels.map(([, value]) => `\`${value}\``).join(", ");
    return { ...alike[0]!, help: `${alike[0]!.help} Label \`${labels[0]![0]}\`: ${values}.` };
  });
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
