/**
 * Waiting for something that another process or another turn brings about, always with a deadline.
 *
 * @module
 */

/** How long tests wait by default before they call a wait failed, in milliseconds. */
export const DEFAULT_DEADLINE_MS = 10_000;

const DEFAULT_INTERVAL_MS = 5;

/** Options of {@link until}. */
export interface UntilOptions {
  /** What is waited for, for the error's text. */
  what: string;
  /** Milliseconds; {@link DEFAULT_DEADLINE_MS} if left out. */
  deadlineMs?: number;
  /** Milliseconds between two looks at the condition. */
  intervalMs?: number;
}

/**
 * Asks again and again until `condition` says yes.
 *
 * @throws {Error} If it still says no at the deadline. What the condition throws passes through at once.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  options: UntilOptions,
): Promise<void> {
  const deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
  const endsAtMs = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > endsAtMs) {
      throw new Error(`Waited ${deadlineMs} ms in vain: ${options.what}`);
    }
    await delay(options.intervalMs ?? DEFAULT_INTERVAL_MS);
  }
}

/**
 * The result of `promise`, if it comes in time. A promise that is late goes on by itself.
 *
 * @throws {Error} If it does not.
 */
export async function withDeadline<Result>(
  promise: Promise<Result>,
  what: string,
  deadlineMs: number = DEFAULT_DEADLINE_MS,
): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Waited ${deadlineMs} ms in vain: ${what}`)),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets `milliseconds` pass. For pacing, never to hope that something has happened meanwhile. */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
