/**
 * The categories of commands in access control lists.
 *
 * @module
 */

/** All categories, in the order of Redis's replies. */
export const CATEGORIES: readonly string[] = (
  "@keyspace @read @write @set @sortedset @list @hash @string @bitmap @hyperloglog @geo @stream " +
  "@pubsub @admin @fast @slow @blocking @dangerous @connection @transaction @scripting"
).split(" ");

/**
 * The categories of a command.
 *
 * @param named Those that it has by name, with spaces between.
 * @param flags Its flags, from which the others follow.
 */
export function categoriesOf(named: string, flags: readonly string[]): string[] {
  const has = new Set(named.split(" "));
  if (flags.includes("write")) has.add("@write");
  if (flags.includes("readonly") && !has.has("@scripting")) has.add("@read");
  if (flags.includes("admin")) has.add("@admin").add("@dangerous");
  if (flags.includes("pubsub")) has.add("@pubsub");
  if (flags.includes("blocking")) has.add("@blocking");
  has.add(flags.includes("fast") ? "@fast" : "@slow");
  return CATEGORIES.filter((category) => has.has(category));
}
