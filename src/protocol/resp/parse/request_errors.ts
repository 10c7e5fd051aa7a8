/**
 * What clients read when their bytes or their command cannot be understood; Redis's own texts.
 *
 * @module
 */
import type { CommandRow } from "../../command_table.ts";
import type { RequestFrame } from "../../protocol.ts";
import { QUOTED_LIMIT_BYTES } from "../limits.ts";
import { arityError, byteErrorReply, errorReply, quotedWord } from "../write/replies.ts";

function protocolError(text: string): Uint8Array {
  return errorReply(`ERR Protocol error: ${text}`);
}

/** The number of words is no number, or above its limit. */
export const INVALID_ARRAY_LENGTH: Uint8Array = protocolError("invalid multibulk length");
/** A word's length is no number, above its limit, or not what follows. */
export const INVALID_BULK_LENGTH: Uint8Array = protocolError("invalid bulk length");
/** The line with the number of words does not end. */
export const ARRAY_LINE_TOO_LONG: Uint8Array = protocolError("too big mbulk count string");
/** The line with a word's length does not end. */
export const BULK_LINE_TOO_LONG: Uint8Array = protocolError("too big bulk count string");
/** An inline request does not end. */
export const INLINE_TOO_LONG: Uint8Array = protocolError("too big inline request");
/** An inline request holds a NUL; Redis takes it for one without end. */
export const INLINE_NUL: Uint8Array = protocolError("NUL in inline request");
/** Quotes of an inline request do not pair, or something follows a closing one. */
export const UNBALANCED_QUOTES: Uint8Array = protocolError("unbalanced quotes in request");
/** The request as a whole is above its limit; Redis closes without a word. */
export const REQUEST_TOO_LARGE: Uint8Array = protocolError("too big request");

/** What is said where another byte stands where a word's `$` belongs. */
export function bulkExpectedError(byte: number): Uint8Array {
  return byteErrorReply(`ERR Protocol error: expected '$', got '${String.fromCharCode(byte)}'`);
}

/** Names the unknown command and the first of its words, clipped as Redis does. */
export function unknownCommandError(frame: RequestFrame, bytes: Uint8Array): Uint8Array {
  let words = "";
  for (let word = 1; word < frame.argumentCount && words.length < QUOTED_LIMIT_BYTES; word++) {
    const start = frame.argumentStart(word);
    const room = QUOTED_LIMIT_BYTES - words.length;
    words += `'${quotedWord(bytes, start, frame.argumentEnd(word), room)}' `;
  }
  const name = quotedWord(bytes, frame.argumentStart(0), frame.argumentEnd(0));
  return byteErrorReply(`ERR unknown command '${name}', with args beginning with: ${words}`);
}

/** The errors that depend on a row alone, made once; entry `i` belongs to row `i`. */
export interface RowErrors {
  readonly arity: readonly Uint8Array[];
  /** Null where the row is not refused. */
  readonly refused: readonly (Uint8Array | null)[];
}

/** Builds the errors of all rows. */
export function createRowErrors(rows: readonly CommandRow[]): RowErrors {
  return {
    arity: rows.map((row) => arityError(row.name)),
    refused: rows.map((row) => row.refusal === null ? null : errorReply(`ERR ${row.refusal}`)),
  };
}
