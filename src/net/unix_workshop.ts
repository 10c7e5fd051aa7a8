/**
 * How the socket of a listener at a file comes into its place. It is made in a directory that nobody else may enter,
 * gets its mode there, and is moved when it is to be found: nobody connects before its mode is right, and whatever was
 * there before, a socket that a process has left or one that another still listens by, is replaced in one step. The
 * directory is also what keeps two processes from replacing or removing one file at the same time: only one can make it.
 *
 * @module
 */

/** Longest wait for another process that is at the same file, milliseconds: mostly it needs less than one. */
export const WORKSHOP_WAIT_MS = 200;

/** The directory, by the means of an engine. */
export interface Workshop {
  /**
   * Makes it, for this user alone.
   *
   * @returns False where it is there already.
   * @throws {Error} If it cannot be made.
   */
  make(): boolean;
  /** Whether the process that made the one that is there is gone. */
  isAbandoned(): boolean;
  /** Removes it and what is left in it. */
  clear(): void;
}

/**
 * Makes the workshop; whoever made it clears it.
 *
 * @throws {Error} If it cannot be made, or another process is in it.
 */
export function enterWorkshop(workshop: Workshop): void {
  const endMs = performance.now() + WORKSHOP_WAIT_MS;
  for (;;) {
    if (workshop.make()) return;
    if (performance.now() >= endMs) break;
    pause();
  }
  if (workshop.isAbandoned()) workshop.clear();
  if (!workshop.make()) throw new Error("another process is about to listen there");
}

/** Works in the workshop; where another process has it, nothing is done: it is about to replace the file anyway. */
export function workIfFree(workshop: Workshop, work: () => void): void {
  if (!workshop.make()) return;
  try {
    work();
  } finally {
    workshop.clear();
  }
}

/** Stands still for a millisecond. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
