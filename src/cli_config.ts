/**
 * Where the program's configuration comes from: a file, or an environment variable that holds all of it.
 *
 * @module
 */
import { DEFAULT_CONFIG_FILE } from "./cli_flags.ts";
import type { Environment } from "./config/environment.ts";

/** The variable that may hold a whole configuration, for places where files are a nuisance. */
export const CONFIG_VARIABLE = "ASTER_CONFIG_TOML" as const;

/** A configuration that can be read, and read again for a reload. */
export interface ConfigSource {
  /** What messages call it: the file's path, or the variable's name. */
  readonly name: string;
  /** The file; null where it is the variable, which cannot change while the program runs. */
  readonly path: string | null;
  /**
   * Reads the text.
   *
   * @throws {Error} That names the source and why it cannot be read.
   */
  read(): string;
}

/**
 * Chooses the source: a file that the command line names, else the variable if it is set, else the default file.
 *
 * @param named The file that the command line names, or null.
 */
export function configSource(named: string | null, environment: Environment): ConfigSource {
  const text = environment[CONFIG_VARIABLE];
  if (named === null && text !== undefined) {
    return { name: CONFIG_VARIABLE, path: null, read: () => text };
  }
  const path = named ?? DEFAULT_CONFIG_FILE;
  return { name: path, path, read: () => readFile(path) };
}

function readFile(path: string): string {
  try {
    return decodeUtf8(Deno.readFileSync(path));
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new Error(`${path}: ${reason}`);
  }
}

/** An alias with a replaced character would place keys elsewhere, without a word. */
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new TypeError("not valid TOML: expected text in UTF-8");
  }
}
