/**
 * How long a blocking command may go without a reply: its own timeout, and what any request may take. A server that is
 * silent beyond that hangs, and its client would wait in vain.
 *
 * @module
 */
import { Timeout, type TimeoutCode } from "../../protocol/command_table.ts";
import type { LocalRequest } from "../core/local_request.ts";

/** Words of the options of XREAD and XREADGROUP with their values, where there are any. */
const OPTION_WORDS = new Map([["block", 2], ["claim", 2], ["count", 2], ["group", 3]]);

/**
 * The longest wait for the reply to a blocking command, in milliseconds.
 *
 * @param readTimeoutMs What any request may take.
 * @returns Infinity where the command may wait for ever, or where its timeout is none: the server says so.
 */
export function waitLimitMs({ frame, words }: LocalRequest, readTimeoutMs: number): number {
  const timeoutMs = timeoutOf(frame.row!.timeout, words);
  return timeoutMs > 0 ? timeoutMs + readTimeoutMs : Infinity;
}

/** The timeout that a request names, in milliseconds. */
function timeoutOf(timeout: TimeoutCode, words: readonly string[]): number {
  switch (timeout) {
    case Timeout.None:
      return 0;
    case Timeout.FirstWord:
      return 1000 * Number(words[1]);
    case Timeout.FourthWord:
      return 1000 * Number(words[4]);
    case Timeout.FifthWord:
      return 1000 * Number(words[5]);
    case Timeout.LastWord:
      return 1000 * Number(words.at(-1));
    case Timeout.BlockOption:
      return Number(blockOption(words));
  }
}

/** The value of BLOCK, the last one of several; its words in front of STREAMS are known to fit. */
function blockOption(words: readonly string[]): string | undefined {
  let value: string | undefined;
  let word = 1;
  while (word < words.length) {
    const option = words[word]!.toLowerCase();
    if (option === "streams") return value;
    if (option === "block") value = words[word + 1];
    word += OPTION_WORDS.get(option) ?? 1;
  }
  return value;
}
