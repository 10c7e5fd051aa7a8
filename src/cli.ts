/**
 * The program: from command line to exit code.
 *
 * @module
 */
import { askProxy, isAdminCommand, parseAdminCall } from "./cli_admin.ts";
import { CONFIG_VARIABLE, type ConfigSource, configSource } from "./cli_config.ts";
import { type Flags, HELP_TEXT, parseFlags } from "./cli_flags.ts";
import { isTop, ownTerminal, parseTop, runTop } from "./cli_top.ts";
import { spreadWarnings } from "./cli_route.ts";
import { isTool, runTool, type Tools } from "./cli_tools.ts";
import type { Config, IoChoice } from "./config/config.ts";
import { NO_FLAGS } from "./config/runtime.ts";
import { type Environment, type EnvironmentName, readEnvironment } from "./config/environment.ts";
import {
  formatProblem,
  loadConfig,
  type LoadOptions,
  type LoadResult,
  type Problem,
} from "./config/load.ts";
import { speaksTls } from "./config/tls.ts";
import { formatEndpoint } from "./endpoint.ts";
import { formatPermissionFlags, permissionFlags, permissionNotes } from "./permissions.ts";
import { chooseAdvertisedAddress, grantedInterfaces } from "./supervisor/advertised_address.ts";
import { chooseIo, IoUnavailable, likelyLibc, likelyLibssl } from "./supervisor/io_choice.ts";
import { openLogOutput } from "./supervisor/log_output.ts";
import { LogWriter } from "./supervisor/log_writer.ts";
import { socketFiles } from "./config/unix_sockets.ts";
import { giveUpPrivileges } from "./supervisor/privileges.ts";
import { FileWatch } from "./supervisor/file_watch.ts";
import { CertificateWatch } from "./supervisor/fresh_certificates.ts";
import { describeClusters, type RunningProxy, startProxy } from "./supervisor/proxy.ts";
import { Reloader } from "./supervisor/reloader.ts";
import { keepDebuggerClosed } from "./supervisor/runtime_debugger.ts";
import { StartError } from "./supervisor/start_error.ts";
import type { Log } from "./observe/log.ts";
import { VERSION } from "./version.ts";

/** How the program ended. */
export const ExitCode = { Asked: 0, CouldNotRun: 1, BadUsage: 2 } as const;

/** Runs the program and returns its exit code; `args` are those after the program's name. */
export async function main(args: readonly string[]): Promise<number> {
  if (isAdminCommand(args[0]) && !args.includes("--help") && !args.includes("-h")) {
    return await runAdminCommand(args);
  }
  if (isTop(args[0]) && !args.includes("--help") && !args.includes("-h")) {
    return await runTopCommand(args.slice(1));
  }
  if (isTool(args[0]) && !args.includes("--help") && !args.includes("-h")) {
    return await runTool(args, tools()) ? ExitCode.Asked : ExitCode.BadUsage;
  }
  const { flags, errors } = parseFlags(args);
  if (flags === null) {
    for (const error of errors) console.error(`aster: ${error}`);
    console.error("aster: try --help");
    return ExitCode.BadUsage;
  }
  switch (flags.mode) {
    case "help":
      return printLines([HELP_TEXT.trimEnd()]);
    case "version":
      return printLines([`aster ${VERSION}`]);
    default:
      return await withConfig(flags, readEnvironment());
  }
}

/** What sub-commands that start nothing have of this process. */
function tools(): Tools {
  return {
    readText: (file) => configSource(file, {}).read(),
    load: (text, file) =>
      loadConfig(text, file, {
        environment: readEnvironment(),
        platform: Deno.build.os,
        isTerminal: () => false,
        isStrict: true,
        flags: NO_FLAGS,
        secrets: null,
      }),
    describe: describeConfig,
    inputLines: () => Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(lines()),
    print: console.log,
    printError: console.error,
  };
}

/** Cuts text into lines; a last one without an end is a line too. */
function lines(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(text, controller) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      for (const line of parts) controller.enqueue(line.replace(/\r$/, ""));
    },
    flush(controller) {
      if (rest !== "") controller.enqueue(rest);
    },
  });
}

async function runAdminCommand(args: readonly string[]): Promise<number> {
  const { call, errors } = parseAdminCall(args);
  if (call === null) {
    for (const error of errors) console.error(`aster: ${error}`);
    console.error("aster: try --help");
    return ExitCode.BadUsage;
  }
  const isDone = await askProxy(call, console.log, console.error);
  return isDone ? ExitCode.Asked : ExitCode.CouldNotRun;
}

async function runTopCommand(args: readonly string[]): Promise<number> {
  const { options, errors } = parseTop(args);
  if (options === null) {
    for (const error of errors) console.error(`aster: ${error}`);
    console.error("aster: try --help");
    return ExitCode.BadUsage;
  }
  return await runTop(options, ownTerminal()) ? ExitCode.Asked : ExitCode.CouldNotRun;
}

async function withConfig(flags: Flags, environment: Environment): Promise<number> {
  const source = configSource(flags.configFile, environment);
  const text = readOrSay(source);
  if (text === null) return ExitCode.BadUsage;
  const options: LoadOptions = {
    environment,
    platform: Deno.build.os,
    isTerminal: (output) => Deno[output].isTerminal(),
    isStrict: flags.mode === "check",
    flags,
    // The permissions to fetch them are what is asked for.
    ...flags.mode === "print_permissions" ? { secrets: null } : {},
  };
  const load = (text: string) => loadConfig(text, source.name, options);
  const loaded = load(text);
  if (loaded.config === null) {
    for (const problem of loaded.problems) console.error(`error: ${formatProblem(problem)}`);
    printWarnings(loaded.warnings);
    return ExitCode.BadUsage;
  }
  const { config, warnings } = loaded;
  if (flags.mode === "print_permissions") {
    printWarnings(warnings);
    return printPermissions(config, loaded, source, flags, environment);
  }
  const io = chooseIoOrSay(config);
  if (io !== null && flags.mode === "run") {
    return await run({ config, source, text, load, io, warnings, flags, environment });
  }
  printWarnings(warnings);
  for (const warning of spreadWarnings(config)) console.error(`warning: ${warning}`);
  return io === null ? ExitCode.BadUsage : printLines(describeConfig(config));
}

function chooseIoOrSay(config: Config): IoChoice | null {
  try {
    return chooseIo(config.runtime.io, undefined, speaksTls(config));
  } catch (error) {
    if (!(error instanceof IoUnavailable)) throw error;
    console.error(`error: ${error.message}`);
    return null;
  }
}

function readOrSay(source: ConfigSource): string | null {
  try {
    return source.read();
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

function describeConfig(config: Config): string[] {
  const { io, metrics, network, logLevel, logFormat } = config.runtime;
  return [
    ...describeClusters(config).map((line) => {
      const { cluster, type, address, threads, backends, servers } = line;
      const { tls, clients, backendTls } = line;
      const secured = tls === undefined
        ? ""
        : `, TLS${tls === address ? "" : ` on ${tls}`}${
          clients === undefined ? "" : ` ${clients}`
        }`;
      const verified = backendTls === undefined ? "" : ` over TLS (${backendTls})`;
      return `cluster "${cluster}": ${type} on ${address}${secured}, ` +
        `${counted(threads, "thread")}, ${counted(backends, "backend")}${verified}: ${servers}`;
    }),
    `admin server: ${metrics === null ? "off" : formatEndpoint(metrics)}`,
    `I/O: ${io}; network of workers: ${
      io === "epoll" ? "not limited by Deno" : describeNetwork(network)
    }; log: ${logFormat}, ${logLevel} and above`,
  ];
}

function describeNetwork(network: Config["runtime"]["network"]): string {
  return typeof network === "string" ? network : `config and ${network.join(", ")}`;
}

function counted(count: string | number | undefined, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

function printPermissions(
  config: Config,
  { environmentNames: read, secretPlaces }: LoadResult,
  source: ConfigSource,
  { ip, isReloading }: Flags,
  { HOST: host }: Environment,
): number {
  const sources = new URL("./", import.meta.url);
  const sourceDirectory = sources.protocol === "file:"
    ? decodeURIComponent(sources.pathname)
    : null;
  const [libcPath, libsslPath] = [likelyLibc(), likelyLibssl()];
  const environmentNames: readonly EnvironmentName[] = source.path === null
    ? [CONFIG_VARIABLE, ...read]
    : read;
  const files = { configPath: source.path, sourceDirectory, libcPath, libsslPath };
  const options = { ...files, isReloading, environmentNames, secretPlaces, ip, host };
  // The flags alone go to standard output, for `deno run $(…) mod.ts`.
  for (const note of permissionNotes(config)) console.error(note);
  return printLines([formatPermissionFlags(permissionFlags(config, options))]);
}

/** Whether files are written while it runs: states of servers, and, on Deno's sockets, unix sockets by workers that may come. */
function keepsWriting({ clusters, runtime }: Config): boolean {
  return runtime.stateFile !== null ||
    (runtime.io === "deno" && clusters.some((cluster) => socketFiles(cluster).length > 0));
}

/** What to run, and what it came from. */
interface RunParts {
  config: Config;
  source: ConfigSource;
  /** Its text. */
  text: string;
  /** Checks such a text. */
  load(text: string): LoadResult;
  io: IoChoice;
  warnings: readonly Problem[];
  flags: Flags;
  environment: Environment;
}

async function run(parts: RunParts): Promise<number> {
  const { config, io, warnings, flags, environment } = parts;
  const { logLevel, logFormat, logOutput } = config.runtime;
  const writer = new LogWriter(
    Deno[logOutput],
    (count) => output.log.warning("Log lines were lost: nobody took them", { count }),
  );
  const output = openLogOutput({
    level: logLevel,
    format: logFormat,
    isColored: Deno[logOutput].isTerminal() && !Deno.noColor,
    writeLine: (line) => writer.write(line),
  });
  // Past the flood stage: a list that is reported once is reported whole.
  for (const warning of warnings) {
    const fields = { problem: formatProblem(warning) };
    output.write({ level: "warning", message: "Configuration warning", fields });
  }
  const asked = listenForSignals();
  const hangUp = listenForOtherSignals(output.log);
  try {
    const proxy = await startProxy({
      config,
      io,
      output,
      advertisedAddress: chooseAdvertisedAddress({
        flag: flags.ip,
        host: environment.HOST,
        interfaces: grantedInterfaces,
      }),
      isStandalone: true,
      isTakeover: flags.isTakeover,
      writeLine: (line) => writer.write(line),
    }, asked);
    giveUpPrivileges(io, keepsWriting(config));
    using _watch = followFile(proxy, parts, output.log, hangUp);
    const heir = await Promise.race([aborted(asked), proxy.succeeded]);
    if (heir === undefined) output.log.info("aster stops", { signal: String(asked.reason) });
    else {
      output.log.info("aster stops", { successor: heir.pid });
      asked.addEventListener("abort", () => {
        if (asked.reason === "SIGQUIT") Deno.exit(ExitCode.Asked);
      });
    }
    if (asked.reason === "SIGQUIT") await proxy.stop();
    else await proxy.drain();
    return ExitCode.Asked;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    for (const reason of error.reasons) {
      output.write({ level: "error", message: "Cannot start", fields: { reason } });
    }
    output.flush();
    return ExitCode.CouldNotRun;
  } finally {
    await writer.drain();
  }
}

/** What is done at SIGHUP. */
interface HangUp {
  heard: () => void;
  /** It came while the proxy was starting. */
  wasHeard: boolean;
}

/**
 * Aborts at the first signal that asks the program to end; at the second the program ends at once. SIGQUIT asks it not
 * to wait for its clients.
 */
function listenForSignals(): AbortSignal {
  const controller = new AbortController();
  const names: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGQUIT"];
  for (const name of names) {
    Deno.addSignalListener(name, () => {
      if (controller.signal.aborted) Deno.exit(ExitCode.Asked);
      controller.abort(name);
    });
  }
  return controller.signal;
}

/** Reloads the file at SIGHUP, and with `--reload` whenever it changes; certificates whenever they do. */
function followFile(
  proxy: RunningProxy,
  parts: RunParts,
  log: Log,
  hangUp: HangUp,
): Disposable {
  const { flags, source, load, text } = parts;
  const reloader = new Reloader({
    read: source.read,
    load,
    current: () => proxy.config,
    renewCertificates: () => proxy.renewCertificates((path) => Deno.readTextFileSync(path)),
    async apply(config) {
      const problems = await proxy.reconfigure(config);
      certificates.follow(proxy.config);
      return problems;
    },
    log,
  }, text);
  const certificates = new CertificateWatch(() => reloader.refreshCertificates(), log);
  certificates.follow(proxy.config);
  hangUp.heard = () => reloader.reload();
  if (hangUp.wasHeard) hangUp.heard();
  proxy.reloadBy(reloader);
  if (flags.isReloading && source.path === null) {
    log.warning("Nothing to watch: the configuration is in the environment, which cannot change");
  }
  const watch = flags.isReloading && source.path !== null
    ? new FileWatch([source.path], () => reloader.reloadIfChanged())
    : null;
  // It was read before the workers were started, and may have changed since.
  if (watch !== null) reloader.reloadIfChanged();
  return {
    [Symbol.dispose]() {
      watch?.close();
      certificates.close();
    },
  };
}

/**
 * Listens for the signals by which servers are told to reload or to open their log files anew: with nobody listening
 * the system would end the process. What SIGHUP does is set when there is something to reload.
 */
function listenForOtherSignals(log: Log): HangUp {
  const hangUp: HangUp = { wasHeard: false, heard: () => hangUp.wasHeard = true };
  if (Deno.build.os === "windows") return hangUp;
  Deno.addSignalListener("SIGHUP", () => hangUp.heard());
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    Deno.addSignalListener(signal, () => {
      if (signal === "SIGUSR1") keepDebuggerClosed();
      log.warning("Signal ignored: there are no log files to open anew", { signal });
    });
  }
  return hangUp;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}

function printWarnings(warnings: readonly Problem[]): void {
  for (const warning of warnings) console.error(`warning: ${formatProblem(warning)}`);
}

function printLines(lines: readonly string[]): number {
  for (const line of lines) console.log(line);
  return ExitCode.Asked;
}
