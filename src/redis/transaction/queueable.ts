/**
 * Which commands a transaction takes: it runs on one server, on a connection that speaks for the client only
 * until EXEC.
 *
 * @module
 */
import { Action, type CommandRow } from "../../protocol/command_table.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";

/** Commands without keys that the proxy answers elsewhere; here their replies are elements of EXEC's. */
const QUEUED_AT_BACKEND = new Set(["echo", "info", "lolwut", "ping", "select", "time", "unwatch"]);

/** Commands that the proxy makes of the replies of all servers; one server answers them as it would anyway. */
const FOR_ALL_SERVERS = new Set(["function", "randomkey", "script"]);

/** Its cursors are the proxy's own, even with one server. */
const SCAN = "scan";

/** Commands whose channels `COMMAND` shows as keys. */
const SUBSCRIBING = new Set(["ssubscribe", "sunsubscribe"]);

/**
 * Why a command cannot be part of a transaction.
 *
 * @param shardCount Servers that hold keys.
 * @returns The error's text, or null where it can.
 */
export function whyNotQueued(row: CommandRow, shardCount: number): string | null {
  if (
    row.action === Action.EveryShard || FOR_ALL_SERVERS.has(row.name) || row.name === SCAN
  ) {
    if (shardCount === 1 && row.name !== SCAN) return null;
    return inside(row.name, "it concerns all servers, a transaction one; send it outside");
  }
  if (row.action !== Action.Local || QUEUED_AT_BACKEND.has(row.name)) return null;
  const hasKeys = row.firstKey > 0 || row.keyFinder !== null;
  if (hasKeys && !SUBSCRIBING.has(row.name)) return null;
  return inside(row.name, "it concerns the client's connection to the proxy; send it outside");
}

function inside(name: string, reason: string): string {
  return `ERR '${name}' is not supported inside MULTI: ${reason}`;
}

/**
 * Whether a request can be queued at any server. A Redis Cluster carries messages to all of its nodes; a pool's
 * servers know nothing of each other.
 */
export function isKeyless(frame: RequestFrame, isCluster: boolean): boolean {
  if (isCluster && frame.row!.name === "publish") return true;
  return frame.keyCount === 0 && frame.extraKey < 0;
}
