import { runSteps } from "../../../tasks/test_runs.ts";
import { assertEquals } from "../../deps.ts";

/** The runs of these shell commands, without their times. */
async function runsOf(...scripts: string[]) {
  const runs = await runSteps(scripts.map((script) => ({
    name: script,
    command: "sh",
    args: ["-c", script],
    deadlineMs: 2_000,
  })));
  return runs.map(({ passed, failed, notes }) => ({ passed, failed, notes }));
}

Deno.test("a command passes or fails as a whole, and the next one is run", async () => {
  assertEquals(await runsOf("exit 3", "true"), [
    { passed: 0, failed: 1, notes: [] },
    { passed: 1, failed: 0, notes: [] },
  ]);
});

Deno.test("a command that takes too long, or leaves a process behind, has failed", async () => {
  const runs = await runsOf("sleep 60", "sleep 60 & exit 0");
  assertEquals(runs.map(({ failed }) => failed), [1, 1]);
});

Deno.test("what a command could not test is kept for the end", async () => {
  const [run] = await runsOf("echo one; echo NOT checked: manifests, without pip; echo two");
  assertEquals(run!.notes, ["NOT checked: manifests, without pip"]);
});

Deno.test("a command fails by what it prints, too", async () => {
  const step = { name: "warns", command: "echo", args: ["warning[of-something]: …"] };
  const runs = await runSteps([step, { ...step, forbidden: /^warning\[/m }]);
  assertEquals(runs.map(({ failed }) => failed), [0, 1]);
});
