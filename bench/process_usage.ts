/**
 * What a process has used, from Linux' `/proc`: CPU time and memory.
 *
 * @module
 */

/** Ticks of `/proc/PID/stat` in a second; fixed by Linux for all programs. */
const TICKS_PER_SECOND = 100;

/**
 * How far the two sources of CPU time may differ, in seconds, before the coarse one is believed:
 * three of its ticks (both of its sums are cut to whole ticks).
 */
const SOURCES_DIFFER_SECONDS_MAX = 0.03;
/** The same as a share of the time. */
const SOURCES_DIFFER_SHARE_MAX = 0.02;

/** CPU time that a process had used at some moment. */
export interface CpuSample {
  userTicks: number;
  systemTicks: number;
  /** Nanoseconds on a CPU, by thread. */
  runNsByThread: Map<string, number>;
}

/** CPU time between two samples, in seconds. */
export interface CpuUse {
  userSeconds: number;
  systemSeconds: number;
  /** User and system, from the finer source where it can be trusted. */
  totalSeconds: number;
  /** Whether only the source in ticks of 10 ms could be trusted. */
  isTicked: boolean;
}

/**
 * What the process with this id has used so far.
 *
 * @throws {Deno.errors.NotFound} If there is no such process.
 */
export function sampleCpu(pid: number): CpuSample {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name in parentheses may hold anything; the fields behind it start with the third.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    userTicks: Number(fields[14 - 3]),
    systemTicks: Number(fields[15 - 3]),
    runNsByThread: sampleThreads(pid),
  };
}

function sampleThreads(pid: number): Map<string, number> {
  const runNsByThread = new Map<string, number>();
  for (const { name: thread } of Deno.readDirSync(`/proc/${pid}/task`)) {
    try {
      const text = Deno.readTextFileSync(`/proc/${pid}/task/${thread}/schedstat`);
      runNsByThread.set(thread, Number(text.split(" ")[0]));
    } catch (error) {
      // The thread ended just now, or the kernel keeps no such statistics.
      if (!(error instanceof Deno.errors.NotFound) && !isNoSuchProcess(error)) throw error;
    }
  }
  return runNsByThread;
}

function isNoSuchProcess(error: unknown): boolean {
  return error instanceof Error && error.message.includes("ESRCH") ||
    error instanceof Error && error.message.includes("No such process");
}

/**
 * CPU time between two samples of one process.
 *
 * `stat` counts all threads, ended ones too, but in ticks of 10 ms; `schedstat` counts nanoseconds,
 * but only of threads that still run. The second is taken where both agree.
 */
export function cpuBetween(before: CpuSample, after: CpuSample): CpuUse {
  const userSeconds = (after.userTicks - before.userTicks) / TICKS_PER_SECOND;
  const systemSeconds = (after.systemTicks - before.systemTicks) / TICKS_PER_SECOND;
  const tickSeconds = userSeconds + systemSeconds;
  let threadSeconds = 0;
  for (const [thread, runNs] of after.runNsByThread) {
    threadSeconds += (runNs - (before.runNsByThread.get(thread) ?? 0)) / 1e9;
  }
  const agreeSeconds = SOURCES_DIFFER_SECONDS_MAX + tickSeconds * SOURCES_DIFFER_SHARE_MAX;
  const isTicked = Math.abs(threadSeconds - tickSeconds) > agreeSeconds;
  const totalSeconds = isTicked ? tickSeconds : threadSeconds;
  return { userSeconds, systemSeconds, totalSeconds, isTicked };
}

/** Memory of a process that is in RAM now, in bytes. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, "VmRSS");
}

/** Most memory that a process had in RAM since its start or {@link resetPeakResident}, in bytes. */
export function peakResidentBytes(pid: number): number {
  return statusBytes(pid, "VmHWM");
}

/** Lets {@link peakResidentBytes} start again from what is in RAM now. */
export function resetPeakResident(pid: number): void {
  Deno.writeTextFileSync(`/proc/${pid}/clear_refs`, "5");
}

function statusBytes(pid: number, field: string): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/status`);
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  if (kibibytes === undefined) throw new Error(`Process ${pid} has no ${field}`);
  return Number(kibibytes) * 1024;
}

/** How many files a process may have open: now, or with its soft limit raised to the hard one. */
export function openFilesMax(pid: number | "self", limit: "soft" | "hard" = "soft"): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/limits`);
  const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(text) ?? [];
  const value = limit === "soft" ? soft : hard;
  return value === undefined || value === "unlimited" ? Infinity : Number(value);
}

/**
 * How many files a process has open.
 *
 * @throws {Deno.errors.NotFound} If there is no such process.
 */
export function openFileCount(pid: number): number {
  const directory = `/proc/${pid}/fd`;
  // The size is their number since Linux 6.2, and 0 before.
  const { size } = Deno.statSync(directory);
  return size > 0 ? size : [...Deno.readDirSync(directory)].length;
}
