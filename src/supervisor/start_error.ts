/**
 * Why the proxy could not start.
 *
 * @module
 */

/** A reason that the operator can act on; its message says all, one line for each problem. */
export class StartError extends Error {
  override name = "StartError";
}
