import { METRICS_DOCUMENT, renderMetricsDocument } from "../../../tasks/metrics_doc.ts";
import { renderMetrics } from "../../../src/supervisor/metrics_text.ts";
import { assertEquals } from "../../deps.ts";
import { metricsView } from "../supervisor/snapshots.ts";

Deno.test("the page of metrics is what the table says; if not, run deno task docs", () => {
  const page = Deno.readTextFileSync(new URL(`../../../${METRICS_DOCUMENT}`, import.meta.url));
  assertEquals(page, renderMetricsDocument());
});

Deno.test("the page has every metric of a scrape, and no other", async () => {
  const scrape = await renderMetrics(metricsView());
  const counted = [...scrape.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!);
  const shown = [...renderMetricsDocument().matchAll(/^\| `(aster_\w+)`/gm)].map((match) =>
    match[1]!
  );
  assertEquals(shown.toSorted(), counted.toSorted());
});
