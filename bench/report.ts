/**
 * The tables that a person reads. They are Markdown, so that they can be kept as they are.
 *
 * @module
 */
import type { Check } from "./checks.ts";
import type { RowSummary, SideSummary } from "./verdict.ts";

const HEADINGS = [
  "row",
  "engine",
  "clients",
  "CPU µs/request",
  "user + system",
  "reference",
  "ratio",
  "rounds",
  "throughput",
  "p99",
  "latency: mean, median",
  "load",
  "counts",
  "target",
];

/** Table of the rows of one suite. */
export function rowsTable(summaries: readonly RowSummary[]): string {
  return table([HEADINGS, ...summaries.map(cells)]);
}

/** One line on a row, for the time while others are still measured. */
export function rowLine(summary: RowSummary): string {
  return cells(summary).filter((cell) => cell !== "").join("  ");
}

function cells(summary: RowSummary): string[] {
  const [least, greatest] = summary.cpuRatioRange;
  return [
    summary.row.id,
    summary.row.engine,
    String(summary.row.clients),
    summary.subject === null ? "–" : summary.subject.cpuUsPerRequest.toFixed(2),
    splitOf(summary.subject),
    summary.reference === null ? "–" : summary.reference.cpuUsPerRequest.toFixed(2),
    ratioText(summary.cpuRatio),
    `${summary.rounds}: ${ratioText(least)}–${ratioText(greatest)}`,
    ratioText(summary.throughputRatio),
    ratioText(summary.p99Ratio) + (summary.isP99GoalReached ? " (goal)" : ""),
    `${ratioText(summary.meanRatio)}, ${ratioText(summary.medianRatio)}`,
    summary.subject?.loadShare?.toFixed(2) ?? "–",
    summary.invalid.length === 0 ? "valid" : `invalid: ${summary.invalid.join("; ")}`,
    targetText(summary),
  ];
}

function splitOf(side: SideSummary | null): string {
  if (side === null) return "";
  return `${side.userUsPerRequest.toFixed(2)} + ${side.systemUsPerRequest.toFixed(2)}`;
}

function ratioText(ratio: number): string {
  return Number.isNaN(ratio) ? "–" : ratio.toFixed(2);
}

function targetText({ target, isReached, isGoalReached }: RowSummary): string {
  if (target === null) return "";
  const limit = target.ratioMin > 0
    ? `${target.ratioMin.toFixed(2)}–${target.ratioMax.toFixed(2)}`
    : `≤ ${target.ratioMax.toFixed(2)}`;
  const goal = target.goal === null
    ? ""
    : `, goal ${target.goal.toFixed(2)} ${isGoalReached ? "reached" : "not"}`;
  const what = target.measure === "latency" ? "latency " : "";
  return `${what}${limit} ${isReached ? "reached" : "NOT reached"}${goal}`;
}

/** Table of the checks. */
export function checksTable(checks: readonly Check[]): string {
  return table([
    ["check", "engine", "what", "measured", "limit", "result"],
    ...checks.map((
      check,
    ) => [check.id, check.engine, check.name, check.measured, check.limit, resultText(check)]),
  ]);
}

function resultText({ isReached, note }: Check): string {
  const result = isReached === null ? "" : isReached ? "reached" : "NOT reached";
  return [result, note].filter((part) => part !== "").join(": ");
}

/** How many figures count, how many targets are reached, and what was left out. */
export function closingLine(
  summaries: readonly RowSummary[],
  checks: readonly Check[],
  skippedCount: number,
): string {
  const valid = summaries.filter((summary) => summary.invalid.length === 0).length;
  const aimed = [...summaries, ...checks].filter((one) => one.isReached !== null);
  const reached = aimed.filter((one) => one.isReached).length;
  return `${valid} of ${summaries.length} rows count; ` +
    `${reached} of ${aimed.length} targets reached` +
    (skippedCount === 0 ? "." : `; ${skippedCount} rows skipped.`);
}

function table(lines: readonly string[][]): string {
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => [...line[column]!].length))
  );
  const rendered = lines.map((line) =>
    `| ${
      line.map((cell, column) => cell + " ".repeat(widths[column]! - [...cell].length)).join(" | ")
    } |`
  );
  rendered.splice(1, 0, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  return rendered.join("\n");
}
