/**
 * What must hold of an object between two turns. Tests ask behind every step, or every turn, of the objects that were
 * used in it; nothing asks in production.
 *
 * @module
 */

/** Most entries of a list that a report of a broken invariant shows. */
export const SHOWN_MAX = 20;

/** Throws an error that names what does not hold. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`Invariant broken: ${what}`);
}

/** The name that a value has among the states of an object; the value itself where it has none. */
export function nameOf(states: Record<string, number>, value: number): string {
  const found = Object.keys(states).find((name) => states[name] === value);
  return found ?? String(value);
}
