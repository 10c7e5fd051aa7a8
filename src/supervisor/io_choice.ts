/**
 * What the wanted I/O engine needs of this machine and of Deno's permissions, found out before anything starts:
 * there is never another engine than the one that was asked for.
 *
 * @module
 */
import type { IoChoice, RuntimeConfig } from "../config/config.ts";
import { libcCandidates, openLibc, supportedArchitectures } from "../net/epoll/libc.ts";
import { libsslCandidates, openLibssl } from "../net/epoll/libssl.ts";

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

/** A library that the engine on epoll loads. */
interface Library {
  /** As messages name it. */
  readonly name: string;
  candidates(machine: Machine): string[];
  /** @throws {Error} If it is not there, or not as it should be. */
  open(path: string): unknown;
}

const libc: Library = {
  name: "the C library",
  candidates: ({ architecture, environment }) => libcCandidates(architecture, environment),
  open: openLibc,
};

const libssl: Library = {
  name: "OpenSSL (libssl 1.1.1 or 3)",
  candidates: ({ architecture, environment }) => libsslCandidates(architecture, environment),
  open: openLibssl,
};

/**
 * Returns what workers have to be told to run `engine`.
 *
 * @param speaksTls Whether any cluster speaks TLS.
 * @throws {IoUnavailable} If it cannot run.
 */
export function chooseIo(
  engine: RuntimeConfig["io"],
  machine: Machine = thisMachine,
  speaksTls = false,
): IoChoice {
  if (engine === "deno") return { engine };
  checkMachine(machine);
  const libcPath = requireLibrary(libc, 'io = "epoll"', machine);
  if (speaksTls) {
    const libsslPath = requireLibrary(libssl, 'TLS with io = "epoll"', machine);
    return { engine, libcPath, libsslPath };
  }
  // A reload may ask for it.
  const libsslPath = libssl.candidates(machine).find((path) =>
    isLibraryGranted(path) && isFile(path)
  );
  return libsslPath === undefined ? { engine, libcPath } : { engine, libcPath, libsslPath };
}

/** The C library's path as far as files show it, else where most systems have it. */
export function likelyLibc(machine: Machine = thisMachine): string {
  return findLibc(machine) ?? libc.candidates(machine)[0]!;
}

/** The C library's path as far as files show it, or null. */
export function findLibc(machine: Machine = thisMachine): string | null {
  return libc.candidates(machine).find(isFile) ?? null;
}

/** OpenSSL's path as far as files show it, else where most systems have it. */
export function likelyLibssl(machine: Machine = thisMachine): string {
  return findLibssl(machine) ?? libssl.candidates(machine)[0]!;
}

/** OpenSSL's path as far as files show it, or null. */
export function findLibssl(machine: Machine = thisMachine): string | null {
  return libssl.candidates(machine).find(isFile) ?? null;
}

function requireLibrary(library: Library, what: string, machine: Machine): string {
  const candidates = library.candidates(machine);
  const granted = candidates.filter(isLibraryGranted);
  if (granted.length === 0) {
    const path = candidates.find(isFile) ?? candidates[0]!;
    throw new IoUnavailable(
      `${what} needs FFI permission for ${library.name}: --allow-ffi=${path}`,
    );
  }
  const found = granted.find((path) => canOpen(library, path));
  if (found !== undefined) return found;
  const name = library.name.replace(/^the /, "");
  throw new IoUnavailable(`${what} finds no ${name} among ${granted.join(", ")}`);
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

function isLibraryGranted(path: string): boolean {
  return Deno.permissions.querySync({ name: "ffi", path }).state === "granted";
}

function canOpen(library: Library, path: string): boolean {
  try {
    library.open(path);
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
