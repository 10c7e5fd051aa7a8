import { assertEquals } from "../../deps.ts";

Deno.test("a compiled binary holds every module that a worker runs", async () => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tasks/compile_check.ts"],
    cwd: new URL("../../../", import.meta.url),
    stderr: "null",
  }).output();
  const output = new TextDecoder().decode(stdout);
  const [, found, needed] = /^(\d+) of the (\d+) modules that a worker runs are embedded$/m
    .exec(output) ?? [];
  assertEquals({ code, found }, { code: 0, found: needed });
});
