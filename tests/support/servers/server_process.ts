/**
 * One child process that a test starts and ends: its output goes to a file (so that a server never waits for
 * a reader), it is ended by its process id, and its directory goes with it.
 *
 * @module
 */
import { PortTaken } from "../tools/free_port.ts";
import { delay, until, withDeadline } from "../tools/poll.ts";

/** How long a process may take to serve on a busy machine, in milliseconds. */
const START_DEADLINE_MS = 30_000;
/** How long a process may take to end after SIGTERM, in milliseconds, before SIGKILL. */
const STOP_DEADLINE_MS = 10_000;

/** A clock tick of Linux, in which processor time is told, milliseconds. */
export const TICK_MS = 10;
/** Looks in a row that find a process at rest, and the time from one to the next, milliseconds. */
const LOOKS_AT_REST = 3;
const LOOK_MS = 10;

const OUTPUT_FILE = "output.log";
const PORT_TAKEN_TEXT = /address already in use|address in use|EADDRINUSE/i;

/** What to run. */
export interface ServerProcessOptions {
  /** Name of the server in error messages. */
  name: string;
  /** Program, by name or path. */
  command: string;
  arguments: string[];
  /** Working directory; the process's own temporary directory if left out. */
  workingDirectory?: string;
  /** Added to the environment. */
  environment?: Record<string, string>;
  /** Says whether the server can be used; asked until it says yes. What it throws counts as no. */
  isServing: (process: ServerProcess) => Promise<boolean>;
  /** Milliseconds within which the server must serve; {@link START_DEADLINE_MS} if left out. */
  startDeadlineMs?: number;
}

const living = new Set<ServerProcess>();
let isClosed = false;
let isDetached = false;

/** From now on servers are not reached by the signals of the terminal (Ctrl-C), only by their own id. */
export function detachServers(): void {
  isDetached = true;
}

/** Kills every server that this program started, those that are still starting too; no new one starts. */
export function endAllServers(): void {
  isClosed = true;
  for (const process of living) process.signal("SIGKILL");
}

/** A new temporary directory for a server. */
export function makeServerDirectory(): Promise<string> {
  return Deno.makeTempDir({ prefix: "aster-test-" });
}

/** A running child process. */
export class ServerProcess implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Its temporary directory. */
  readonly directory: string;
  /** Settles when the process has ended. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** How it ended, or null while it runs. */
  status: Deno.CommandStatus | null = null;
  readonly #child: Deno.ChildProcess;

  private constructor(options: ServerProcessOptions, directory: string) {
    this.name = options.name;
    this.directory = directory;
    // The shell opens the file and then becomes the program: the process id stays.
    this.#child = new Deno.Command("/bin/sh", {
      args: [
        "-c",
        'log="$1"; shift; exec "$@" >>"$log" 2>&1',
        "sh",
        `${directory}/${OUTPUT_FILE}`,
        options.command,
        ...options.arguments,
      ],
      cwd: options.workingDirectory ?? directory,
      ...(options.environment === undefined ? {} : { env: options.environment }),
      stdin: "null",
      stdout: "null",
      stderr: "null",
      detached: isDetached,
    }).spawn();
    this.pid = this.#child.pid;
    living.add(this);
    this.ended = this.#child.status.then((status) => {
      living.delete(this);
      this.status = status;
      return status;
    });
  }

  /**
   * Starts a process in `directory` and waits until it serves. If it fails, the process is gone and the
   * directory stays.
   *
   * @throws {PortTaken} If the process ended saying that its address is in use.
   * @throws {Error} If it ended or did not serve in time; the text holds what it printed.
   */
  static async start(options: ServerProcessOptions, directory: string): Promise<ServerProcess> {
    if (isClosed) throw new Error(`${options.name} does not start: everything ends`);
    const process = new ServerProcess(options, directory);
    try {
      await until(() => process.#servesOrEnded(options), {
        what: `${options.name} serves`,
        deadlineMs: options.startDeadlineMs ?? START_DEADLINE_MS,
      });
    } catch (error) {
      await process.kill();
      throw new Error(`${options.name} did not start; it printed:\n${process.output()}`, {
        cause: error,
      });
    }
    if (process.status === null) return process;
    const output = process.output();
    if (PORT_TAKEN_TEXT.test(output)) throw new PortTaken(`${options.name}: ${output}`);
    throw new Error(
      `${options.name} ended with code ${process.status.code}; it printed:\n${output}`,
    );
  }

  async #servesOrEnded(options: ServerProcessOptions): Promise<boolean> {
    if (this.status !== null) return true;
    try {
      return await options.isServing(this);
    } catch {
      return false;
    }
  }

  /** All that the process wrote to its standard output and error, so far. */
  output(): string {
    try {
      return Deno.readTextFileSync(`${this.directory}/${OUTPUT_FILE}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }

  /** Sends a signal; nothing happens if the process has ended. */
  signal(signal: Deno.Signal): void {
    if (this.status !== null) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Ends the process at once and waits for its end. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }

  /**
   * Asks the process to end (SIGTERM), and ends it by SIGKILL if it is not gone in time.
   *
   * @returns How it ended.
   */
  async stop(deadlineMs: number = STOP_DEADLINE_MS): Promise<Deno.CommandStatus> {
    this.signal("SIGTERM");
    this.signal("SIGCONT");
    try {
      return await withDeadline(this.ended, `${this.name} ends`, deadlineMs);
    } catch {
      this.signal("SIGKILL");
      return await this.ended;
    }
  }

  /** Stops the process (SIGSTOP): its connections stay open and nothing is answered. */
  async pause(): Promise<void> {
    this.signal("SIGSTOP");
    await until(() => processState(this.pid) === "T", { what: `${this.name} is stopped` });
  }

  /** Lets a paused process go on. */
  resume(): void {
    this.signal("SIGCONT");
  }

  /** Waits until the process has had some processor time, milliseconds, or has nothing to do; it may end, too. */
  async worked(leastMs: number): Promise<void> {
    const endTicks = usedTicks(this.pid) + leastMs / TICK_MS;
    let looksAtRest = 0;
    while (looksAtRest < LOOKS_AT_REST && usedTicks(this.pid) < endTicks) {
      await delay(LOOK_MS);
      looksAtRest = isAtRest(this.pid) ? looksAtRest + 1 : 0;
    }
  }

  /** Ends the process if it still runs and removes its directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await removeServerDirectory(this.directory);
  }
}

/** Removes a server's directory; one that is gone already is fine. */
export async function removeServerDirectory(directory: string): Promise<void> {
  const attempts = 5;
  for (let attempt = 1;; attempt++) {
    try {
      return await Deno.remove(directory, { recursive: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      if (attempt === attempts) throw error;
      await delay(20);
    }
  }
}

function processState(pid: number): string {
  return statFields(pid)[0]!;
}

/** The fields of `/proc/PID/stat` behind the program's name: the first is the state. */
function statFields(pid: number): string[] {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Clock ticks that a process has used; no end of them where it is gone. */
function usedTicks(pid: number): number {
  try {
    const { user, system } = cpuTicks(pid);
    return user + system;
  } catch {
    return Infinity;
  }
}

/** Whether none of its threads runs, or waits for a processor. */
function isAtRest(pid: number): boolean {
  try {
    const threads = [...Deno.readDirSync(`/proc/${pid}/task`)];
    return threads.every(({ name }) => processState(Number(name)) !== "R");
  } catch {
    // A thread, or the whole, has ended meanwhile.
    return false;
  }
}

/** CPU time that a process has used, in clock ticks (100 a second on Linux), user and system. */
export function cpuTicks(pid: number): { user: number; system: number } {
  const fields = statFields(pid);
  return { user: Number(fields[11]), system: Number(fields[12]) };
}

/** Memory of a process that is in RAM now, in bytes. */
export function residentBytes(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/status`);
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  if (kilobytes === undefined) throw new Error(`Process ${pid} has no VmRSS`);
  return Number(kilobytes) * 1024;
}
