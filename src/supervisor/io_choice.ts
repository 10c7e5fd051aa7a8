/**
 * What the wanted I/O engine needs of this machine and of Deno's permissions, found out before anything starts:
 * there is never another engine than the one that was asked for.
 *
 * @module
 */
import type { IoChoice, RuntimeConfig } from "../config/config.ts";
import { libcCandidates, openLibc, supportedArchitectures } from "../net/epoll/libc.ts";

/** The engine that was asked for cannot run here; the message says why, and what would help. */
export class IoUnavailable extends Error {
  override name = "IoUnavailable";
}

/** What decides about engines. */
export interface Machine {
  /** Deno's name of the operating system. */
  os: string;
  /** Deno's name of the processor's architecture. */
  architecture: string;
  /** Deno's name of the C library that it was built for. */
  environment?: string | undefined;
}

const thisMachine: Machine = {
  os: Deno.build.os,
  architecture: Deno.build.arch,
  environment: Deno.build.env,
};

/**
 * Returns what workers have to be told to run `engine`.
 *
 * @throws {IoUnavailable} If it cannot run.
 */
export function chooseIo(engine: RuntimeConfig["io"], machine: Machine = thisMachine): IoChoice {
  if (engine === "deno") return { engine };
  checkMachine(machine);
  const candidates = candidatesOf(machine);
  const granted = candidates.filter((path) =>
    Deno.permissions.querySync({ name: "ffi", path }).state === "granted"
  );
  if (granted.length === 0) {
    throw new IoUnavailable(
      'io = "epoll" needs FFI permission for the C library: ' +
        `--allow-ffi=${likelyLibc(machine)}`,
    );
  }
  const path = granted.find(isLibc);
  if (path !== undefined) return { engine, libcPath: path };
  throw new IoUnavailable(`io = "epoll" finds no C library among ${granted.join(", ")}`);
}

/** The C library's path as far as files show it, else where most systems have it. */
export function likelyLibc(machine: Machine = thisMachine): string {
  return findLibc(machine) ?? candidatesOf(machine)[0]!;
}

/** The C library's path as far as files show it, or null. */
export function findLibc(machine: Machine = thisMachine): string | null {
  return candidatesOf(machine).find(isFile) ?? null;
}

function checkMachine({ os, architecture }: Machine): void {
  if (os !== "linux") {
    throw new IoUnavailable(`io = "epoll" runs on Linux only, not on ${os}: use io = "deno"`);
  }
  if (!supportedArchitectures.includes(architecture)) {
    const known = supportedArchitectures.join(" and ");
    throw new IoUnavailable(`io = "epoll" runs on ${known} only, not on ${architecture}`);
  }
}

function candidatesOf({ architecture, environment }: Machine): string[] {
  return libcCandidates(architecture, environment);
}

function isLibc(path: string): boolean {
  try {
    openLibc(path);
    return true;
  } catch {
    return false;
  }
}

function isFile(path: string): boolean {
  // On a terminal Deno would ask whether it may look there.
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return false;
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
