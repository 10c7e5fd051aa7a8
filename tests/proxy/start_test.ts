import { assert, assertEquals, assertMatch } from "../deps.ts";
import { type Aster, startAster } from "../support/servers/aster.ts";
import { findFreePort } from "../support/tools/free_port.ts";
import { until, withDeadline } from "../support/tools/poll.ts";
import { RespClient } from "../support/clients/resp_client.ts";
import { testIo } from "../support/tools/test_engine.ts";

const repository = decodeURIComponent(new URL("../../", import.meta.url).pathname);

function cluster(name: string, port: number, more = ""): string {
  return `[[clusters]]
name = "${name}"
listen_addr = "127.0.0.1:${port}"
cache_type = "redis"
servers = ["127.0.0.1:9:1"]
${more}
`;
}

/** Runs the program to its end. */
async function runAster(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "mod.ts", ...args],
    cwd: repository,
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function withConfigFile<Result>(
  text: string,
  use: (file: string) => Promise<Result>,
): Promise<Result> {
  const file = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    await Deno.writeTextFile(file, text);
    return await use(file);
  } finally {
    await Deno.remove(file);
  }
}

async function get(aster: Aster, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${aster.metricsPort}${path}`);
  return { status: response.status, text: await response.text() };
}

async function ping(port: number): Promise<unknown> {
  using client = await RespClient.connect({ port });
  return await client.call("PING");
}

Deno.test("the proxy serves, is seen from outside, and ends with 0 on SIGTERM", async () => {
  await using aster = await startAster((port) => cluster("main", port), { metrics: true });
  assertEquals(await ping(aster.port), "PONG");
  assertEquals((await get(aster, "/health")).status, 200);
  assertEquals((await get(aster, "/ready")).status, 200);
  const metrics = await get(aster, "/metrics");
  assertMatch(metrics.text, /^aster_front_connection_incr\{cluster="main"\} [1-9]/m);
  assertMatch(metrics.text, /^aster_thread_count 2$/m);
  const status = JSON.parse((await get(aster, "/status")).text);
  assertEquals(status.clusters[0].address, `127.0.0.1:${aster.port}`);
  assertEquals(status.workers.length, 1);
  const ended = await aster.stop();
  assertEquals([ended.code, ended.signal], [0, null]);
});

Deno.test("start-up says what each cluster is, and SIGINT ends it with 0", async () => {
  await using aster = await startAster((port) => cluster("main", port), {
    arguments: ["--log-format", "text"],
  });
  assertMatch(
    aster.logs(),
    new RegExp(
      `INFO +Cluster starts cluster=main type=redis address=127.0.0.1:${aster.port} threads=1 ` +
        "backends=1 servers=127.0.0.1:9\n",
    ),
  );
  assertMatch(
    aster.logs(),
    new RegExp(`INFO +aster is ready io=${testIo()} admin=off clientsMax=\\d+\n`),
  );
  aster.process.signal("SIGINT");
  const ended = await withDeadline(aster.process.ended, "the proxy ends");
  assertEquals(ended.code, 0);
});

Deno.test("signals that ask for new log files are logged and end nothing", async () => {
  await using aster = await startAster((port) => cluster("main", port), {
    arguments: ["--log-format", "text"],
  });
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    aster.process.signal(signal);
    await aster.logged(new RegExp(`WARN.*Signal ignored.* signal=${signal}\\n`));
    assertEquals(await ping(aster.port), "PONG");
  }
  assertEquals((await aster.stop()).code, 0);
});

Deno.test("SIGUSR1 leaves no debugger open, which Deno opens at it", async () => {
  await using aster = await startAster((port) => cluster("main", port));
  const { pid } = aster.process;
  // Deno begins to listen for the signal a while after the start.
  await until(() => {
    aster.process.signal("SIGUSR1");
    return /Debugger listening|Failed to start inspector/.test(aster.logs());
  }, { what: "Deno has heard it" });
  await until(async () => !(await debuggedProcesses()).includes(`[pid: ${pid}]`), {
    what: "the debugger is closed",
  });
  assertEquals(await ping(aster.port), "PONG");
  assertEquals((await aster.stop()).code, 0);
});

/** What the debugger of whichever process has the port says of itself. */
async function debuggedProcesses(): Promise<string> {
  try {
    return await (await fetch("http://127.0.0.1:9229/json")).text();
  } catch {
    return "";
  }
}

Deno.test("with --log-format json every line of the log is one JSON object", async () => {
  await using aster = await startAster((port) => cluster("main", port), {
    arguments: ["--log-format", "json"],
  });
  assertEquals((await aster.stop()).code, 0);
  const records = aster.logs().trimEnd().split("\n").map((line) => JSON.parse(line));
  const starts = records.find(({ message }) => message === "Cluster starts");
  assertEquals(starts.cluster, "main");
  assertEquals(starts.level, "INFO");
  assertEquals(records.at(-1).message, "aster stops");
});

Deno.test("records go to standard output where log_output says so, and nothing else does", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const text = cluster("main", (taken.addr as Deno.NetAddr).port, "colour = true");
  for (const output of ["stdout", "stderr"] as const) {
    const runtime = `[runtime]\nmetrics = "off"\nlog_output = "${output}"\n`;
    await withConfigFile(runtime + text, async (file) => {
      const printed = await runAster([file]);
      assertEquals(printed.code, 1);
      const records = printed[output].trimEnd().split("\n").map((line) => JSON.parse(line));
      assert(records.some(({ message }) => message === "Configuration warning"), printed[output]);
      assertEquals(printed[output === "stdout" ? "stderr" : "stdout"], "");
    });
  }
});

Deno.test("threads share the work: a worker for each, and each cluster on as many as it asks", async () => {
  await using aster = await startAster(
    (first, second) => cluster("wide", first, "thread = 2") + cluster("narrow", second),
    { portCount: 2, metrics: true },
  );
  const status = JSON.parse((await get(aster, "/status")).text);
  assertEquals(
    status.workers.map(({ clusters }: { clusters: string[] }) => clusters),
    [["wide", "narrow"], ["wide"]],
  );
  assertEquals(await ping(aster.ports[0]!), "PONG");
  assertEquals(await ping(aster.ports[1]!), "PONG");
});

Deno.test("a second start is refused with every address and whose it is", async () => {
  await using aster = await startAster((port) => cluster("main", port), { metrics: true });
  const admin = `127.0.0.1:${aster.metricsPort}`;
  const { code, stderr } = await runAster([
    ...["--log-format", "text", "--metrics", admin],
    aster.configFile,
  ]);
  assertEquals(code, 1);
  const listen = `127.0.0.1:${aster.port}`;
  assert(stderr.includes(`Cannot listen on ${listen} for cluster \\"main\\"`), stderr);
  assert(stderr.includes(`Cannot listen on ${admin} for the admin server`), stderr);
  assertEquals(await ping(aster.port), "PONG");
});

Deno.test("every refused address and every warning is named, however many there are", async () => {
  using taken = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const numbers = Array.from({ length: 15 }, (_, index) => index + 1);
  const text = numbers.map((number) =>
    cluster(`c${number}`, port, `colour_${number} = true`)
      .replace(`127.0.0.1:${port}`, `127.0.0.${number}:${port}`)
  ).join("");
  await withConfigFile(text, async (file) => {
    const { code, stderr } = await runAster(["--log-format", "text", "--metrics", "off", file]);
    assertEquals(code, 1);
    const missing = numbers.filter((number) =>
      !stderr.includes(`Cannot listen on 127.0.0.${number}:${port} for cluster \\"c${number}\\"`) ||
      !stderr.includes(`clusters[${number - 1}].colour_${number}: unknown key`)
    );
    assertEquals(missing, [], stderr);
  });
});

Deno.test("a log that nobody reads stops nothing", async () => {
  const [port, adminPort] = [findFreePort(), findFreePort()];
  // Far more warnings than a pipe holds.
  const keys = Array.from({ length: 2_000 }, (_, index) => `colour_${index} = true`).join("\n");
  await withConfigFile(cluster("main", port, keys), async (file) => {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "mod.ts", "--metrics", `127.0.0.1:${adminPort}`, file],
      cwd: repository,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    try {
      const isHealthy = async () => {
        const response = await fetch(`http://127.0.0.1:${adminPort}/health`).catch(() => null);
        await response?.body?.cancel();
        return response?.ok ?? false;
      };
      await until(isHealthy, {
        what: "the proxy is healthy",
        deadlineMs: 30_000,
        intervalMs: 50,
      });
      assertEquals(await ping(port), "PONG");
      process.kill("SIGTERM");
      assertEquals((await withDeadline(process.status, "the proxy ends")).code, 0);
    } finally {
      try {
        process.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await process.stderr.cancel();
      await process.status;
    }
  });
});

Deno.test("--takeover starts beside the proxy that is about to leave", async () => {
  let port = 0;
  await using first = await startAster((free) => cluster("main", port = free), { metrics: true });
  await using second = await startAster(() => cluster("main", port), {
    arguments: ["--takeover", "--log-format", "text"],
  });
  assertEquals((await first.stop()).code, 0);
  assertEquals(await ping(port), "PONG");
  assertEquals((await second.stop()).code, 0);
});

Deno.test("a bad file is refused with all its problems at once, and nothing starts", async () => {
  const text = `[[clusters]]
name = "main"
listen_addr = "127.0.0.1"
cache_type = "postgres"
servers = ["127.0.0.1:6379:1"]
`;
  await withConfigFile(text, async (file) => {
    for (const flags of [[], ["--check"]]) {
      const { code, stdout, stderr } = await runAster([...flags, file]);
      assertEquals(code, 2);
      assertEquals(stdout, "");
      assert(stderr.includes(`${file}: clusters[0].listen_addr = "127.0.0.1"`), stderr);
      assert(stderr.includes(`${file}: clusters[0].cache_type = "postgres"`), stderr);
    }
  });
});

Deno.test("--check prints what would run and starts nothing", async () => {
  const port = findFreePort();
  await withConfigFile(cluster("main", port, "thread = 1"), async (file) => {
    const { code, stdout, stderr } = await runAster(["--check", "--metrics", "off", file]);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(
      stdout,
      new RegExp(
        `^cluster "main": redis on 127.0.0.1:${port}, 1 thread, 1 backend: 127.0.0.1:9\n` +
          "admin server: off\n",
      ),
    );
  });
});

Deno.test("a missing file and an unknown flag are bad usage", async () => {
  const [missing, unknown] = await Promise.all([
    runAster(["no/such/file.toml"]),
    runAster(["--metric", "off"]),
  ]);
  assertEquals([missing.code, missing.stdout], [2, ""]);
  assertEquals(missing.stderr, "error: no/such/file.toml: there is no such file\n");
  assertEquals([unknown.code, unknown.stdout], [2, ""]);
  assert(unknown.stderr.includes("--metrics"), unknown.stderr);
});

Deno.test("-V prints the version and -h the flags", async () => {
  const [version, help] = await Promise.all([runAster(["-V"]), runAster(["-h"])]);
  assertEquals([version.code, help.code], [0, 0]);
  assertMatch(version.stdout, /^aster \d+\.\d+\.\d+\n$/);
  assert(help.stdout.includes("--print-permissions"));
});

Deno.test("an embedding program needs none of Deno's unstable features", async () => {
  const port = findFreePort();
  const manifest = JSON.parse(await Deno.readTextFile(`${repository}/deno.json`));
  delete manifest.unstable;
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/deno.json`, JSON.stringify(manifest));
    await Deno.writeTextFile(
      `${directory}/program.ts`,
      `import { parseConfig, start } from ${JSON.stringify(`file://${repository}mod.ts`)};
const config = parseConfig(Deno.args[0]!);
const proxy = await start(config);
const connection = await Deno.connect({ port: config.clusters[0]!.listen.port });
await connection.write(new TextEncoder().encode("PING\\r\\n"));
const buffer = new Uint8Array(64);
const count = await connection.read(buffer);
console.log(new TextDecoder().decode(buffer.subarray(0, count ?? 0)).trim());
connection.close();
console.log((await proxy.metrics()).includes('aster_front_connection_incr{cluster="main"} 1'));
await proxy.stop();
const again = await start(config);
await again.stop();
console.log("ended by itself");
`,
    );
    const config = `[runtime]\nmetrics = "off"\n${cluster("main", port, "thread = 2")}`;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-lock", `${directory}/program.ts`, config],
      cwd: directory,
      stdin: "null",
    }).output();
    const printed = new TextDecoder().decode(stdout);
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertEquals(printed, "+PONG\ntrue\nended by itself\n");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
