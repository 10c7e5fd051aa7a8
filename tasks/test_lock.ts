/**
 * The lock file of what only tests and benchmarks need. Whoever runs the proxy gets `deno.lock`, and so downloads what
 * the proxy needs and nothing else: Deno fetches every package of a lock file that it uses.
 *
 * @module
 */

/** The flag of `deno test`, `deno check` and `deno run` for code that imports `tests/deps.ts`. */
export const TEST_LOCK = "--lock=tests/deno.lock";
