/**
 * Memory and CPU of the process, from calls that need no permission.
 *
 * @module
 */
import process from "node:process";

/** Shortest time, in milliseconds, over which CPU use is averaged; scrapes in between see the same figure. */
const SAMPLE_MS_MIN = 1_000;

/** Resident memory of all threads together, in bytes. */
export function residentBytes(): number {
  return Deno.memoryUsage().rss;
}

/** Averages the CPU use of the process between scrapes. */
export class CpuMeter {
  #cpuUs = 0;
  #atMs = 0;
  #percent = 0;
  readonly #cpuNow: () => number;
  readonly #nowMs: () => number;

  /**
   * @param cpuNow CPU time used so far, in microseconds.
   * @param nowMs Milliseconds on any scale that does not go back.
   */
  constructor(cpuNow: () => number = processCpuUs, nowMs: () => number = () => performance.now()) {
    this.#cpuNow = cpuNow;
    this.#nowMs = nowMs;
    this.#cpuUs = cpuNow();
    this.#atMs = nowMs();
  }

  /** Returns the CPU use since the last sample, in percent of one core. */
  percent(): number {
    const nowMs = this.#nowMs();
    const elapsedMs = nowMs - this.#atMs;
    if (elapsedMs < SAMPLE_MS_MIN) return this.#percent;
    const cpuUs = this.#cpuNow();
    this.#percent = Math.round((cpuUs - this.#cpuUs) / elapsedMs) / 10;
    this.#cpuUs = cpuUs;
    this.#atMs = nowMs;
    return this.#percent;
  }
}

function processCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
