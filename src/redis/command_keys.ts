/**
 * COMMAND GETKEYS: which words of a request are keys, by the same table that routes requests. Cluster clients
 * ask for it where a command's keys have no fixed place.
 *
 * @module
 */
import type { CommandTable } from "../protocol/command_table.ts";
import { RequestFrame } from "../protocol/protocol.ts";
import { RequestDescriber } from "../protocol/resp/request_describer.ts";
import { arrayReply, bulkBytesReply, errorReply } from "../protocol/resp/replies.ts";

/** Words before the request that is asked about: `COMMAND GETKEYS`. */
const WORDS_BEFORE = 2;

const UNKNOWN = errorReply("ERR Invalid command specified");
const WRONG_COUNT = errorReply("ERR Invalid number of arguments specified for command");
const NO_KEYS = errorReply("ERR The command has no key arguments");

/** Answers COMMAND GETKEYS for `frame`, which stands in `bytes` and has at least one word more. */
export function commandKeys(
  frame: RequestFrame,
  bytes: Uint8Array,
  commands: CommandTable,
): Uint8Array {
  const asked = new RequestFrame();
  asked.start = frame.start;
  asked.end = frame.end;
  asked.argumentCount = frame.argumentCount - WORDS_BEFORE;
  asked.offsets = frame.offsets.slice(2 * WORDS_BEFORE, 2 * frame.argumentCount);
  new RequestDescriber(commands).describe(asked, bytes);
  const row = asked.row;
  if (row === null) return UNKNOWN;
  const { arity } = row;
  if (arity > 0 ? asked.argumentCount !== arity : asked.argumentCount < -arity) return WRONG_COUNT;
  if (asked.refusal !== null) return asked.refusal;
  const keys = keyWords(asked);
  // As Redis: an empty array where this request has no keys, an error where the command never has.
  if (keys.length === 0 && row.keyFinder === null) return NO_KEYS;
  return arrayReply(
    keys.map((word) => bulkBytesReply(bytes, asked.argumentStart(word), asked.argumentEnd(word))),
  );
}

/** The indices of the words that are keys, in their order. */
function keyWords({ firstKey, keyCount, keyStep, extraKey }: RequestFrame): number[] {
  const words = Array.from({ length: keyCount }, (_, key) => firstKey + key * keyStep);
  if (extraKey >= 0) words.push(extraKey);
  return words.sort((one, other) => one - other);
}
