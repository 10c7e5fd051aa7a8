/**
 * How problems are printed: short, on one line, without secrets.
 *
 * @module
 */
import { formatProblem, Report, showKey, showValue } from "../../../src/config/problem.ts";
import { assertEquals } from "../../deps.ts";

Deno.test("formatProblem() leaves out what is not there", () => {
  const problem = { file: "a.toml", path: "", value: null, message: "wrong" };
  assertEquals(formatProblem(problem), "a.toml: wrong");
  assertEquals(formatProblem({ ...problem, path: "x[0].y" }), "a.toml: x[0].y: wrong");
  assertEquals(formatProblem({ ...problem, path: "x", value: "1" }), "a.toml: x = 1: wrong");
});

Deno.test("showValue() shortens, escapes and hides", () => {
  const cases: [value: unknown, shown: string][] = [
    [5, "5"],
    [true, "true"],
    [NaN, "NaN"],
    ["plain", '"plain"'],
    ["x".repeat(81), `"${"x".repeat(80)}…"`],
    ["redis://user:secret@host:1", '"***@host:1"'],
    ["secret\n@host:1", '"***@host:1"'],
    ["redis://host:1?password=secret", '"redis://host:1?***"'],
    ["host:1?a=\nsecret", '"host:1?***"'],
    ["\u001b[31m\u009b\u202e\n", '"\\u001b[31m\\u009b\\u202e\\n"'],
    [[1, 2], "an array of 2 values"],
    [{ password: "secret" }, "a table"],
    [new Date(0), "a date"],
  ];
  for (const [value, shown] of cases) assertEquals(showValue(value), shown);
});

Deno.test("showKey() quotes what is no bare key", () => {
  assertEquals(showKey("read_timeout-2"), "read_timeout-2");
  assertEquals(showKey("a.b"), '"a.b"');
  assertEquals(showKey(""), '""');
  assertEquals(showKey("k".repeat(81)), `"${"k".repeat(80)}…"`);
});

Deno.test("Report.about() adds to the same lists under another name", () => {
  const report = new Report("a.toml");
  report.about("environment").problem("X", "wrong", "y");
  report.warning("z", "odd");
  assertEquals(report.problems, [{
    file: "environment",
    path: "X",
    value: '"y"',
    message: "wrong",
  }]);
  assertEquals(report.warnings, [{ file: "a.toml", path: "z", value: null, message: "odd" }]);
});
