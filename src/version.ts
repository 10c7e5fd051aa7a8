/**
 * The version of the proxy, from the one place that states it.
 *
 * @module
 */
import manifest from "../deno.json" with { type: "json" };

/** Version as `major.minor.patch`. */
export const VERSION: string = manifest.version;
