/**
 * Versions of servers, compared part by part.
 *
 * @module
 */

/** The least of versions such as `7.0.15`, or null if there is none. */
export function leastVersion(versions: Iterable<string>): string | null {
  const sorted = [...versions].sort((one, other) => {
    const [left, right] = [one, other].map((version) => version.split(".").map(Number));
    const index = left!.findIndex((part, at) => part !== (right![at] ?? 0));
    return index < 0 ? left!.length - right!.length : left![index]! - (right![index] ?? 0);
  });
  return sorted[0] ?? null;
}
