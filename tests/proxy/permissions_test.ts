import { assert, assertEquals, assertMatch } from "../deps.ts";
import { withFreePorts } from "../support/tools/free_port.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { makeServerDirectory, ServerProcess } from "../support/servers/server_process.ts";
import { testIo } from "../support/tools/test_engine.ts";

const repository = decodeURIComponent(new URL("../../", import.meta.url).pathname);

interface Started {
  process: ServerProcess;
  flags: string[];
  port: number;
  metricsPort: number;
}

/** Asks the program for the least flags, and starts it with exactly these. */
async function startWithPrintedFlags(
  type: string,
  [port, metricsPort]: number[],
): Promise<Started> {
  const directory = await makeServerDirectory();
  const file = `${directory}/aster.toml`;
  await Deno.writeTextFile(
    file,
    `[[clusters]]
name = "main"
listen_addr = "127.0.0.1:${port}"
cache_type = "${type}"
servers = ["127.0.0.1:9"]
thread = 2
`,
  );
  const options = [file, "--metrics", `127.0.0.1:${metricsPort}`, "--io", testIo()];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "mod.ts", "--print-permissions", ...options],
    cwd: repository,
    stdin: "null",
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const printed = new TextDecoder().decode(stdout);
  assertMatch(printed, /^[^\n]+\n$/);
  const flags = printed.trim().split(" ");
  const process = await ServerProcess.start({
    name: "aster",
    command: Deno.execPath(),
    arguments: ["run", ...flags, "mod.ts", ...options],
    workingDirectory: repository,
    environment: { NO_COLOR: "1" },
    isServing: (started) => Promise.resolve(/aster is ready/.test(started.output())),
  }, directory);
  return { process, flags, port: port!, metricsPort: metricsPort! };
}

/** Sends one request, which both protocols understand, and returns the first line of the answer. */
async function ask(port: number): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode("get key\r\n"));
  const buffer = new Uint8Array(256);
  const count = await withDeadline(connection.read(buffer), "an answer comes");
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
}

for (const type of ["redis", "redis_cluster", "memcache"]) {
  Deno.test(`${type} runs with exactly the permissions that are printed for it`, async () => {
    const started = await withFreePorts(2, (ports) => startWithPrintedFlags(type, ports));
    await using process = started.process;
    assertEquals(started.flags[0], "--no-prompt");
    for (const flag of started.flags.slice(1)) {
      assertMatch(flag, /^--allow-(net|read|env|sys|ffi)=./);
    }
    assert(started.flags.some((flag) => flag.includes(`127.0.0.1:${started.port}`)));
    // The backend is down: that it refuses shows that connecting to it was permitted.
    assertMatch(await ask(started.port), /ERR|ERROR/);
    await until(() => /connect(ion |_)refused/.test(process.output()), { what: "it is refused" });
    assert(!process.output().includes("denied"), process.output());
    const health = await fetch(`http://127.0.0.1:${started.metricsPort}/health`);
    assertEquals(await health.json(), { healthy: true, problems: [] });
    assertEquals((await process.stop()).code, 0);
  });
}
