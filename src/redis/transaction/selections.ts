/**
 * SELECT inside a transaction: it counts after EXEC, if EXEC carried it out.
 *
 * @module
 */
import { ParseStatus, PROFILES, type Protocol } from "../../protocol/protocol.ts";

/** A SELECT and its place among the queued commands, from 0. */
export interface Selection {
  readonly index: number;
  readonly database: number;
}

const LINE_FEED = 0x0a;
const PLUS = 0x2b;

/**
 * The database that a client has after EXEC.
 *
 * @param selections In their order.
 * @param bytes `bytes[start, end)` is EXEC's reply.
 * @returns Null where no SELECT was carried out.
 */
export function databaseAfter(
  selections: readonly Selection[],
  protocol: Protocol,
  bytes: Uint8Array,
  start: number,
  end: number,
): number | null {
  const parser = protocol.createReplyParser(PROFILES[2].master);
  let position = bytes.indexOf(LINE_FEED, start) + 1;
  let database: number | null = null;
  for (let index = 0; position > 0 && position < end; index++) {
    const selection = selections.find((one) => one.index === index);
    if (selection !== undefined && bytes[position] === PLUS) database = selection.database;
    if (parser.parse(bytes, position, end, false) !== ParseStatus.Complete) break;
    position = parser.frame.end;
  }
  return database;
}
