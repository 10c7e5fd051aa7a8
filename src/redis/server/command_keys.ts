/**
 * COMMAND GETKEYS and GETKEYSANDFLAGS: which words of a request are keys, and what happens to them. Cluster clients ask
 * for it where a command's keys have no fixed place.
 *
 * @module
 */
import { type CommandTable, fitsArity } from "../../protocol/command_table.ts";
import { descriptionOf } from "../../protocol/resp/commands/custom.ts";
import {
  arrayReply,
  bulkBytesReply,
  EMPTY_ARRAY_REPLY,
  errorReply,
  statusReply,
} from "../../protocol/resp/write/replies.ts";
import { KeyProblem } from "../../protocol/resp/key_finders/specified_keys.ts";
import { RequestFrame } from "../../protocol/protocol.ts";
import { KeyList } from "../core/key_list.ts";
import { subcommandOf } from "../access/command_facts.ts";
import { LocalRequest } from "../core/local_request.ts";
import { setReply } from "../core/reply_builder.ts";

/** Words before the request that is asked about: `COMMAND GETKEYS`. */
const WORDS_BEFORE = 2;
/** The flag of commands that may have no keys, so that Redis takes whatever it cannot read for such a request. */
const MAY_LACK_KEYS = "no_mandatory_keys";

/** What is said of a command that there is none of by that name. */
export const UNKNOWN_COMMAND: Uint8Array = errorReply("ERR Invalid command specified");
const WRONG_COUNT = errorReply("ERR Invalid number of arguments specified for command");
const NO_KEYS = errorReply("ERR The command has no key arguments");
const INVALID = errorReply("ERR Invalid arguments specified for command");

/** Answers one of the two, which has at least one word more; `withFlags` says which. */
export function commandKeys(
  request: LocalRequest,
  table: CommandTable,
  withFlags: boolean,
): Uint8Array {
  const asked = requestBehind(request);
  const { frame, bytes, wordCount } = asked;
  const row = table.find(bytes, frame.argumentStart(0), frame.argumentEnd(0));
  const command = row === null ? null : subcommandOf(descriptionOf(row), asked);
  if (command === null) return UNKNOWN_COMMAND;
  const { keySearch } = command;
  if (keySearch === null) return NO_KEYS;
  if (!fitsArity(wordCount, command.arity)) return WRONG_COUNT;
  const keys = new KeyList();
  const problem = keySearch.find(frame, bytes, keys);
  if (problem === KeyProblem.None && keys.found.length > 0) {
    return keysReply(asked, keys, withFlags);
  }
  return command.flags.includes(MAY_LACK_KEYS) ? EMPTY_ARRAY_REPLY : INVALID;
}

/** The request that is asked about. */
function requestBehind({ client, frame, bytes }: LocalRequest): LocalRequest {
  const asked = new RequestFrame();
  asked.start = frame.start;
  asked.end = frame.end;
  asked.argumentCount = frame.argumentCount - WORDS_BEFORE;
  asked.offsets = frame.offsets.subarray(2 * WORDS_BEFORE);
  return new LocalRequest(client, asked, bytes);
}

function keysReply(request: LocalRequest, { found }: KeyList, withFlags: boolean): Uint8Array {
  const { version } = request.client.profiles.master;
  return arrayReply(found.map(({ word, flags }) => {
    const raw = request.raw(word);
    const key = bulkBytesReply(raw, 0, raw.length);
    return withFlags ? arrayReply([key, setReply(flags.map(statusReply), version)]) : key;
  }));
}
