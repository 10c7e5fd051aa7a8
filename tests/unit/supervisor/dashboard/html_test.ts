import { html } from "../../../../src/supervisor/dashboard/html.ts";
import { assertEquals } from "../../../deps.ts";

Deno.test("values are text, wherever they stand; pieces of HTML are not", () => {
  const name = `<script>alert("1")</script>&'`;
  const escaped = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;";
  const cells = [html`<td>${name}</td>`, html`<td>${3}</td>`];
  assertEquals(
    html`<tr title="${name}">${cells}</tr>`.text,
    `<tr title="${escaped}"><td>${escaped}</td><td>3</td></tr>`,
  );
});
