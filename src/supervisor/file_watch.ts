/**
 * Tells when files may have changed, by whatever way they are saved: written in place, replaced by renaming others, or
 * by swapping a symlink on the way to them, as Kubernetes does with ConfigMaps. So folders are watched, not files: those
 * that the files stand in, and those of the symlinks that lead there.
 *
 * @module
 */

/** How long nothing may happen before the files are looked at: savers do several things in a row. Milliseconds. */
export const SETTLE_MS = 200;
/**
 * How long after the first thing that happened the files are looked at although there is no rest: where something else
 * in their folders is written all the time, such as a log, there never is. Milliseconds.
 */
export const SETTLE_MAX_MS = 2_000;
/** Symlinks that are followed on the way to one file, as many as Linux follows. */
const LINKS_MAX = 40;

/** A watch of files in one folder, and of wherever they stand. */
export class FileWatch {
  readonly #paths: readonly string[];
  readonly #changed: () => void;
  /** By folder. */
  readonly #watchers: Map<string, Deno.FsWatcher> = new Map();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the first thing happened since the files were looked at; -1: nothing did. */
  #sinceMs = -1;
  #isClosed = false;

  /**
   * @param paths Of one folder.
   * @param changed Called when something happened where the files are and settled.
   * @throws {Error} If the folder cannot be watched.
   */
  constructor(paths: readonly [string, ...string[]], changed: () => void) {
    this.#paths = paths;
    this.#changed = changed;
    this.#watch(folderOf(paths[0]));
    this.#follow();
  }

  /** Ends it. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string): void {
    const watcher = Deno.watchFs(folder, { recursive: false });
    this.#watchers.set(folder, watcher);
    this.#listen(watcher);
  }

  /** Watches the folders that the files lead to now, and of others no more than their own. */
  #follow(): void {
    const own = folderOf(this.#paths[0]!);
    const wanted = new Set([own, ...this.#paths.flatMap(foldersOnTheWay)]);
    for (const [folder, watcher] of this.#watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of wanted) {
      if (this.#watchers.has(folder)) continue;
      try {
        this.#watch(folder);
      } catch {
        // It went away just now, or there are no more watches: what happens in the file's own folder is noticed.
      }
    }
  }

  async #listen(watcher: Deno.FsWatcher): Promise<void> {
    for await (const _event of watcher) {
      // It may have come already when the watch was closed.
      if (this.#isClosed) return;
      const nowMs = performance.now();
      if (this.#sinceMs < 0) this.#sinceMs = nowMs;
      else if (nowMs - this.#sinceMs >= SETTLE_MAX_MS - SETTLE_MS) continue;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#look(), SETTLE_MS);
    }
  }

  #look(): void {
    this.#sinceMs = -1;
    // First: what changes from now on in another place is to be noticed.
    this.#follow();
    this.#changed();
  }
}

/** The folder of a path. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "." : path.slice(0, Math.max(1, at));
}

/** Folders of the symlinks on the way to a file, and of the file itself, as far as they may be read. */
function foldersOnTheWay(path: string): string[] {
  const folders: string[] = [];
  const isAbsolute = path.startsWith("/");
  let at = isAbsolute ? "/" : ".";
  let rest = path.split("/");
  for (let links = 0; rest.length > 0;) {
    const [name, ...behind] = rest as [string, ...string[]];
    rest = behind;
    if (name === "" || name === ".") continue;
    const here = at === "/" ? `/${name}` : `${at}/${name}`;
    const target = readLink(here);
    if (target === null) return folders;
    if (target === "" && behind.length > 0) {
      at = here;
      continue;
    }
    folders.push(at);
    if (target === "" || links >= LINKS_MAX) break;
    links += 1;
    if (target.startsWith("/")) at = "/";
    rest = [...target.split("/"), ...behind];
  }
  return folders;
}

/** Where a symlink leads; "" where there is something else, null where nobody can say. */
function readLink(path: string): string | null {
  // On a terminal Deno would ask.
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return null;
  try {
    return Deno.lstatSync(path).isSymlink ? Deno.readLinkSync(path) : "";
  } catch {
    return null;
  }
}
