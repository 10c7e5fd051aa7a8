/**
 * COMMAND GETKEYS and GETKEYSANDFLAGS: which words of a request are keys, and what happens to them. Cluster clients ask
 * for it where a command's keys have no fixed place.
 *
 * @module
 */
import { type CommandTable, fitsArity } from "../../protocol/command_table.ts";
import type { CommandDescription } from "../../protocol/resp/commands/catalogue.ts";
import { descriptionOf } from "../../protocol/resp/commands/custom.ts";
import {
  arrayReply,
  bulkBytesReply,
  EMPTY_ARRAY_REPLY,
  errorReply,
  statusReply,
} from "../../protocol/resp/write/replies.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { setReply } from "../core/reply_builder.ts";
import { type FoundKey, specifiedKeys } from "./specified_keys.ts";

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
  const words = request.words.slice(WORDS_BEFORE);
  const nameStart = request.frame.argumentStart(WORDS_BEFORE);
  const row = table.find(request.bytes, nameStart, request.frame.argumentEnd(WORDS_BEFORE));
  const command = row === null ? null : commandOf(descriptionOf(row), words);
  if (command === null) return UNKNOWN_COMMAND;
  const found = specifiedKeys(command, words);
  if (found === undefined) return NO_KEYS;
  if (!fitsArity(words.length, command.arity)) return WRONG_COUNT;
  if (found === null) return command.flags.includes(MAY_LACK_KEYS) ? EMPTY_ARRAY_REPLY : INVALID;
  return keysReply(request, found, withFlags);
}

/** The command or its subcommand; null where it is a family of commands, and none of them is meant. */
function commandOf(
  command: CommandDescription,
  words: readonly string[],
): CommandDescription | null {
  const { subcommands } = command;
  if (subcommands.length === 0 || words.length === 1) return command;
  const name = `${command.name}|${words[1]!.toLowerCase()}`;
  return subcommands.find((subcommand) => subcommand.name === name) ?? null;
}

function keysReply(
  request: LocalRequest,
  found: readonly FoundKey[],
  withFlags: boolean,
): Uint8Array {
  const { version } = request.client.profiles.master;
  return arrayReply(found.map(({ word, flags }) => {
    const raw = request.raw(WORDS_BEFORE + word);
    const key = bulkBytesReply(raw, 0, raw.length);
    return withFlags ? arrayReply([key, setReply(flags.map(statusReply), version)]) : key;
  }));
}
