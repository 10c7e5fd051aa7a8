import { allFailures } from "../../../src/failure.ts";
import { ERRORS_DOCUMENT, renderErrorsDocument } from "../../../tasks/errors_doc.ts";
import { failureAdvice } from "../../../tasks/failure_advice.ts";
import { assertEquals, assertMatch } from "../../deps.ts";

Deno.test("the page of errors is what the list says; if not, run deno task docs", () => {
  const page = Deno.readTextFileSync(new URL(`../../../${ERRORS_DOCUMENT}`, import.meta.url));
  assertEquals(page, renderErrorsDocument());
});

Deno.test("the page has every failure once, and advice that is a sentence", () => {
  const shown = [...renderErrorsDocument().matchAll(/^\| `(\w+)`/gm)].map((match) => match[1]!);
  assertEquals(shown.toSorted(), allFailures.map(({ name }) => name).toSorted());
  for (const advice of Object.values(failureAdvice)) assertMatch(advice, /^[A-Z].*\.$/);
});
