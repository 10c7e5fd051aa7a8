/**
 * Loads configuration texts the way the tests want them: on Linux, at a terminal, nothing in the
 * environment, unless a test says otherwise.
 *
 * @module
 */
import type { ClusterConfig, Config } from "../../../src/config/config.ts";
import {
  formatProblem,
  loadConfig,
  type LoadOptions,
  type LoadResult,
} from "../../../src/config/load.ts";
import { NO_FLAGS } from "../../../src/config/runtime.ts";

/** Options of a load, the unusual ones given. */
export function loadOptions(overrides: Partial<LoadOptions> = {}): LoadOptions {
  return {
    environment: {},
    platform: "linux",
    isTerminal: () => true,
    isStrict: false,
    flags: NO_FLAGS,
    ...overrides,
  };
}

/** As `--check` loads: strictly, and without the secrets, which are on no machine of a test. */
export const CHECK_OPTIONS: LoadOptions = loadOptions({
  isTerminal: () => false,
  isStrict: true,
  secrets: null,
});

/** Loads a text as `a.toml`. */
export function loadText(text: string, overrides: Partial<LoadOptions> = {}): LoadResult {
  return loadConfig(text, "a.toml", loadOptions(overrides));
}

/** The configuration of a text that has to be right. */
export function configOf(text: string, overrides: Partial<LoadOptions> = {}): Config {
  const { config, problems } = loadText(text, overrides);
  if (config === null) throw new Error(problems.map(formatProblem).join("\n"));
  return config;
}

/** The first cluster of a text that has to be right. */
export function clusterOf(text: string, overrides: Partial<LoadOptions> = {}): ClusterConfig {
  return configOf(text, overrides).clusters[0]!;
}

/** The problems of a text as printed. */
export function problemsOf(text: string, overrides: Partial<LoadOptions> = {}): string[] {
  return loadText(text, overrides).problems.map(formatProblem);
}

/** The warnings of a text as printed. */
export function warningsOf(text: string, overrides: Partial<LoadOptions> = {}): string[] {
  return loadText(text, overrides).warnings.map(formatProblem);
}

/** A redis cluster entry with further lines, and other values where the lines say so. */
export function redisText(lines = "", servers = '["127.0.0.1:7011"]'): string {
  return `[[clusters]]\nname = "one"\nlisten_addr = "127.0.0.1:9001"\ncache_type = "redis"\n` +
    `servers = ${servers}\n${lines}\n`;
}

/** A redis_cluster entry with further lines. */
export function slotsText(lines = "", servers = '["127.0.0.1:7000"]'): string {
  return redisText(lines, servers).replace('"redis"', '"redis_cluster"');
}
