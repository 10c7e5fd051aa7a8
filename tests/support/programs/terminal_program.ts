/**
 * A program on a terminal of its own.
 *
 * @module
 */
import { assertMatch } from "../../deps.ts";
import { until, withDeadline } from "../tools/poll.ts";

const repository = decodeURIComponent(new URL("../../../", import.meta.url).pathname);
const START_DEADLINE_MS = 30_000;
/** What Deno says where it asks for a permission. */
export const QUESTION: RegExp = /Deno requests|Allow\?/;

/** A program on a pseudo-terminal of its own, which `script` makes; only the test types there. */
export class TerminalProgram implements AsyncDisposable {
  readonly #script: Deno.ChildProcess;
  readonly #ended: Promise<Deno.CommandStatus>;
  readonly #reading: Promise<void>;
  #output = "";

  /** @param look How large the terminal is, and whether it has colours; unsaid and without if left out. */
  constructor(
    args: readonly string[],
    permissions: readonly string[] = ["-A"],
    look: { columns: number; rows: number; hasColours: boolean } | null = null,
  ) {
    const words = [Deno.execPath(), "run", ...permissions, ...args];
    const size = look === null ? "" : `stty cols ${look.columns} rows ${look.rows}; `;
    const quoted = words.map((word) => `'${word}'`).join(" ");
    this.#script = new Deno.Command("script", {
      args: ["-qefc", `echo "pid=$$"; ${size}exec ${quoted}`, "/dev/null"],
      cwd: repository,
      env: { TERM: "xterm", SHELL: "/bin/sh", ...look?.hasColours ? {} : { NO_COLOR: "1" } },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#ended = this.#script.status;
    this.#reading = this.#read();
  }

  /** All that was shown so far. */
  get output(): string {
    return this.#output;
  }

  /** Waits until it has shown what matches. */
  async shows(pattern: RegExp): Promise<void> {
    await until(() => pattern.test(this.#output) || QUESTION.test(this.#output), {
      what: `the terminal shows ${pattern}`,
      deadlineMs: START_DEADLINE_MS,
    });
    assertMatch(this.#output, pattern);
  }

  /** Types `keys`. */
  async type(keys: string): Promise<void> {
    const writer = this.#script.stdin.getWriter();
    await writer.write(new TextEncoder().encode(keys));
    writer.releaseLock();
  }

  /** Ends the program by SIGTERM and returns its exit code. */
  async stop(): Promise<number> {
    Deno.kill(this.#pid(), "SIGTERM");
    const { code } = await withDeadline(this.#ended, "the program ends");
    return code;
  }

  /** Waits for the program's own end and returns its exit code. */
  async end(): Promise<number> {
    const { code } = await withDeadline(this.#ended, "the program ends");
    await this.#reading;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#script.kill("SIGKILL");
      Deno.kill(this.#pid(), "SIGKILL");
    } catch {
      // Both have ended already.
    }
    await this.#ended;
    await this.#script.stdin.abort().catch(() => {});
    await this.#reading;
  }

  #pid(): number {
    return Number(/pid=(\d+)/.exec(this.#output)![1]);
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#script.stdout) {
      this.#output += decoder.decode(bytes, { stream: true });
    }
  }
}
