/**
 * What commands mean to a pause: which may write, and which the proxy answers without any server.
 *
 * @module
 */
import { CommandFlag, type CommandRow } from "../../protocol/command_table.ts";

const WRITES = CommandFlag.Write | CommandFlag.PausedAsWrite;

/** Whether a command may change what servers hold, or what their replicas hear. */
export function mayWrite(row: CommandRow): boolean {
  return (row.flags & WRITES) !== 0;
}

/** Whether the proxy alone answers a command that its row calls local. */
export function needsNoServer(row: CommandRow): boolean {
  return (row.flags & CommandFlag.Unpaused) !== 0;
}
