/**
 * Tests that fail if a timer or an asynchronous operation is left behind: Deno 2.9 looks for that
 * only where it is asked to.
 *
 * @module
 */

/** What is looked for besides. */
export interface SanitizedOptions {
  /** Whether Deno's resources have to be closed; a C library that was loaded is one, for good. */
  sanitizeResources?: boolean;
}

/** Registers a test. */
export function sanitizedTest(
  name: string,
  run: () => void | Promise<void>,
  { sanitizeResources = false }: SanitizedOptions = {},
): void {
  Deno.test({ name, fn: run, sanitizeOps: true, sanitizeResources });
}
