/**
 * The process's own settings: flags over file over environment over default.
 *
 * @module
 */
import { parseMetrics } from "../../../src/config/runtime.ts";
import { NO_FLAGS } from "../../../src/config/runtime.ts";
import { tcpEndpoint } from "../../../src/endpoint.ts";
import { assertEquals } from "../../deps.ts";
import { configOf, problemsOf, redisText, slotsText, warningsOf } from "./load_text.ts";

function runtimeText(lines: string): string {
  return `[runtime]\n${lines}\n` + redisText();
}

const metricsCases: [value: string | number, address: string | null, fault: string | null][] = [
  ["2110", "127.0.0.1 2110", null],
  [9000, "127.0.0.1 9000", null],
  ["0.0.0.0:2110", "0.0.0.0 2110", null],
  ["[::1]:2110", "::1 2110", null],
  ["metrics.example:80", "metrics.example 80", null],
  ["off", "off", null],
  [" OFF ", "off", null],
  ["", null, "the port is missing"],
  ["0", null, "the port is not from 1 to 65535"],
  ["on", null, "the port is not from 1 to 65535"],
  ["a:b", null, "the port is not from 1 to 65535"],
  ["::1:2110", null, "an IPv6 address is written in brackets: [::1]:6379"],
];
for (const [value, address, fault] of metricsCases) {
  Deno.test(`parseMetrics() of ${JSON.stringify(value)} is ${address ?? fault}`, () => {
    const result = parseMetrics(value);
    const shown = result.value === null || result.value === "off"
      ? result.value
      : `${result.value.hostname} ${result.value.port}`;
    assertEquals([shown, result.fault], [address, fault]);
  });
}

Deno.test("loadConfig() takes the admin address from flag, file and default, in this order", () => {
  const metrics = (lines: string, flags = NO_FLAGS) =>
    configOf(runtimeText(lines), { flags }).runtime.metrics;
  assertEquals(metrics(""), tcpEndpoint("127.0.0.1", 2110));
  assertEquals(metrics("metrics = 2222"), tcpEndpoint("127.0.0.1", 2222));
  assertEquals(metrics('metrics = "0.0.0.0:2222"'), tcpEndpoint("0.0.0.0", 2222));
  assertEquals(metrics('metrics = "off"'), null);
  assertEquals(metrics("metrics = 2222", { ...NO_FLAGS, metrics: "off" }), null);
  const flag = tcpEndpoint("::1", 3);
  assertEquals(metrics('metrics = "off"', { ...NO_FLAGS, metrics: flag }), flag);
});

Deno.test("loadConfig() takes the I/O engine from flag, file and default, in this order", () => {
  const io = (lines: string, flags = NO_FLAGS) =>
    configOf(runtimeText(lines), { flags }).runtime.io;
  assertEquals(io(""), "deno");
  assertEquals(io('io = "epoll"'), "epoll");
  assertEquals(io('io = "epoll"', { ...NO_FLAGS, io: "deno" }), "deno");
  assertEquals(problemsOf(runtimeText('io = "io_uring"')), [
    'a.toml: runtime.io = "io_uring": expected "deno" or "epoll"',
  ]);
});

const badMetrics: [lines: string, problem: string][] = [
  [
    'metrics = "here"',
    '"here": expected "host:port", a port, or "off": the port is not from 1 to 65535',
  ],
  ['metrics = "a b:1"', '"a b:1": expected "host:port", a port, or "off": it contains a space'],
  ["metrics = 65536", '65536: expected "host:port", a port, or "off"'],
  ["metrics = 1.5", '1.5: expected "host:port", a port, or "off"'],
  ["metrics = false", 'false: expected "host:port", a port, or "off"'],
];
for (const [lines, problem] of badMetrics) {
  Deno.test(`loadConfig() refuses ${lines}`, () => {
    assertEquals(problemsOf(runtimeText(lines)), [`a.toml: runtime.metrics = ${problem}`]);
  });
}

Deno.test("loadConfig() takes the log level from flag, file, ASTER_LOG and RUST_LOG, in this order", () => {
  const environment = { ASTER_LOG: "error", RUST_LOG: "libaster=trace" };
  const level = (lines: string, overrides = {}) =>
    configOf(runtimeText(lines), { environment, ...overrides }).runtime.logLevel;
  assertEquals(
    level('log_level = "debug"', { flags: { ...NO_FLAGS, logLevel: "warning" } }),
    "warning",
  );
  assertEquals(level('log_level = "Debug"'), "debug");
  assertEquals(level('log_level = "warn"'), "warning");
  assertEquals(level(""), "error");
  assertEquals(level("", { environment: { RUST_LOG: "libaster=trace" } }), "trace");
  assertEquals(level("", { environment: { RUST_LOG: "hyper=trace" } }), "info");
  assertEquals(level("", { environment: {} }), "info");
});

Deno.test("loadConfig() refuses a bad ASTER_LOG where it counts, and passes over a bad RUST_LOG", () => {
  const expected = 'expected "trace", "debug", "info", "warning" or "error"';
  for (const text of ["loud", "hyper=debug"]) {
    const environment = { ASTER_LOG: text };
    assertEquals(problemsOf(redisText(), { environment }), [
      `environment: ASTER_LOG = "${text}": ${expected}`,
    ]);
    assertEquals(problemsOf(runtimeText('log_level = "info"'), { environment }), []);
  }
  const environment = { RUST_LOG: "libaster=loud" };
  assertEquals(problemsOf(redisText(), { environment }), []);
  assertEquals(warningsOf(redisText(), { environment }), [
    `environment: RUST_LOG = "libaster=loud": passed over: ${expected}, as in "libaster=info"`,
  ]);
});

Deno.test("loadConfig() takes the log format from flag, file and terminal, in this order", () => {
  const format = (lines: string, overrides = {}) =>
    configOf(runtimeText(lines), overrides).runtime.logFormat;
  assertEquals(format("", { isTerminal: () => true }), "text");
  assertEquals(format("", { isTerminal: () => false }), "json");
  assertEquals(format('log_format = "json"', { isTerminal: () => true }), "json");
  const flags = { ...NO_FLAGS, logFormat: "text" };
  assertEquals(format('log_format = "json"', { flags, isTerminal: () => false }), "text");
});

Deno.test("where the log goes decides its format", () => {
  const isTerminal = (output: string) => output === "stdout";
  const runtime = (lines: string) => configOf(runtimeText(lines), { isTerminal }).runtime;
  const format = (lines: string) => [runtime(lines).logOutput, runtime(lines).logFormat];
  assertEquals(format(""), ["stderr", "json"]);
  assertEquals(format('log_output = "stdout"'), ["stdout", "text"]);
});

Deno.test("loadConfig() opens the network of workers only for nodes that are found", () => {
  const network = (text: string) => configOf(text).runtime.network;
  assertEquals(network(redisText()), "config");
  assertEquals(network(slotsText()), "process");
  assertEquals(network(runtimeText('network = "process"')), "process");
  const closed = '[runtime]\nnetwork = "config"\n' + slotsText();
  assertEquals(network(closed), "config");
  assertEquals(warningsOf(closed), [
    'a.toml: runtime.network = "config": nodes of a redis_cluster that are not among its servers cannot ' +
    "be reached",
  ]);
});

Deno.test("loadConfig() takes a list of what workers may reach besides, and names each wrong entry", () => {
  const network = (list: string) => runtimeText(`network = ${list}`);
  assertEquals(configOf(network('["10.0.0.0/8", "a.example", "[::1]:80"]')).runtime.network, [
    "10.0.0.0/8",
    "a.example",
    "[::1]:80",
  ]);
  assertEquals(problemsOf(network('["10.0.0.1/8", 7, "a.example:0"]')), [
    'a.toml: runtime.network[0] = "10.0.0.1/8": expected a subnet, a host or "host:port": ' +
    "the address has bits behind its 8: 10.0.0.0/8 is that subnet",
    'a.toml: runtime.network[1] = 7: expected a subnet, a host or "host:port": it is not a string',
    'a.toml: runtime.network[2] = "a.example:0": expected a subnet, a host or "host:port": ' +
    "the port is not from 1 to 65535",
  ]);
});

const refused: [line: string, expected: string][] = [
  [
    'network = "all"',
    'expected "config", "process" or a list such as ["10.0.0.0/8", "host:port"]',
  ],
  ['log_level = "off"', 'expected "trace", "debug", "info", "warning" or "error"'],
  ['log_format = "xml"', 'expected "text" or "json"'],
  ['log_output = "file"', 'expected "stderr" or "stdout"'],
];
for (const [line, expected] of refused) {
  Deno.test(`loadConfig() refuses runtime ${line}`, () => {
    assertEquals(problemsOf(runtimeText(line)), [`a.toml: runtime.${line}: ${expected}`]);
  });
}

Deno.test("max_memory_bytes is off, or leaves room for the program itself", () => {
  const text = (byteCount: number) =>
    redisText("").replace(
      "[[clusters]]",
      `[runtime]\nmax_memory_bytes = ${byteCount}\n[[clusters]]`,
    );
  assertEquals(configOf(text(134_217_728)).runtime.maxMemoryBytes, 134_217_728);
  assertEquals(configOf(text(0)).runtime.maxMemoryBytes, 0);
  assertEquals(problemsOf(text(134_217_727)), [
    "a.toml: runtime.max_memory_bytes = 134217727: expected 0, or at least 134217728 bytes: " +
    "the program itself takes most of that",
  ]);
});
