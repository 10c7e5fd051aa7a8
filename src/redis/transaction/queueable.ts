/**
 * Which commands a transaction takes: it runs on one server, on a connection that speaks for the client only
 * until EXEC.
 *
 * @module
 */
import { Action, CommandFlag, type CommandRow } from "../../protocol/command_table.ts";
import type { RequestFrame } from "../../protocol/protocol.ts";
import { handlerOf } from "../../protocol/resp/commands/handlers.ts";
import { refusalText, WAITING } from "../../protocol/resp/commands/reasons.ts";
import { errorReply } from "../../protocol/resp/write/replies.ts";
import { waitsForNothing } from "../server/wait.ts";

/** The key of the configuration that errors name. */
const ADVICE = "admin_commands";
const decoder = new TextDecoder();

/**
 * Why a command cannot be part of a transaction.
 *
 * @param shardCount Servers that hold keys.
 * @param words Words of the request, where they matter.
 * @returns The error's text, or null where it can.
 */
export function whyNotQueued(
  row: CommandRow,
  shardCount: number,
  words: () => readonly string[] = () => [],
): string | null {
  const handler = handlerOf(row);
  // What they say of other servers' copies of writes is about one connection, and clients share theirs.
  if (handler === "wait" || handler === "waitaof") {
    return waitsForNothing(words()) ? null : `ERR ${refusalText(row.name, WAITING)}`;
  }
  if (isForAllServers(row)) {
    // One server answers them as it would anyway. SCAN's cursors are the proxy's own even then.
    if (shardCount === 1 && handler !== "scan") return null;
    return inside(row.name, "it concerns all servers, a transaction one; send it outside");
  }
  if (row.action !== Action.Local || (row.flags & CommandFlag.Queued) !== 0) return null;
  return inside(row.name, "it concerns the client's connection to the proxy; send it outside");
}

/** Whether a command concerns all servers. */
export function isForAllServers(row: CommandRow): boolean {
  return row.action === Action.EveryShard || (row.flags & CommandFlag.AllShards) !== 0;
}

function inside(name: string, reason: string): string {
  return `ERR '${name}' is not supported inside MULTI: ${reason}`;
}

/**
 * What is said inside MULTI of a request that is refused: advice to change the configuration does not help there.
 *
 * @param refusal The error outside.
 */
export function refusedInside(row: CommandRow | null, refusal: Uint8Array): Uint8Array {
  if (row === null || !decoder.decode(refusal).includes(ADVICE)) return refusal;
  return errorReply(
    inside(
      row.name,
      'it concerns the servers themselves; send it outside, with admin_commands = "forward"',
    ),
  );
}

/**
 * Whether a request can be queued at any server. A Redis Cluster carries messages to all of its nodes; a pool's
 * servers know nothing of each other.
 */
export function isKeyless(frame: RequestFrame, isCluster: boolean): boolean {
  if (isCluster && (frame.row!.flags & CommandFlag.Broadcast) !== 0) return true;
  return frame.keyCount === 0 && frame.extraKey < 0;
}
