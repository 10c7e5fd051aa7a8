/**
 * Finds the ends of lines without looking twice at what an earlier call has seen, and reads the heads that all messages of
 * RESP begin with: a type, a number and a line end.
 *
 * @module
 */
import { decimalDigits } from "../decimal.ts";

/** The line has no end yet. */
export const NOT_FOUND = -1;
/** The line is above its limit, ended or not. */
export const TOO_LONG = -2;
/** A carriage return stands in the line that no line feed follows. */
export const BROKEN = -3;

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const ZERO = 0x30;
/** Digits of a length that is read the short way; nearly all have no more. */
const SHORT_DIGITS = 9;

/**
 * This much of a line is looked at in every call, in bytes. A request of few words is parsed again from its
 * start, so lines that are whole come before the unfinished one; they are counts and shorter than this.
 */
const HEAD_BYTES = 32;

/** One parser's unfinished line. */
export class LineScan {
  /** Bytes of the unfinished line that hold no end; 0 when there is none, or when it is short. */
  #seen = 0;

  /**
   * The position of `terminator` in the line that begins at `lineStart`, or {@link NOT_FOUND} or
   * {@link TOO_LONG}.
   *
   * @param limitBytes Most bytes before the terminator.
   */
  find(
    bytes: Uint8Array,
    lineStart: number,
    end: number,
    terminator: number,
    limitBytes: number,
  ): number {
    const headEnd = Math.min(end, lineStart + HEAD_BYTES);
    let position = seek(bytes, lineStart, headEnd, terminator);
    if (position === headEnd) {
      position = seek(bytes, Math.max(headEnd, lineStart + this.#seen), end, terminator);
      this.#seen = position < end ? 0 : end - lineStart;
    }
    if (position - lineStart > limitBytes) return TOO_LONG;
    return position < end ? position : NOT_FOUND;
  }

  /**
   * The position of the CRLF behind the head that begins at `start`: a type, and what stands on its line. Else
   * {@link NOT_FOUND}, {@link TOO_LONG} or {@link BROKEN}. Requests and replies are made of such heads.
   *
   * @param limitBytes Most bytes before the CRLF; at least as many as a short line has.
   */
  findHeadEnd(bytes: Uint8Array, start: number, end: number, limitBytes: number): number {
    // Nearly all lines are short; they take no more than this.
    if (this.#seen === 0) {
      const shortEnd = Math.min(end - 1, start + HEAD_BYTES);
      let cursor = start + 1;
      while (cursor < shortEnd && bytes[cursor] !== CARRIAGE_RETURN) cursor += 1;
      if (cursor < shortEnd) return bytes[cursor + 1] === LINE_FEED ? cursor : BROKEN;
    }
    const lineEnd = this.find(bytes, start, end, CARRIAGE_RETURN, limitBytes);
    if (lineEnd < 0) return lineEnd;
    if (lineEnd + 1 >= end) return NOT_FOUND;
    return bytes[lineEnd + 1] === LINE_FEED ? lineEnd : BROKEN;
  }

  /** Forgets the unfinished line. */
  reset(): void {
    this.#seen = 0;
  }
}

/**
 * The length in the head of a bulk string that begins at `start`, where that is whole and has up to nine digits; else -1.
 * The head's bytes are {@link headBytes} of it.
 */
export function shortLength(bytes: Uint8Array, start: number, end: number): number {
  let cursor = start + 1;
  let length = 0;
  const digitsEnd = Math.min(cursor + SHORT_DIGITS, end - 1);
  while (cursor < digitsEnd) {
    const digit = bytes[cursor]! - ZERO;
    if (digit < 0 || digit > 9) break;
    length = length * 10 + digit;
    cursor += 1;
  }
  if (cursor >= end - 1 || cursor === start + 1) return -1;
  if (bytes[cursor] !== CARRIAGE_RETURN || bytes[cursor + 1] !== LINE_FEED) return -1;
  return bytes[start + 1] === ZERO && cursor > start + 2 ? -1 : length;
}

/** Bytes of a head with this number, its type and its line end. */
export function headBytes(value: number): number {
  return decimalDigits(value) + 3;
}

function seek(bytes: Uint8Array, position: number, end: number, terminator: number): number {
  while (position < end && bytes[position] !== terminator) position += 1;
  return position;
}
