/**
 * Why the proxy could not start.
 *
 * @module
 */

/** Reasons that the operator can act on; the message is all of them. */
export class StartError extends Error {
  override name = "StartError";
  /** One for each problem. */
  readonly reasons: readonly string[];

  constructor(...reasons: string[]) {
    super(reasons.join("\n"));
    this.reasons = reasons;
  }
}
