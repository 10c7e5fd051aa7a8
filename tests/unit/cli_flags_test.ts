/**
 * The command line: each flag in each form, and every way to get it wrong.
 *
 * @module
 */
import {
  type FlagRow,
  type Flags,
  HELP_TEXT,
  parseFlags,
  switchFlags,
  valueFlags,
} from "../../src/cli_flags.ts";
import { tcpEndpoint } from "../../src/endpoint.ts";
import { assert, assertEquals } from "../deps.ts";

const defaults: Flags = {
  mode: "run",
  configFile: null,
  io: null,
  ip: null,
  metrics: null,
  logLevel: null,
  logFormat: null,
  isTakeover: false,
  isReloading: false,
};

const accepted: [line: string, flags: Partial<Flags>][] = [
  ["", {}],
  ["my.toml", { configFile: "my.toml" }],
  ["-c my.toml", { configFile: "my.toml" }],
  ["-c/etc/my.toml", { configFile: "/etc/my.toml" }],
  ["--config my.toml", { configFile: "my.toml" }],
  ["--config=my.toml", { configFile: "my.toml" }],
  ["-- -odd.toml", { configFile: "-odd.toml" }],
  ["-- --check=odd", { configFile: "--check=odd" }],
  ["12", { configFile: "12" }],
  ["--check my.toml", { mode: "check", configFile: "my.toml" }],
  ["my.toml --print-permissions", { mode: "print_permissions", configFile: "my.toml" }],
  ["--takeover", { isTakeover: true }],
  ["-i 10.0.0.1", { ip: "10.0.0.1" }],
  ["--ip=2001:db8::1", { ip: "2001:db8::1" }],
  ["-m off", { metrics: "off" }],
  ["-m 2111", { metrics: tcpEndpoint("127.0.0.1", 2111) }],
  ["-m2111", { metrics: tcpEndpoint("127.0.0.1", 2111) }],
  ["--metrics 0.0.0.0:2111", { metrics: tcpEndpoint("0.0.0.0", 2111) }],
  ["--metrics=[::1]:2111", { metrics: tcpEndpoint("::1", 2111) }],
  ["--io epoll", { io: "epoll" }],
  ["--io=deno", { io: "deno" }],
  ["--log-level debug", { logLevel: "debug" }],
  ["--log-level=WARN", { logLevel: "warning" }],
  ["--log-format json", { logFormat: "json" }],
  ["-V", { mode: "version" }],
  ["--version", { mode: "version" }],
  ["-h", { mode: "help" }],
  ["--help --unknown", { mode: "help" }],
  ["-hV", { mode: "help" }],
];
for (const [line, flags] of accepted) {
  Deno.test(`parseFlags() understands "${line}"`, () => {
    const args = line.split(" ").filter((word) => word !== "");
    assertEquals(parseFlags(args), { flags: { ...defaults, ...flags }, errors: [] });
  });
}

const refused: [line: string, errors: string[]][] = [
  ["--chekc", ['unknown flag "--chekc": the nearest known flag is --check']],
  ["--conf=x", ['unknown flag "--conf": the nearest known flag is --config']],
  ["--confg x", ['unknown flag "--confg": the nearest known flag is --config']],
  ["-r", ['unknown flag "-r"']],
  ["--no-check", ['unknown flag "--no-check": the nearest known flag is --check']],
  ["a.toml b.toml", ["only one file is expected, not 2"]],
  ["-c a.toml b.toml", ['the file is named twice: by --config and as "b.toml"']],
  ["-c a.toml --config b.toml", ["--config is given more than once"]],
  ["-c", ["--config needs a value"]],
  ["--config=", ["--config needs a value"]],
  ["--ip --check", ["--ip needs a value"]],
  ["--ip localhost", ['--ip "localhost": expected an IP address that clients can connect to']],
  ["--ip 0.0.0.0", ['--ip "0.0.0.0": expected an IP address that clients can connect to']],
  ["-m x", ['--metrics "x": expected [HOST:]PORT or off: the port is not from 1 to 65535']],
  ["-m 0", ['--metrics "0": expected [HOST:]PORT or off: the port is not from 1 to 65535']],
  ["-m :2110", ['--metrics ":2110": expected [HOST:]PORT or off: the host is missing']],
  ["--io uring", ['--io "uring": expected deno or epoll']],
  ["--log-level loud", [
    '--log-level "loud": expected trace, debug, info, warning or error',
  ]],
  ["--log-format xml", ['--log-format "xml": expected text or json']],
  ["--check --print-permissions", ["--check and --print-permissions exclude each other"]],
  ["--check=no", ["--check takes no value"]],
  ["--takeover=true", ["--takeover takes no value"]],
  ["--log-level loud --unknown a b", [
    'unknown flag "--unknown"',
    '--log-level "loud": expected trace, debug, info, warning or error',
  ]],
];
for (const [line, errors] of refused) {
  Deno.test(`parseFlags() refuses "${line}"`, () => {
    assertEquals(parseFlags(line.split(" ")), { flags: null, errors });
  });
}

Deno.test("parseFlags() refuses an empty value of its own argument", () => {
  assertEquals(parseFlags(["--config", ""]).errors, ["--config needs a value"]);
  assertEquals(parseFlags([""]).errors, ["the name of the file is empty"]);
});

Deno.test("the help names every flag, and fits a terminal", () => {
  const flags = [
    "-c, --config FILE",
    "-i, --ip ADDRESS",
    "-m, --metrics [HOST:]PORT",
    "--io ENGINE",
    "--log-level LEVEL",
    "--log-format FORMAT",
    "--reload",
    "--takeover",
    "--check",
    "--print-permissions",
    "-V, --version",
    "-h, --help",
    "ASTER_CONFIG_TOML",
    "ASTER_DEFAULT_THREAD",
    "ASTER_LOG",
    "RUST_LOG",
    "HOST",
  ];
  for (const flag of flags) assert(HELP_TEXT.includes(flag), flag);
  for (const [name, row] of Object.entries<FlagRow>({ ...valueFlags, ...switchFlags })) {
    const letter = row.letter === null ? "" : `-${row.letter}, `;
    const value = row.value === null ? "" : ` ${row.value}`;
    assert(HELP_TEXT.includes(`${letter}--${name}${value} `), name);
  }
  assert(HELP_TEXT.split("\n").every((line) => line.length <= 100));
});
