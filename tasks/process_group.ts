/**
 * A command with everything that it starts, so that all of it can be ended together.
 *
 * @module
 */

/** What became of a command. */
export interface GroupResult {
  /** Standard output, then standard error. */
  output: string;
  /** Exit code; 137 or so after a signal. */
  code: number;
  isLate: boolean;
  /** Processes that were still there when the command had ended; they are ended. */
  leftBehind: string[];
  durationMs: number;
}

/** Options of {@link runGroup}. */
export interface GroupOptions {
  environment?: Record<string, string>;
  /** Milliseconds after which the group is ended. */
  deadlineMs: number;
}

const running = new Set<number>();

/** Runs a command in a process group of its own and waits for it. */
export async function runGroup(
  command: string,
  words: readonly string[],
  options: GroupOptions,
): Promise<GroupResult> {
  const startedAtMs = performance.now();
  const child = new Deno.Command(command, {
    args: [...words],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
    ...(options.environment === undefined ? {} : { env: options.environment }),
  }).spawn();
  running.add(child.pid);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    endGroup(child.pid);
  }, options.deadlineMs);
  // Whoever inherits the pipes keeps them open, so the command's end is waited for first.
  const texts = Promise.all([readText(child.stdout), readText(child.stderr)]);
  const { code } = await child.status;
  clearTimeout(timer);
  const leftBehind = isLate ? [] : membersOf(child.pid);
  endGroup(child.pid);
  running.delete(child.pid);
  const [output, errors] = await texts;
  const durationMs = performance.now() - startedAtMs;
  return { output: output + errors, code, isLate, leftBehind, durationMs };
}

/** Ends every group that runs. */
export function endAllGroups(): void {
  for (const group of running) endGroup(group);
}

function endGroup(group: number): void {
  try {
    Deno.kill(-group, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function readText(stream: ReadableStream<Uint8Array>): Promise<string> {
  return await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).text();
}

/** Command lines of the living processes of a group. Nothing where there is no /proc. */
function membersOf(group: number): string[] {
  if (Deno.build.os !== "linux") return [];
  const members: string[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name) || !isMember(name, group)) continue;
    members.push(readProcFile(name, "cmdline").replaceAll("\0", " ").trim());
  }
  return members;
}

function isMember(pid: string, group: number): boolean {
  const stat = readProcFile(pid, "stat");
  const [state, , processGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(processGroup) === group && state !== "Z";
}

/** Empty if the process is gone meanwhile. */
function readProcFile(pid: string, name: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${name}`);
  } catch {
    return "";
  }
}
