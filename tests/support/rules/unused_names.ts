/**
 * Which rows of a table nothing uses: a key of the configuration that is read by nobody has no effect, and a counter that
 * nobody raises stays 0. Neither the type check nor a test of the table can tell.
 *
 * @module
 */
import { type SourceFile, withoutComments } from "./repository.ts";

/** The names of `names` that no file of `src/` has but those that `tables` matches. */
export function findUnusedNames(
  files: readonly SourceFile[],
  names: Iterable<string>,
  tables: RegExp,
): string[] {
  const users = files.filter(({ path }) => /^src\/.*\.ts$/.test(path) && !tables.test(path));
  const used = new Set(users.flatMap(({ text }) => withoutComments(text).match(/\w+/g) ?? []));
  return [...names].filter((name) => !used.has(name));
}
