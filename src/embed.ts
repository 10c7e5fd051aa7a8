/**
 * The proxy inside another program.
 *
 * @module
 */
import type { Config } from "./config/config.ts";
import { readEnvironment } from "./config/environment.ts";
import { formatProblem, loadConfig } from "./config/load.ts";
import { NO_FLAGS } from "./config/runtime.ts";
import { speaksTls } from "./config/tls.ts";
import { chooseAdvertisedAddress, grantedInterfaces } from "./supervisor/advertised_address.ts";
import { chooseIo } from "./supervisor/io_choice.ts";
import { openLibraryLog } from "./supervisor/log_output.ts";
import { type RunningProxy, startProxy } from "./supervisor/proxy.ts";

/**
 * Reads and checks a configuration.
 *
 * @param text TOML, as in a configuration file.
 * @returns The configuration with its defaults filled in.
 * @throws {TypeError} With everything that is wrong with it, one line each.
 */
export function parseConfig(text: string): Config {
  const { config, problems } = loadConfig(text, "configuration", {
    environment: readEnvironment(),
    platform: Deno.build.os,
    isTerminal: (output) => Deno[output].isTerminal(),
    isStrict: false,
    flags: NO_FLAGS,
  });
  if (config === null) throw new TypeError(problems.map(formatProblem).join("\n"));
  return config;
}

/**
 * Starts every cluster of `config` in one worker of this program and waits until it serves.
 *
 * It needs no unstable feature of Deno: it does not share its ports, whatever `thread` says there is one
 * worker, and that worker has this program's permissions. Its log goes to the category `aster` of LogTape,
 * which the embedding program configures; signals are left to it as well.
 *
 * @example Usage
 * ```ts
 * import { parseConfig, start } from "@aster/proxy";
 *
 * const proxy = await start(parseConfig(`
 *   [runtime]
 *   metrics = "off"
 *
 *   [[clusters]]
 *   name = "cache"
 *   listen_addr = "127.0.0.1:26379"
 *   cache_type = "redis"
 *   servers = ["127.0.0.1:6379"]
 * `));
 * console.log(await proxy.metrics());
 * await proxy.stop();
 * ```
 *
 * @throws {IoUnavailable} If the I/O engine that it asks for cannot run here.
 * @throws {StartError} If it cannot run; nothing is left open.
 */
export async function start(config: Config): Promise<RunningProxy> {
  return await startProxy({
    config,
    io: chooseIo(config.runtime.io, undefined, speaksTls(config)),
    output: openLibraryLog(config.runtime.logLevel),
    advertisedAddress: chooseAdvertisedAddress({
      flag: null,
      host: readEnvironment().HOST,
      interfaces: grantedInterfaces,
    }),
    isStandalone: false,
    isTakeover: false,
  });
}
