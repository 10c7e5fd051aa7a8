/**
 * What operators have made of servers by hand, kept in a file so that it outlives the process. The file is replaced
 * whole, by renaming, so that nobody ever finds half of it.
 *
 * @module
 */
import type { Log } from "../observe/log.ts";
import type { ServerSetting } from "./operator_orders.ts";

/** What is behind the path while a new file is being written. */
export const NEW_FILE_SUFFIX = ".new";
/** Form of the file; another number is another form. */
const VERSION = 1;
/** Most characters of a file that is read: far above what all servers of a configuration take. */
const FILE_CHARACTERS_MAX = 16 * 1024 * 1024;
const WEIGHT_MAXIMUM = 65_535;

/** The states of servers in one file. */
export class StateFile {
  readonly #path: string;
  readonly #log: Log;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** What the file has; one that is not there has nothing. Null: it makes no sense, which is logged. */
  read(): ServerSetting[] | null {
    try {
      return parseState(Deno.readTextFileSync(this.#path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      this.#log.error("State file is ignored: servers are as configured", {
        file: this.#path,
        reason: reasonOf(error),
      });
      return null;
    }
  }

  /**
   * Puts `settings` in the place of what the file has, one writing after the other.
   *
   * @returns Whether the file has them; if not it is as before, and the log says why.
   */
  write(settings: readonly ServerSetting[]): Promise<boolean> {
    const text = formatState(settings);
    const written = this.#last.then(() => this.#write(text));
    this.#last = written;
    return written;
  }

  async #write(text: string): Promise<boolean> {
    try {
      const path = this.#path + NEW_FILE_SUFFIX;
      using file = await Deno.open(path, { write: true, create: true, truncate: true });
      const bytes = new TextEncoder().encode(text);
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      // Else the name may reach the disk before the text does.
      await file.sync();
      await Deno.rename(path, this.#path);
      return true;
    } catch (error) {
      this.#log.error("State file cannot be written: a restart forgets states of servers", {
        file: this.#path,
        reason: reasonOf(error),
      });
      return false;
    }
  }
}

/** The text of a file that has these settings. */
export function formatState(settings: readonly ServerSetting[]): string {
  const servers = settings.map(({ cluster, server, state, weight }) => ({
    cluster,
    server,
    state,
    weight,
  }));
  return JSON.stringify({ version: VERSION, servers }, null, 2) + "\n";
}

/**
 * Reads such a text.
 *
 * @throws {Error} That says what is wrong with it.
 */
export function parseState(text: string): ServerSetting[] {
  if (text.length > FILE_CHARACTERS_MAX) {
    throw new Error(`it has more than ${FILE_CHARACTERS_MAX} characters`);
  }
  const root: unknown = JSON.parse(text);
  const { version, servers } = (root ?? {}) as Record<string, unknown>;
  if (version !== VERSION) throw new Error(`version: expected ${VERSION}`);
  if (!Array.isArray(servers)) throw new Error("servers: expected an array");
  return servers.map((one: unknown, index) => readSetting(one, `servers[${index}]`));
}

function readSetting(value: unknown, path: string): ServerSetting {
  const { cluster, server, state, weight } = (value ?? {}) as Record<string, unknown>;
  if (typeof cluster !== "string") throw new Error(`${path}.cluster: expected a name`);
  if (typeof server !== "string") {
    throw new Error(`${path}.server: expected an alias or host:port`);
  }
  if (state !== "ready" && state !== "drain" && state !== "maint") {
    throw new Error(`${path}.state: expected ready, drain or maint`);
  }
  const isWeight = Number.isInteger(weight) && Number(weight) >= 1 &&
    Number(weight) <= WEIGHT_MAXIMUM;
  if (weight !== null && !isWeight) {
    throw new Error(`${path}.weight: expected 1 to ${WEIGHT_MAXIMUM}, or null`);
  }
  return { cluster, server, state, weight: weight as number | null };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
