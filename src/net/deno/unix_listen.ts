/**
 * Listening at a file, on Deno's sockets.
 *
 * @module
 */
import { unixAsidePath, unixBindPath, unixWorkshop } from "../../endpoint.ts";
import { enterWorkshop, workIfFree, type Workshop } from "../unix_workshop.ts";

/** A workshop that is older was left by a process that died in it, milliseconds. */
export const WORKSHOP_STALE_MS = 10_000;
/** How often it is tried again where the file is gone: another process, which closed a socket, has removed it. */
const TRIES_MAX = 3;

/** A listener and the file that leads to it. */
export interface FileListener {
  readonly listener: Deno.UnixListener;
  /**
   * Closes it, and removes the file unless it leads to another socket by now. What cannot be removed stays: the next one
   * to listen there replaces it.
   */
  close(): void;
}

/**
 * Listens at `path`.
 *
 * @param mode Who may connect, as the bits of a file's mode: those that may write.
 * @param isAside Whether it is not to be found yet: {@link placeSocket} does the rest.
 * @throws {Error} If that is not permitted, another process is just about to do so, or a file there is no socket.
 */
export function listenAtFile(path: string, mode: number, isAside = false): FileListener {
  const workshop = workshopOf(path);
  enterWorkshop(workshop);
  let listener: Deno.UnixListener | null = null;
  try {
    if (statOf(path)?.isSocket === false) throw new Error("the file there is no socket");
    const made = tryBind(path, mode);
    listener = made.listener;
    if (!isAside) placeSocket(path);
    return { listener, close: () => closeAt(path, made) };
  } catch (error) {
    listener?.close();
    workshop.clear();
    throw error;
  }
}

/** Has the socket that was made for `path` found there from now on. */
export function placeSocket(path: string): void {
  Deno.renameSync(unixAsidePath(path), path);
  workshopOf(path).clear();
}

interface MadeSocket {
  readonly listener: Deno.UnixListener;
  readonly file: Deno.FileInfo;
}

function tryBind(path: string, mode: number): MadeSocket {
  const bindPath = unixBindPath(path);
  for (let left = TRIES_MAX;; left--) {
    const listener = Deno.listen({ transport: "unix", path: bindPath });
    try {
      Deno.chmodSync(bindPath, mode);
      Deno.renameSync(bindPath, unixAsidePath(path));
      return { listener, file: Deno.lstatSync(unixAsidePath(path)) };
    } catch (error) {
      listener.close();
      if (left === 0 || !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

function closeAt(path: string, { listener, file }: MadeSocket): void {
  const isSame = (one: Deno.FileInfo | null) => one?.ino === file.ino && one.dev === file.dev;
  const workshop = workshopOf(path);
  try {
    const isAside = isSame(statOf(unixAsidePath(path)));
    listener.close();
    if (isAside) return workshop.clear();
    workIfFree(workshop, () => {
      if (isSame(statOf(path))) Deno.removeSync(path);
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

function workshopOf(path: string): Workshop {
  const directory = unixWorkshop(path);
  return {
    make() {
      try {
        Deno.mkdirSync(directory, { mode: 0o700 });
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.AlreadyExists) return false;
        throw error;
      }
    },
    isAbandoned() {
      const madeMs = statOf(directory)?.mtime?.getTime() ?? 0;
      return Date.now() - madeMs > WORKSHOP_STALE_MS;
    },
    clear() {
      try {
        Deno.removeSync(directory, { recursive: true });
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    },
  };
}

/** What is at a path itself, links not followed; null for nothing. */
function statOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
