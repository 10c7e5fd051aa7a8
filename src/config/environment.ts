/**
 * The environment variables the proxy reads, and how: a variable that may not be read, or is empty,
 * counts as not set.
 *
 * @module
 */

import { THREAD_MAXIMUM } from "./schema.ts";

/** Every variable the proxy reads, and what it means: sentences in Markdown, which `docs/configuration.md` has. */
export const environmentMeanings = {
  ASTER_CONFIG_TOML:
    "The whole configuration, as the file would have it, where the command line names no file. It " +
    "cannot change while the process runs, so a reload finds what is there already.",
  ASTER_DEFAULT_THREAD: `\`thread\` of the clusters that do not set it, 1 to ${THREAD_MAXIMUM}. ` +
    "Anything else is an error.",
  ASTER_LOG: "Log level: a level, or directives as in `RUST_LOG`. Anything else is an error.",
  RUST_LOG:
    "Read if `ASTER_LOG` is not set: `libaster=info`, `aster=debug`, or a level alone. What it " +
    "says about other programs is passed over, and it never stops the start. `off` means `error`.",
  HOST: "Advertised address. A host name, which some shells put there, counts as not set.",
} as const;

/** Name of a variable the proxy reads. */
export type EnvironmentName = keyof typeof environmentMeanings;

/** The names of all variables the proxy reads. */
export const ENVIRONMENT_NAMES = Object.keys(environmentMeanings) as readonly EnvironmentName[];

/** The variables that are set. */
export type Environment = Readonly<Partial<Record<EnvironmentName, string>>>;

/** What {@link readEnvironment} reads from. */
export interface EnvironmentSource {
  isGranted(name: EnvironmentName): boolean;
  get(name: EnvironmentName): string | undefined;
}

/** The process's own environment; asking first keeps Deno from prompting on a terminal. */
export const processEnvironment: EnvironmentSource = {
  isGranted: (name) =>
    Deno.permissions.querySync({ name: "env", variable: name }).state === "granted",
  get: (name) => Deno.env.get(name),
};

/** Reads the variables that are granted and not empty. */
export function readEnvironment(source: EnvironmentSource = processEnvironment): Environment {
  const environment: Partial<Record<EnvironmentName, string>> = {};
  for (const name of ENVIRONMENT_NAMES) {
    const value = source.isGranted(name) ? source.get(name) : undefined;
    if (value !== undefined && value !== "") environment[name] = value;
  }
  return environment;
}
