/**
 * Which engine runs: the only place that names them.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { IoChoice } from "../config/config.ts";
import { DenoEngine } from "./deno/deno_engine.ts";
import { EpollEngine } from "./epoll/epoll_engine.ts";
import type { IoEngine } from "./io_engine.ts";

/**
 * Makes the engine of one worker.
 *
 * @param descriptorMemory Where what the thread has open is noted for others, if it has numbers; null: nowhere.
 * @throws {Error} If this thread may not or cannot use what the engine needs.
 */
export function createEngine(
  choice: IoChoice,
  clock: Clock,
  descriptorMemory: SharedArrayBuffer | null = null,
): IoEngine {
  return choice.engine === "epoll"
    ? new EpollEngine(choice.libcPath, clock, choice.libsslPath ?? null, descriptorMemory)
    : new DenoEngine(clock);
}
