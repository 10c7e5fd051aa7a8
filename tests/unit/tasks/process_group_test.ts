import { assert, assertEquals } from "../../deps.ts";
import { runGroup } from "../../../tasks/process_group.ts";

Deno.test("output, errors and code of a command come back", async () => {
  const result = await runGroup("sh", ["-c", "echo out; echo err >&2; exit 3"], {
    deadlineMs: 10_000,
  });
  assertEquals(result.output, "out\nerr\n");
  assertEquals([result.code, result.isLate, result.leftBehind], [3, false, []]);
});

Deno.test("what a command leaves behind is named and ended", async () => {
  // Between fork and exec a process has no name to be told by.
  const named = "while [ -e /proc/$! ] && ! grep -q sleep /proc/$!/comm; do :; done";
  const result = await runGroup("sh", ["-c", `sleep 1234 & ${named}; exit 0`], {
    deadlineMs: 10_000,
  });
  const [left = "", ...others] = result.leftBehind;
  assertEquals([left.includes("sleep 1234"), others], [Deno.build.os === "linux", []]);
  assert(result.durationMs < 10_000);
});

Deno.test("a late command ends with everything that it started", async () => {
  const result = await runGroup("sh", ["-c", "echo begun; sleep 1234"], { deadlineMs: 2_000 });
  assertEquals([result.output, result.isLate, result.code], ["begun\n", true, 137]);
});
