/**
 * What a shape of requests is.
 *
 * @module
 */

/** How two replies to one request are compared. */
export type Comparison = "exact" | "sorted" | "shape" | "near";

/** One form of a command. */
export interface Shape {
  readonly text: string;
  readonly comparison: Comparison;
  /** Why the replies are not compared byte by byte. */
  readonly reason: string;
}

/** Forms whose replies are compared byte by byte. */
export const exact = (text: string): Shape[] =>
  text.trim().split("\n").map((line) => ({
    text: line.trim(),
    comparison: "exact" as const,
    reason: "",
  }));

/** Forms whose replies are compared less strictly, and why. */
export const other = (comparison: Comparison, reason: string, text: string): Shape[] =>
  exact(text).map((shape) => ({ ...shape, comparison, reason }));
