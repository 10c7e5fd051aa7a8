/**
 * aster: a cache proxy for Redis, Redis Cluster and memcached. Run it with
 * `deno run -A mod.ts default.toml`, or embed it with {@link start}.
 *
 * @module
 */
import { main } from "./src/cli.ts";

export { parseConfig, start } from "./src/embed.ts";
export { StartError } from "./src/supervisor/start_error.ts";
export { IoUnavailable } from "./src/supervisor/io_choice.ts";
export type { RunningProxy } from "./src/supervisor/proxy.ts";
export type * from "./src/config/config.ts";
export type * from "./src/endpoint.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
