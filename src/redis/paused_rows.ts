/**
 * What commands mean to a pause: which may write, and which the proxy answers without any server.
 *
 * @module
 */
import { CommandFlag, type CommandRow } from "../protocol/command_table.ts";

/** Besides commands that write: what a server passes on to its replicas, and what may hold writes. */
const ALSO_WRITES = new Set(["exec", "pfcount", "publish", "script", "spublish"]);

/**
 * Answered from what the proxy knows. A transaction that has no server yet waits with its first key; unsubscribing
 * asks for nothing that a pause is about.
 */
const NEEDS_NO_SERVER = new Set([
  ...["auth", "client", "command", "echo", "hello", "ping", "quit", "readonly", "readwrite"],
  ...["reset", "time", "wait", "waitaof"],
  ...["discard", "exec", "multi", "unwatch"],
  ...["punsubscribe", "sunsubscribe", "unsubscribe"],
]);

/** Whether a command may change what servers hold, or what their replicas hear. */
export function mayWrite(row: CommandRow): boolean {
  return (row.flags & CommandFlag.Write) !== 0 || ALSO_WRITES.has(row.name);
}

/** Whether the proxy alone answers a command that its row calls local. */
export function needsNoServer(row: CommandRow): boolean {
  return NEEDS_NO_SERVER.has(row.name);
}
