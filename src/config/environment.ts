/**
 * The environment variables the proxy reads, and how: a variable that may not be read, or is empty,
 * counts as not set.
 *
 * @module
 */

/** Every variable the proxy reads. */
export const ENVIRONMENT_NAMES = [
  "ASTER_CONFIG_TOML",
  "ASTER_DEFAULT_THREAD",
  "ASTER_LOG",
  "RUST_LOG",
  "HOST",
] as const;

/** Name of a variable the proxy reads. */
export type EnvironmentName = typeof ENVIRONMENT_NAMES[number];

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
