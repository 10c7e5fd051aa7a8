/**
 * How long a blocking command may go without a reply: its own timeout, and what any request may take. A server that is
 * silent beyond that hangs, and its client would wait in vain.
 *
 * @module
 */
import type { LocalRequest } from "../local_request.ts";

/** Commands whose timeout stands in front of their keys. */
const TIMEOUT_FIRST = new Set(["blmpop", "bzmpop"]);

/**
 * The longest wait for the reply to a blocking command, in milliseconds.
 *
 * @param readTimeoutMs What any request may take.
 * @returns Infinity where the command may wait for ever, or where its timeout is none: the server says so.
 */
export function waitLimitMs({ frame, words }: LocalRequest, readTimeoutMs: number): number {
  const name = frame.row!.name;
  const timeoutMs = name.startsWith("xread")
    ? Number(words[words.findIndex((word) => word.toLowerCase() === "block") + 1])
    : 1000 * Number(TIMEOUT_FIRST.has(name) ? words[1] : words.at(-1));
  return timeoutMs > 0 ? timeoutMs + readTimeoutMs : Infinity;
}
