/**
 * The I/O engine that tests on real sockets run: Deno's, or what the environment variable ASTER_TEST_IO says.
 *
 * @module
 */
import type { Clock } from "../../../src/clock.ts";
import type { IoChoice, RuntimeConfig } from "../../../src/config/config.ts";
import { createEngine } from "../../../src/net/create_engine.ts";
import type { IoEngine } from "../../../src/net/io_engine.ts";
import { chooseIo } from "../../../src/supervisor/io_choice.ts";

/** Name of the environment variable. */
export const TEST_IO_VARIABLE = "ASTER_TEST_IO";

/** Name of the engine under test. */
export function testIo(): RuntimeConfig["io"] {
  const name = Deno.env.get(TEST_IO_VARIABLE) ?? "deno";
  if (name === "deno" || name === "epoll") return name;
  throw new Error(`${TEST_IO_VARIABLE} names no engine: "${name}"`);
}

/** The engine under test, and what it needs. */
export function testIoChoice(): IoChoice {
  return chooseIo(testIo());
}

/** A new engine; close it when the test is over. */
export function createTestEngine(clock: Clock): IoEngine {
  return createEngine(testIoChoice(), clock);
}
