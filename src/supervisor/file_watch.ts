/**
 * Tells when a file may have changed, by whatever way it is saved: written in place, replaced by renaming another, or
 * by swapping a symlink above it, as Kubernetes does with ConfigMaps. So the folder is watched, not the file.
 *
 * @module
 */

/** How long nothing may happen before the file is looked at: savers do several things in a row. Milliseconds. */
export const SETTLE_MS = 200;
/**
 * How long after the first thing that happened the file is looked at although there is no rest: where something else in
 * its folder is written all the time, such as a log, there never is. Milliseconds.
 */
export const SETTLE_MAX_MS = 2_000;

/** A watch of one file's folder. */
export class FileWatch {
  readonly #watcher: Deno.FsWatcher;
  readonly #changed: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the first thing happened since the file was looked at; -1: nothing did. */
  #sinceMs = -1;

  /**
   * @param changed Called when something happened in the file's folder and settled.
   * @throws {Error} If the folder cannot be watched.
   */
  constructor(path: string, changed: () => void) {
    this.#changed = changed;
    this.#watcher = Deno.watchFs(folderOf(path), { recursive: false });
    this.#watch();
  }

  /** Ends it. */
  close(): void {
    clearTimeout(this.#timer);
    this.#watcher.close();
  }

  async #watch(): Promise<void> {
    for await (const _event of this.#watcher) {
      const nowMs = performance.now();
      if (this.#sinceMs < 0) this.#sinceMs = nowMs;
      else if (nowMs - this.#sinceMs >= SETTLE_MAX_MS - SETTLE_MS) continue;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#look(), SETTLE_MS);
    }
  }

  #look(): void {
    this.#sinceMs = -1;
    this.#changed();
  }
}

/** The folder of a path. */
export function folderOf(path: string): string {
  const at = path.lastIndexOf("/");
  return at < 0 ? "." : path.slice(0, Math.max(1, at));
}
