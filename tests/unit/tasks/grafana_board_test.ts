/**
 * The board and the alert rules ask for metrics that there are, with labels that they have.
 *
 * @module
 */
import { parseYaml } from "../../../deps.ts";
import { failures } from "../../../src/failure.ts";
import { SERIES_NUMBERS } from "../../../src/observe/durations.ts";
import { renderMetrics } from "../../../src/supervisor/metrics_text.ts";
import { boardQueries, GRAFANA_BOARD, renderGrafanaBoard } from "../../../tasks/grafana_board.ts";
import { assert, assertEquals } from "../../deps.ts";
import { backend, metricsView, snapshot } from "../supervisor/snapshots.ts";

const root = new URL("../../../", import.meta.url);

interface Rule {
  alert: string;
  expr: string;
  annotations: Record<string, string>;
}

function rules(): Rule[] {
  const text = Deno.readTextFileSync(new URL("docs/alerts.yml", root));
  return (parseYaml(text) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);
}

/** The labels of each metric of a scrape that has a series of each. */
async function labelsByMetric(): Promise<Map<string, Set<string>>> {
  const numbers = new Float64Array(SERIES_NUMBERS);
  const series = { cluster: "c", backend: "b:1", numbers };
  const view = metricsView({
    durations: [
      { ...series, kind: "request", command: "get" },
      { ...series, kind: "queue", command: "" },
      { ...series, kind: "server", command: "" },
    ],
    clusters: [snapshot("c", {
      backends: [backend("b:1", { failuresByReason: [[failures.backendTimeout.id, 1]] })],
    })],
  });
  const found = new Map<string, Set<string>>();
  for (const line of (await renderMetrics(view)).split("\n")) {
    const sample = /^(aster_\w+)(?:\{(.*)\})? /.exec(line);
    if (sample === null) continue;
    const labels = [...(sample[2] ?? "").matchAll(/(\w+)="/g)].map((match) => match[1]!);
    found.set(sample[1]!, new Set(labels));
  }
  return found;
}

/** What Prometheus adds to each series: the proxy that it asked. */
const ADDED_LABELS = ["instance"];

/** What is wrong with a query, one sentence each. */
function faultsOf(query: string, shown: string, metrics: Map<string, Set<string>>): string[] {
  const names = [...query.matchAll(/\baster_\w+/g)].map(([name]) => name);
  const unknown = names.filter((name) => !metrics.has(name)).map((name) => `no metric ${name}`);
  const wanted = [
    ...[...query.matchAll(/\{([^}]*)\}/g)].flatMap(([, matchers]) =>
      [...matchers!.matchAll(/(\w+)\s*(?:=|!)/g)].map((match) => match[1]!)
    ),
    ...[...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels]) =>
      labels!.split(",").map((label) => label.trim())
    ),
    ...[...shown.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map((match) => match[1]!),
  ];
  const missing = names.flatMap((name) =>
    wanted.filter((label) => !ADDED_LABELS.includes(label) && !metrics.get(name)?.has(label)).map((
      label,
    ) => `${name} has no ${label}`)
  );
  const depth = [...query].reduce((sum, one) => sum + (one === "(" ? 1 : one === ")" ? -1 : 0), 0);
  const open = depth === 0 ? [] : ["its brackets do not match"];
  return [
    ...unknown,
    ...missing,
    ...open,
    ...(names.length === 0 ? ["it asks for no metric"] : []),
  ];
}

Deno.test("the board is what the task writes; if not, run deno task docs", () => {
  assertEquals(Deno.readTextFileSync(new URL(GRAFANA_BOARD, root)), renderGrafanaBoard());
});

Deno.test("every query of the board asks for metrics and labels that there are", async () => {
  const metrics = await labelsByMetric();
  const faults = boardQueries().flatMap(({ query, legend }) =>
    faultsOf(query, legend, metrics).map((fault) => `${query}: ${fault}`)
  );
  assertEquals(faults, []);
  assert(boardQueries().length > 20);
});

Deno.test("every alert asks for metrics and labels that there are, and says what to do", async () => {
  const metrics = await labelsByMetric();
  const faults = rules().flatMap(({ alert, expr, annotations }) =>
    faultsOf(expr, Object.values(annotations).join(" "), metrics).map((fault) =>
      `${alert}: ${fault}`
    )
  );
  assertEquals(faults, []);
  for (const { alert, annotations } of rules()) {
    assert(annotations.summary && annotations.description, alert);
  }
  assertEquals(new Set(rules().map(({ alert }) => alert)).size, rules().length);
  assert(rules().length > 8);
});

Deno.test("every alert links to the proxy that it is about, by labels that its query leaves", () => {
  for (const { alert, expr, annotations } of rules()) {
    assert(annotations.link?.startsWith("http://{{ $labels.instance }}/#"), alert);
    const [, kept] = /\bby \(([^)]*)\)/.exec(expr) ?? [];
    if (kept === undefined) continue;
    const labels = kept.split(",").map((label) => label.trim());
    const used = Object.values(annotations).join(" ").matchAll(/\$labels\.(\w+)/g);
    for (const [, label] of used) assert(labels.includes(label!), `${alert}: ${label}`);
  }
});

Deno.test("the reasons of failures that alerts name are some", () => {
  const reasons = new Set(Object.values(failures).map(({ name }) => name as string));
  for (const { expr } of rules()) {
    for (const [, list] of expr.matchAll(/reason=~?"([^"]*)"/g)) {
      for (const reason of list!.split("|")) assert(reasons.has(reason), reason);
    }
  }
});

Deno.test("panels do not cover each other", () => {
  const { panels } = JSON.parse(renderGrafanaBoard());
  const seen = new Set<string>();
  for (const { gridPos: { x, y, w, h } } of panels) {
    for (let column = x; column < x + w; column++) {
      for (let row = y; row < y + h; row++) {
        assert(!seen.has(`${column} ${row}`));
        seen.add(`${column} ${row}`);
      }
    }
  }
});
