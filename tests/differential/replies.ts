/**
 * Replies of RESP2 and RESP3 as text, one after the other, and how two of them compare.
 *
 * @module
 */
import type { Comparison } from "./shape.ts";

/** Types whose line is all. */
const LINES = "+-:_#,(";
/** Seconds or milliseconds by which a time may differ. */
const NEAR_MAX = 5_000;

/** The replies in `text`, one character a byte. */
export function splitReplies(text: string): string[] {
  const replies: string[] = [];
  for (let position = 0; position < text.length;) {
    const end = replyEnd(text, position);
    replies.push(text.slice(position, end));
    position = end;
  }
  return replies;
}

/** One past the reply at `start`. */
function replyEnd(text: string, start: number): number {
  const lineEnd = text.indexOf("\r\n", start);
  const type = text[start]!;
  if (lineEnd < 0) {
    throw new Error(`Not a whole reply: ${JSON.stringify(text.slice(start, start + 40))}`);
  }
  let position = lineEnd + 2;
  if (LINES.includes(type)) return position;
  const length = Number(text.slice(start + 1, lineEnd));
  if ("$=!".includes(type)) return length < 0 ? position : position + length + 2;
  if (!"*~>%|".includes(type)) {
    throw new Error(`Not RESP: ${JSON.stringify(text.slice(start, start + 40))}`);
  }
  const count = "%|".includes(type) ? 2 * length : length;
  for (let element = 0; element < count; element++) position = replyEnd(text, position);
  return position;
}

/** Whether two replies are the same as far as `comparison` looks. */
export function areAlike(one: string, other: string, comparison: Comparison): boolean {
  if (one === other) return true;
  if (one[0] !== other[0]) return false;
  switch (comparison) {
    case "sorted":
      return sortedElements(one) === sortedElements(other);
    case "shape":
      return headOf(one) === headOf(other) || !"*~%".includes(one[0]!);
    case "near":
      return one.startsWith(":") &&
        Math.abs(Number(one.slice(1)) - Number(other.slice(1))) <= NEAR_MAX;
    default:
      return false;
  }
}

function headOf(reply: string): string {
  return reply.slice(0, reply.indexOf("\r\n"));
}

/** Fields stay with their values. */
function sortedElements(reply: string): string {
  if (!"*~%".includes(reply[0]!)) return reply;
  const elements = splitReplies(reply.slice(reply.indexOf("\r\n") + 2));
  return headOf(reply) + elements.sort().join("");
}
