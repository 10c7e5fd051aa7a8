/**
 * What a node says of itself: its part in replication, and where it stands.
 *
 * @module
 */
import { ReplyReader } from "../parse/reply_reader.ts";
import { requestBytes } from "../write/replies.ts";

/** Asks for a report. */
export const reportRequest: Uint8Array = requestBytes("INFO", "replication");
/** Asks for what names the availability zone, where the node has one. */
export const zoneRequest: Uint8Array = requestBytes("INFO", "server");

/** Longest name of a zone that is kept, characters. */
const ZONE_MAX = 64;

/** A node's part in replication. */
export interface ReplicationReport {
  isReplica: boolean;
  /** Of a replica: whether its link to its master is up, and it has the master's data. */
  isLinked: boolean;
  /** How far in the stream of replication it is. */
  offset: number;
}

const decoder = new TextDecoder();

/** Reads the answer to INFO replication; null if it is none, as where the proxy's user may not ask. */
export function readReport(
  bytes: Uint8Array,
  start: number,
  end: number,
): ReplicationReport | null {
  if (decoder.decode(bytes.subarray(start, start + 9)) === "-LOADING ") {
    return { isReplica: true, isLinked: false, offset: 0 };
  }
  const text = new ReplyReader(bytes, start, end).readText();
  const role = text === null ? null : fieldOf(text, "role");
  if (text === null || role === null) return null;
  const isReplica = role !== "master";
  const offset = fieldOf(text, isReplica ? "slave_repl_offset" : "master_repl_offset");
  const isLinked = !isReplica || (fieldOf(text, "master_link_status") === "up" &&
    fieldOf(text, "master_sync_in_progress") !== "1");
  return { isReplica, isLinked, offset: Number(offset ?? 0) };
}

/** Reads the availability zone in the answer to INFO server, as Valkey tells it; "" where there is none. */
export function readZone(bytes: Uint8Array, start: number, end: number): string {
  const text = new ReplyReader(bytes, start, end).readText();
  return (text === null ? "" : fieldOf(text, "availability_zone") ?? "").slice(0, ZONE_MAX);
}

function fieldOf(text: string, name: string): string | null {
  for (const line of text.split("\n")) {
    if (line.startsWith(`${name}:`)) return line.slice(name.length + 1).trim();
  }
  return null;
}
