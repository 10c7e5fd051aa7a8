/**
 * `aster top`: a running proxy live in the terminal, or once for programs.
 *
 * @module
 */
import { parseArgs } from "../deps.ts";
import { type AdminCall, fetchAdmin, readAddress, readCaFile, readToken } from "./cli_admin.ts";
import { showValue } from "./config/problem.ts";
import {
  FIRST_STATE,
  pressKey,
  renderScreen,
  type ScreenState,
  type Terminal,
} from "./top/screen.ts";
import { type Answers, computeView, type TopView } from "./top/top_view.ts";

/** Longest wait for one answer of the proxy, milliseconds. */
const ANSWER_TIMEOUT_MS = 5_000;
const INTERVAL_DEFAULT_S = 1;
const INTERVAL_MAX_S = 60;

/** What is asked for. */
export interface TopOptions extends Pick<AdminCall, "address" | "token" | "ca"> {
  readonly intervalMs: number;
  readonly isOnce: boolean;
  readonly isJson: boolean;
}

/** Options, or what is wrong with the command line: one sentence each. */
export type TopOptionsResult =
  | { readonly options: TopOptions; readonly errors: [] }
  | { readonly options: null; readonly errors: string[] };

/** What it needs of this process. */
export interface TopHost {
  print(text: string): void;
  printError(text: string): void;
  /** The terminal; null: there is none. */
  terminal(): Terminal | null;
  /** Calls `pressed` for each key until `signal` is aborted. */
  listen(pressed: (key: string) => void, signal: AbortSignal): Promise<void>;
}

/** Whether the first word of the command line is this sub-command. */
export function isTop(word: string | undefined): boolean {
  return word === "top";
}

/** Reads the command line behind the sub-command's name. */
export function parseTop(args: readonly string[]): TopOptionsResult {
  const errors: string[] = [];
  const valueNames = ["admin", "token", "ca", "interval"];
  const given = parseArgs([...args], {
    string: [...valueNames, "_"],
    boolean: ["once", "json"],
    collect: valueNames,
    unknown: (argument: string) => {
      errors.push(
        argument.startsWith("-")
          ? `unknown flag ${showValue(argument.split("=")[0]!)} of "top"`
          : `${showValue(argument)} is one word too many`,
      );
      return false;
    },
  }) as unknown as Record<string, string[] | boolean>;
  const take = (key: string): string | null => {
    const values = given[key] as string[];
    if (values.length > 1) errors.push(`--${key} is given more than once`);
    if (values.includes("")) errors.push(`--${key} needs a value`);
    return values[0] ?? null;
  };
  const intervalText = take("interval") ?? String(INTERVAL_DEFAULT_S);
  const intervalS = /^\d{1,2}(\.\d)?$/.test(intervalText) ? Number(intervalText) : 0;
  if (intervalS <= 0 || intervalS > INTERVAL_MAX_S) {
    errors.push(
      `--interval ${showValue(intervalText)}: expected 0.1 to ${INTERVAL_MAX_S} seconds`,
    );
  }
  const isOnce = given.once === true;
  const isJson = given.json === true;
  if (isJson && !isOnce) errors.push("--json goes with --once");
  const address = readAddress(take("admin") ?? "127.0.0.1:2110", errors);
  const token = readToken(take("token"), errors);
  const ca = readCaFile(take("ca"), errors);
  if (errors.length > 0) return { options: null, errors };
  return {
    options: { address, token, ca, intervalMs: intervalS * 1000, isOnce, isJson },
    errors: [],
  };
}

/** Shows the proxy until the person quits, or once; returns whether it could. */
export async function runTop(options: TopOptions, host: TopHost): Promise<boolean> {
  const { isJson, isOnce } = options;
  try {
    if (isOnce) {
      const view = await viewOnce(options);
      if (isJson) host.print(`${JSON.stringify(view, null, 2)}\n`);
      else host.print(`${linesOf(view, FIRST_STATE, host.terminal() ?? PAPER).join("\n")}\n`);
      return true;
    }
    if (host.terminal() === null) {
      host.printError("aster: top wants a terminal; --once prints once");
      return false;
    }
    await showLive(options, host);
    return true;
  } catch (error) {
    host.printError(`aster: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

/** Where there is no terminal all rows are printed. */
const PAPER: Terminal = { columns: 160, rows: 10_000, hasColours: false };

async function viewOnce(options: TopOptions): Promise<TopView> {
  const former = await askAll(options);
  await delay(options.intervalMs);
  return computeView(former, await askAll(options));
}

/** To another screen, and back; without a cursor meanwhile. */
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";

async function showLive(options: TopOptions, host: TopHost): Promise<void> {
  const over = new AbortController();
  let state: ScreenState = FIRST_STATE;
  let former: Answers | null = null;
  let now: Answers = await askAll(options);
  let view = computeView(null, now);
  let problem: string | null = null;
  const draw = () => {
    const lines = linesOf(view, state, host.terminal() ?? PAPER);
    if (problem !== null) lines[1] = problem;
    host.print(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join("\r\n")}\x1b[J`);
  };
  host.print(ENTER);
  const keys = host.listen((key) => {
    state = pressKey(state, key);
    if (state.isOver) over.abort();
    else draw();
  }, over.signal);
  try {
    while (!over.signal.aborted) {
      draw();
      await delay(options.intervalMs, over.signal);
      if (over.signal.aborted || state.isFrozen) continue;
      try {
        const next = await askAll(options);
        [former, now] = [now, next];
        view = computeView(former, now);
        problem = null;
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
    }
  } finally {
    over.abort();
    host.print(LEAVE);
    await keys;
  }
}

function linesOf(view: TopView, state: ScreenState, terminal: Terminal): string[] {
  return renderScreen(view, state, terminal);
}

async function askAll(options: TopOptions): Promise<Answers> {
  const [status, slow, keys, clients] = await Promise.all(
    ["/status", "/slowlog", "/hotkeys", "/clients"].map((path) => ask(options, path)),
  );
  return { atMs: performance.now(), status, slow, keys, clients } as Answers;
}

async function ask({ address, token, ca }: TopOptions, path: string): Promise<unknown> {
  let response: Response;
  try {
    response = await fetchAdmin(address, path, ca, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the proxy at ${address} does not answer: ${reason}`);
  }
  const text = await response.text();
  if (!response.ok) throw new Error(`the proxy at ${address} refuses: ${text.trimEnd()}`);
  return JSON.parse(text);
}

/** Waits; an aborted signal ends the wait early. */
function delay(durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, durationMs);
    signal?.addEventListener("abort", end, { once: true });
    if (signal?.aborted) end();
  });
}

/** The terminal of this process. */
export function ownTerminal(): TopHost {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return {
    print: (text) => writeAll(encoder.encode(text)),
    printError: console.error,
    terminal() {
      if (!Deno.stdout.isTerminal() || !Deno.stdin.isTerminal()) return null;
      const { columns, rows } = Deno.consoleSize();
      // A terminal that nobody has given a size says 0.
      return { columns: columns || 80, rows: rows || 24, hasColours: !Deno.noColor };
    },
    async listen(pressed, signal) {
      Deno.stdin.setRaw(true);
      const reader = Deno.stdin.readable.getReader();
      signal.addEventListener("abort", () => reader.cancel().catch(() => {}), { once: true });
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done || signal.aborted) return;
          for (const key of keysIn(decoder.decode(value))) pressed(key);
        }
      } finally {
        Deno.stdin.setRaw(false);
      }
    },
  };
}

/** The keys that a terminal has sent: a sequence that begins with escape is one. */
export function keysIn(text: string): string[] {
  // deno-lint-ignore no-control-regex
  return text.match(/\x1b\[[\d;]*[A-Za-z~]|\x1bO.|[^]/g) ?? [];
}

function writeAll(bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += Deno.stdout.writeSync(bytes.subarray(written));
}
