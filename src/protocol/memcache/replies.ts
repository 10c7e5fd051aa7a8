/**
 * Replies that the proxy itself makes: memcached's own words where it has some for the case.
 *
 * @module
 */
import { startsWith } from "../../bytes/starts_with.ts";
import type { SendLog } from "../../bytes/send_log.ts";
import type { Failure } from "../../failure.ts";
import type { CommandRow } from "../command_table.ts";
import { encodeText } from "./ascii.ts";

const LINE_END = "\r\n";

/** Errors and the one other answer that a request line can earn by its form alone. */
export const lineReplies = {
  error: encodeText("ERROR\r\n"),
  badFormat: encodeText("CLIENT_ERROR bad command line format\r\n"),
  badDeleteFormat: encodeText(
    "CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n",
  ),
  badDelta: encodeText("CLIENT_ERROR invalid numeric delta argument\r\n"),
  badExpiry: encodeText("CLIENT_ERROR invalid exptime argument\r\n"),
  badDataChunk: encodeText("CLIENT_ERROR bad data chunk\r\n"),
  lineTooLong: encodeText("CLIENT_ERROR line too long\r\n"),
  getFlagsTooLong: encodeText("CLIENT_ERROR options flags are too long\r\n"),
  flagsTooLong: encodeText("CLIENT_ERROR options flags too long\r\n"),
  duplicateFlag: encodeText("CLIENT_ERROR duplicate flag\r\n"),
  invalidOrDuplicateFlag: encodeText("CLIENT_ERROR invalid or duplicate flag\r\n"),
  invalidFlag: encodeText("CLIENT_ERROR invalid flag\r\n"),
  manyLines: encodeText(
    "CLIENT_ERROR a key with a line feed in it is not returned in lines by this proxy\r\n",
  ),
  tooManyKeys: encodeText("CLIENT_ERROR too many keys\r\n"),
  tooLarge: encodeText("SERVER_ERROR object too large for cache\r\n"),
  /** What memcached answers to `gat` with an expiry time and no key. */
  end: encodeText("END\r\n"),
  /** The whole answer to a request that wants none. */
  none: new Uint8Array(0),
} as const;

const BACKEND_MALFORMED = encodeText("SERVER_ERROR malformed reply\r\n");

const errorPrefixes = ["ERROR", "CLIENT_ERROR ", "SERVER_ERROR "].map(encodeText);

/** Whether the line at `start` is one of the protocol's three kinds of error. */
export function isErrorLine(bytes: Uint8Array, start: number, end: number): boolean {
  for (const prefix of errorPrefixes) {
    if (startsWith(bytes, start, end, prefix)) return true;
  }
  return false;
}

/**
 * The whole refusal of each row that has one; `CLIENT_ERROR`, as memcached says it of what it
 * forbids.
 */
export function refusalsOf(rows: readonly CommandRow[]): (Uint8Array | null)[] {
  return rows.map((row) =>
    row.refusal === null ? null : encodeText(`CLIENT_ERROR ${row.refusal}${LINE_END}`)
  );
}

/** `backend 127.0.0.1:11211: connection refused`, without the address if it is "". */
export function failureText(failure: Failure, address: string): string {
  return address === "" ? failure.text : `backend ${address}: ${failure.text}`;
}

/** Appends a failure as `SERVER_ERROR`. */
export function writeFailure(failure: Failure, address: string, target: SendLog): void {
  const bytes = encodeText(`SERVER_ERROR ${failureText(failure, address)}${LINE_END}`);
  target.append(bytes, 0, bytes.length);
}

/** Appends the error for a part of a reply that is neither values nor an error. */
export function writeMalformed(target: SendLog): void {
  target.append(BACKEND_MALFORMED, 0, BACKEND_MALFORMED.length);
}
