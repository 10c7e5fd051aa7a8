/**
 * Clients' requests by what their command may do: a session counts one of the kinds in place of the sum, so that telling
 * them apart costs no addition.
 *
 * @module
 */

/** The kinds, by their number. Of the first three it is the two lowest of a command's flags, Read and Write. */
export const REQUEST_KINDS = ["other", "read", "write", "invalid"] as const;

/** Number of the kind of commands that read. */
export const READ_KIND = 1;
/** Number of the kind of commands that may write. */
export const WRITE_KIND = 2;

/** Number of the kind of what no command has the name of. */
export const INVALID_KIND = 3;

/** The bits of a command's flags that are the number of its kind. */
export const KIND_BITS = 3;

/** The number of the kind of a request; `row` is its command's, null where there is none. */
export function kindOf(row: { readonly flags: number } | null): number {
  return row === null ? INVALID_KIND : row.flags & KIND_BITS;
}
