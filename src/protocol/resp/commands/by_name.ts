/**
 * Tables that are easiest to read the other way round: a value, and all the names that have it.
 *
 * @module
 */

/** One value and its names, with spaces or line ends between them. */
export type NamesOf<Value> = readonly [value: Value, names: string];

/**
 * The values by name.
 *
 * @throws {Error} If a name has two values: a programming error.
 */
export function byName<Value>(rows: readonly NamesOf<Value>[]): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  for (const [value, names] of rows) {
    for (const name of names.trim().split(/\s+/)) {
      if (values.has(name)) throw new Error(`Cannot build a table by names: "${name}" twice`);
      values.set(name, value);
    }
  }
  return values;
}
