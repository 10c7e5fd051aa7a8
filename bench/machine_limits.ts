/**
 * What a machine allows: rows that need more are left out, with the reason, instead of failing half
 * way or taking all memory.
 *
 * @module
 */
import { openFilesMax } from "./process_usage.ts";
import { CLIENTS, type Row } from "./rows.ts";

/** What the machine allows at some moment. */
export interface MachineLimits {
  /** Files that a process may open at most, its soft limit raised. */
  openFiles: number;
  /** Memory that is free or can be made so, in bytes. */
  availableBytes: number;
}

/** Files that a proxy or a generator needs beside the clients' connections. */
const OTHER_FILES = 240;

/** Files that the processes of a run may open: enough for the row with the most clients. */
const OPEN_FILES = 10_000 + OTHER_FILES;

/** nutcracker's buffers, in bytes; its own default, said aloud. */
export const NUTCRACKER_MBUF_BYTES = 16_384;

/** Share of the available memory that requests in flight may take. */
const MEMORY_SHARE_MAX = 0.6;

/** Raises the soft limit as far as wanted or allowed, and becomes the program. */
const RAISING_SCRIPT = 'limit="$(ulimit -S -n)"; ' +
  'if [ "$limit" != unlimited ] && [ "$limit" -lt "$1" ]; then ' +
  'ulimit -S -n "$1" 2>/dev/null || ulimit -S -n "$(ulimit -H -n)"; fi; shift; exec "$@"';

/** Runs a program with enough open files: command and arguments. The process id stays. */
export function raisingOpenFiles(command: string, args: readonly string[]): [string, string[]] {
  return ["/bin/sh", ["-c", RAISING_SCRIPT, "sh", String(OPEN_FILES), command, ...args]];
}

/** What this machine allows now. */
export function machineLimits(): MachineLimits {
  const text = Deno.readTextFileSync("/proc/meminfo");
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return {
    openFiles: openFilesMax("self", "hard"),
    availableBytes: kibibytes === undefined ? Infinity : Number(kibibytes) * 1024,
  };
}

/** Why a row cannot be measured, or null if it can. */
export function whyImpossible(row: Row, limits: MachineLimits): string | null {
  if (row.clients <= CLIENTS) return null;
  const files = row.clients + OTHER_FILES;
  if (limits.openFiles < files) {
    return `${files} open files are needed, the hard limit is ${limits.openFiles}`;
  }
  const bytes = inFlightBytes(row);
  if (bytes > limits.availableBytes * MEMORY_SHARE_MAX) {
    return `requests in flight may take ${gigabytes(bytes)}, more than ` +
      `${MEMORY_SHARE_MAX} of the ${gigabytes(limits.availableBytes)} available`;
  }
  return null;
}

/**
 * Memory for all requests that can be in flight: nutcracker keeps each in a buffer of its own and
 * so each reply, and a backend keeps the replies that it cannot send yet.
 */
function inFlightBytes({ clients, pipeline, valueBytes }: Row): number {
  const replyBytes = Math.ceil((valueBytes + 1) / NUTCRACKER_MBUF_BYTES) * NUTCRACKER_MBUF_BYTES;
  return clients * pipeline * (NUTCRACKER_MBUF_BYTES + replyBytes + valueBytes);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
