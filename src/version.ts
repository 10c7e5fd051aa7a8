/**
 * The version of the proxy. Workers show it too and may read nothing but `src/`, so it is written here and not
 * read from `deno.json`; a test holds the two together.
 *
 * @module
 */

/** Version as `major.minor.patch`. */
export const VERSION = "0.1.0";
