/**
 * Listening at a file, by the kernel's own calls.
 *
 * @module
 */
import { unixAsidePath, unixBindPath, unixWorkshop } from "../../endpoint.ts";
import { BACKLOG_CONNECTIONS } from "../io_engine.ts";
import { enterWorkshop, workIfFree, type Workshop } from "../unix_workshop.ts";
import {
  AF_UNIX,
  EAGAIN,
  ECONNREFUSED,
  EEXIST,
  ELOOP,
  ENOENT,
  ENXIO,
  O_CLOEXEC,
  O_NOFOLLOW,
  O_NONBLOCK,
} from "./libc.ts";
import { unixAddress } from "./socket_endpoint.ts";
import type { System } from "./system.ts";

/** Of a directory that nobody else may enter. */
const PRIVATE_MODE = 0o700;

/**
 * Listens for those who will find it at `path`; the caller closes the descriptor, and then calls
 * {@link removeSocketFile}. Nobody finds it before {@link placeSocket}.
 *
 * @param mode Who may connect, as the bits of a file's mode: those that may write.
 * @returns A descriptor that listens and never blocks.
 * @throws {Error} If that is not permitted, another process is just about to do so, or a file there is no socket.
 */
export function listenAside(system: System, path: string, mode: number): number {
  const workshop = workshopOf(system, path);
  enterWorkshop(workshop);
  let descriptor = -1;
  try {
    if (isOtherFile(system, path)) throw new Error("the file there is no socket");
    descriptor = orThrow(system, system.openSocket(AF_UNIX));
    const { libc } = system;
    const bindPath = unixBindPath(path);
    const address = unixAddress(bindPath);
    orThrow(system, system.result(libc.bind(descriptor, address, address.length)));
    orThrow(system, system.result(libc.chmod(zeroTerminated(bindPath), mode)));
    orThrow(system, system.result(libc.listen(descriptor, BACKLOG_CONNECTIONS)));
    move(system, bindPath, unixAsidePath(path));
    return descriptor;
  } catch (error) {
    if (descriptor >= 0) system.close(descriptor);
    workshop.clear();
    throw error;
  }
}

/**
 * Has the socket that was made for `path` found there from now on.
 *
 * @throws {SystemError} If it cannot be moved there.
 */
export function placeSocket(system: System, path: string): void {
  move(system, unixAsidePath(path), path);
  workshopOf(system, path).clear();
}

/** Removes the socket that was made for `path` and never found there; its descriptor is closed. */
export function clearAside(system: System, path: string): void {
  workshopOf(system, path).clear();
}

/**
 * Removes the file of a socket that nobody listens by any more. What cannot be removed stays: the next one to listen
 * there replaces it.
 */
export function removeSocketFile(system: System, path: string): void {
  try {
    const workshop = workshopOf(system, path);
    // It was never put into its place.
    if (exists(system, unixAsidePath(path)) && workshop.isAbandoned()) return workshop.clear();
    workIfFree(workshop, () => {
      if (!isServed(system, path)) system.libc.unlink(zeroTerminated(path));
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

/**
 * Whether somebody listens at `path`.
 *
 * @throws {SystemError} If that cannot be found out: this user may not connect there, for example.
 */
export function isServed(system: System, path: string): boolean {
  const descriptor = orThrow(system, system.openSocket(AF_UNIX));
  const address = unixAddress(path);
  const result = system.result(system.libc.connect(descriptor, address, address.length));
  system.close(descriptor);
  // Who has so many waiting that one more has no room is there as well.
  if (result === 0 || result === -EAGAIN) return true;
  if (result === -ECONNREFUSED || result === -ENOENT) return false;
  throw system.error(result);
}

function exists(system: System, path: string): boolean {
  const flags = O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
  return system.result(system.libc.open(zeroTerminated(path), flags)) === -ENXIO;
}

/** Whether there is a file that is no socket, or a link, which is not followed. */
function isOtherFile(system: System, path: string): boolean {
  const flags = O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC;
  // A socket cannot be opened, and that is how it is known.
  const result = system.result(system.libc.open(zeroTerminated(path), flags));
  if (result === -ENOENT || result === -ENXIO) return false;
  if (result === -ELOOP) return true;
  if (result < 0) throw system.error(result);
  system.close(result);
  return true;
}

function workshopOf(system: System, path: string): Workshop {
  const directory = zeroTerminated(unixWorkshop(path));
  const insides = [unixBindPath(path), unixAsidePath(path)].map(zeroTerminated);
  return {
    make() {
      const result = system.result(system.libc.mkdir(directory, PRIVATE_MODE));
      if (result === -EEXIST) return false;
      orThrow(system, result);
      return true;
    },
    // Whoever is in it listens already, but for a moment.
    isAbandoned: () => !isServed(system, unixAsidePath(path)),
    clear() {
      for (const inside of insides) system.libc.unlink(inside);
      system.libc.rmdir(directory);
    },
  };
}

function move(system: System, from: string, to: string): void {
  orThrow(system, system.result(system.libc.rename(zeroTerminated(from), zeroTerminated(to))));
}

function orThrow(system: System, result: number): number {
  if (result < 0) throw system.error(result);
  return result;
}

/** A path as C wants it; paths of the configuration have no zeros. */
function zeroTerminated(path: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${path}\0`);
}
