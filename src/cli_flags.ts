/**
 * The command line: which flags there are, what they mean, and what is wrong with the ones given.
 *
 * @module
 */
import { parseArgs } from "../deps.ts";
import { ADMIN_HELP } from "./cli_admin.ts";
import { TOOLS_HELP } from "./cli_tools.ts";
import { isAdvertisable } from "./config/advertisable.ts";
import { nearestName } from "./config/key_names.ts";
import { parseLogLevel } from "./config/log_level.ts";
import { showValue } from "./config/problem.ts";
import { parseMetrics, type RuntimeFlags } from "./config/runtime.ts";
import { METRICS_DEFAULT } from "./config/schema.ts";

/** File that is read if none is named. */
export const DEFAULT_CONFIG_FILE = "default.toml";

/** What the program is asked to do. */
export type CommandMode = "run" | "check" | "print_permissions" | "help" | "version";

/** The flags, checked. */
export interface Flags extends RuntimeFlags {
  mode: CommandMode;
  /** The file that is named, or null. */
  configFile: string | null;
  /** Address advertised to cluster-aware clients, or null: to be found. */
  ip: string | null;
  /** Whether to start although the addresses are in use: a planned restart. */
  isTakeover: boolean;
  /** Whether to go over to what the file says whenever it changes. */
  isReloading: boolean;
}

/** Flags, or what is wrong with the command line: one sentence each. */
export type FlagsResult = { flags: Flags; errors: [] } | { flags: null; errors: string[] };

/** What is known of a flag, besides its short line in {@link USAGE}. */
export interface FlagRow {
  /** Its short form, or null. */
  readonly letter: string | null;
  /** What its value is called, or null: it takes none. */
  readonly value: string | null;
  /** What it does: sentences in Markdown that `docs/configuration.md` has as they are. */
  readonly meaning: string;
}

/** Flags with a value, by long name. */
export const valueFlags = {
  config: {
    letter: "c",
    value: "FILE",
    meaning: `The configuration; one of the two forms. Default: \`${DEFAULT_CONFIG_FILE}\`.`,
  },
  ip: {
    letter: "i",
    value: "ADDRESS",
    meaning: "The IP address told to cluster-aware clients. Default: env `HOST`, else that of " +
      "`listen_addr`; where that is every address of the machine, the first IPv4 address that is not " +
      "loopback.",
  },
  metrics: {
    letter: "m",
    value: "[HOST:]PORT",
    meaning: "Where `/metrics` and `/health` are served; `off`: nowhere. Without host: " +
      `${METRICS_DEFAULT.hostname}.`,
  },
  io: { letter: null, value: "ENGINE", meaning: "`deno` or `epoll`: what does the I/O." },
  "log-level": {
    letter: null,
    value: "LEVEL",
    meaning: "`trace`, `debug`, `info`, `warning` (also `warn`) or `error`.",
  },
  "log-format": { letter: null, value: "FORMAT", meaning: "`text` or `json`." },
} as const satisfies Record<string, FlagRow>;

/** Flags without a value, by long name. */
export const switchFlags = {
  reload: {
    letter: null,
    value: null,
    meaning: "Goes over to what the file says whenever it changes; SIGHUP does it once. See " +
      "[Reload](operating.md#reload).",
  },
  takeover: {
    letter: null,
    value: null,
    meaning: "Takes the place of another process that listens on the addresses; see " +
      "[Restart](operating.md#restart-without-a-lost-request).",
  },
  check: {
    letter: null,
    value: null,
    meaning:
      "Checks the file strictly, also for [uneven shares](#shares-of-the-keys), prints what would run, and ends.",
  },
  "print-permissions": {
    letter: null,
    value: null,
    meaning: "Prints the least flags of `deno run` for this file and these options, and ends.",
  },
  version: { letter: "V", value: null, meaning: "Prints the version." },
  help: { letter: "h", value: null, meaning: "Prints the flags." },
} as const satisfies Record<string, FlagRow>;

type ValueFlag = keyof typeof valueFlags;
type SwitchFlag = keyof typeof switchFlags;

const valueNames = Object.keys(valueFlags) as ValueFlag[];
const switchNames = Object.keys(switchFlags) as SwitchFlag[];

/** The part of `--help` about how the program is called. */
export const USAGE = `Usage: aster [options] [FILE]

  FILE, -c, --config FILE    configuration to run; default: ${DEFAULT_CONFIG_FILE}
  -i, --ip ADDRESS           address advertised to cluster-aware clients; default: env HOST,
                             else the one listened at, else, where that is every address,
                             the first IPv4 address that is not loopback
  -m, --metrics [HOST:]PORT  where /metrics and /health are served; default: 127.0.0.1:2110;
                             off: nowhere
      --io ENGINE            deno: Deno's sockets; epoll: Linux's epoll by FFI; default: deno
      --log-level LEVEL      trace, debug, info, warning or error; default: env ASTER_LOG, else info
      --log-format FORMAT    text or json; default: text on a terminal, else json
      --reload               reload the file whenever it changes, as SIGHUP does once
      --takeover             take the place of a process that listens on the addresses
      --check                check the file, print what would run, and end
      --print-permissions    print the least flags of "deno run" for this file and these options
  -V, --version              print the version
  -h, --help                 print this

${ADMIN_HELP}
${TOOLS_HELP}`;

/** What `--help` prints. */
export const HELP_TEXT = `aster: a cache proxy for Redis, Redis Cluster and memcached

${USAGE}
Flags win over the file, the file over the environment.
Environment: ASTER_CONFIG_TOML (the whole configuration, where no FILE is named),
ASTER_DEFAULT_THREAD, ASTER_LOG (else RUST_LOG), HOST.
Exit codes: 0 ended as asked, 1 could not run, 2 bad usage or configuration.
`;

/** Reads the command line, without the program's name. */
export function parseFlags(args: readonly string[]): FlagsResult {
  const unknown: string[] = [];
  const files: string[] = [];
  const given = parseArgs([...args], {
    string: [...valueNames, "_"],
    boolean: switchNames,
    collect: valueNames,
    alias: aliases(),
    unknown: (argument: string, key?: string | null) => {
      if (key === undefined || key === null) files.push(argument);
      else unknown.push(argument);
      return false;
    },
  });
  const isSet = (name: SwitchFlag): boolean => given[name] === true;
  // Asking for help is answered whatever else is wrong.
  if (isSet("help")) return { flags: emptyFlags("help"), errors: [] };
  if (isSet("version")) return { flags: emptyFlags("version"), errors: [] };

  const errors = unknown.map(unknownFlagError);
  for (const name of switchNames) {
    if (optionArguments(args).some((argument) => argument.startsWith(`--${name}=`))) {
      errors.push(`--${name} takes no value`);
    }
  }
  const values = {} as Record<ValueFlag, string | null>;
  for (const name of valueNames) {
    // deno-lint-ignore no-explicit-any
    const texts = (given as Record<string, any>)[name] as string[];
    values[name] = texts[0] ?? null;
    if (texts.includes("")) errors.push(`--${name} needs a value`);
    else if (texts.length > 1) errors.push(`--${name} is given more than once`);
  }
  files.push(...given._.map(String));
  const flags = emptyFlags("run");
  if (isSet("check")) flags.mode = "check";
  if (isSet("print-permissions")) flags.mode = "print_permissions";
  if (isSet("check") && isSet("print-permissions")) {
    errors.push("--check and --print-permissions exclude each other");
  }
  flags.isTakeover = isSet("takeover");
  flags.isReloading = isSet("reload");
  readFile(values.config, files, flags, errors);
  readValues(values, flags, errors);
  return errors.length === 0 ? { flags, errors: [] } : { flags: null, errors };
}

function readFile(
  config: string | null,
  args: readonly string[],
  flags: Flags,
  errors: string[],
): void {
  const files = args.filter((file) => file !== "");
  // An empty argument is mostly a variable that is not set: running the default would be a guess.
  if (files.length < args.length && config === null) errors.push("the name of the file is empty");
  if (files.length > 1) errors.push(`only one file is expected, not ${files.length}`);
  if (config !== null && files.length > 0) {
    errors.push(`the file is named twice: by --config and as ${showValue(files[0])}`);
  }
  flags.configFile = config ?? files[0] ?? null;
}

function readValues(
  values: Record<ValueFlag, string | null>,
  flags: Flags,
  errors: string[],
): void {
  const { io, ip, metrics, "log-level": level, "log-format": format } = values;
  if (ip) {
    if (isAdvertisable(ip)) flags.ip = ip;
    else errors.push(`--ip ${showValue(ip)}: expected an IP address that clients can connect to`);
  }
  if (metrics) {
    const address = parseMetrics(metrics);
    flags.metrics = address.value;
    if (address.fault !== null) {
      errors.push(`--metrics ${showValue(metrics)}: expected [HOST:]PORT or off: ${address.fault}`);
    }
  }
  if (io) {
    if (io === "deno" || io === "epoll") flags.io = io;
    else errors.push(`--io ${showValue(io)}: expected deno or epoll`);
  }
  if (level) {
    flags.logLevel = parseLogLevel(level);
    if (flags.logLevel === null) {
      errors.push(
        `--log-level ${showValue(level)}: expected trace, debug, info, warning or error`,
      );
    }
  }
  if (format) {
    if (format === "text" || format === "json") flags.logFormat = format;
    else errors.push(`--log-format ${showValue(format)}: expected text or json`);
  }
}

function emptyFlags(mode: CommandMode): Flags {
  return {
    mode,
    configFile: null,
    ip: null,
    io: null,
    metrics: null,
    logLevel: null,
    logFormat: null,
    isTakeover: false,
    isReloading: false,
  };
}

function aliases(): Record<string, string> {
  const short: Record<string, string> = {};
  for (const [name, { letter }] of Object.entries({ ...valueFlags, ...switchFlags })) {
    if (letter !== null) short[letter] = name;
  }
  return short;
}

/** The arguments before `--`; what follows it is a file even if it looks like a flag. */
function optionArguments(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  return end < 0 ? args : args.slice(0, end);
}

function unknownFlagError(argument: string): string {
  const name = argument.split("=")[0]!;
  const nearest = nearestName(name.replace(/^-+/, ""), [...valueNames, ...switchNames]);
  const hint = nearest === null ? "" : `: the nearest known flag is --${nearest}`;
  return `unknown flag ${showValue(name)}${hint}`;
}
