/**
 * What comes of another proxy's file: tables of this program's configuration, and what to tell whoever brought it.
 *
 * @module
 */
import { stringifyToml } from "../../deps.ts";

/** A value as TOML has them. */
export type ImportedValue = string | number | boolean | ImportedValue[] | ImportedTable;
/** Keys in the order in which they are to be read. */
export interface ImportedTable {
  [key: string]: ImportedValue;
}

/** A configuration in the making. */
export class Imported {
  readonly clusters: ImportedTable[] = [];
  readonly runtime: ImportedTable = {};
  /** One sentence each: what was not taken over, and what is different here. */
  readonly notes: string[] = [];

  /** Says of a setting what became of it. */
  note(where: string, text: string): void {
    this.notes.push(`${where}: ${text}`);
  }

  /** The configuration as TOML. */
  toml(): string {
    const runtime = Object.keys(this.runtime).length > 0 ? { runtime: this.runtime } : {};
    return stringifyToml({ ...runtime, clusters: this.clusters });
  }
}

/** Whole milliseconds within the bounds that this program's timeouts have. */
export function timeoutMs(value: number): number {
  return Math.min(Math.max(Math.round(value), 1), TIMEOUT_MAX_MS);
}

/** Longest timeout of the configuration, milliseconds. */
const TIMEOUT_MAX_MS = 3_600_000;
