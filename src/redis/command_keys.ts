/**
 * COMMAND GETKEYS and GETKEYSANDFLAGS: which words of a request are keys, and what happens to them. Cluster clients ask
 * for it where a command's keys have no fixed place.
 *
 * @module
 */
import { type CommandRow, type CommandTable, fitsArity } from "../protocol/command_table.ts";
import { RequestFrame } from "../protocol/protocol.ts";
import { commandFlags } from "../protocol/resp/commands/flags.ts";
import { subcommandArities } from "../protocol/resp/commands/subcommands.ts";
import { RequestDescriber } from "../protocol/resp/request_describer.ts";
import {
  arrayReply,
  bulkBytesReply,
  EMPTY_ARRAY_REPLY,
  errorReply,
  statusReply,
} from "../protocol/resp/replies.ts";
import { accessOf, subcommandsOf } from "./command_description.ts";
import type { LocalRequest } from "./local_request.ts";
import { setReply } from "./reply_builder.ts";
import { type FoundKey, specifiedKeys } from "./specified_keys.ts";

/** Words before the request that is asked about: `COMMAND GETKEYS`. */
const WORDS_BEFORE = 2;

const UNKNOWN = errorReply("ERR Invalid command specified");
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
  if (row === null) return UNKNOWN;
  const name = fullName(row.name, words);
  if (name === row.name && words.length > 1 && subcommandsOf.has(name)) return UNKNOWN;
  const isKnown = commandFlags.has(name) || name !== row.name;
  const found = isKnown ? specifiedKeys(name, words) : routedKeys(request, table, row);
  if (found === undefined) return NO_KEYS;
  if (!fitsArity(words.length, subcommandArities.get(name) ?? row.arity)) return WRONG_COUNT;
  if (found === null) return mayLackKeys(name) ? EMPTY_ARRAY_REPLY : INVALID;
  return keysReply(request, found, withFlags);
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

/** The name with its subcommand's, where there is such a one. */
function fullName(name: string, words: readonly string[]): string {
  const full = `${name}|${words[1]?.toLowerCase()}`;
  return subcommandArities.has(full) ? full : name;
}

/** Whether requests without keys are allowed, so that Redis takes whatever it cannot read for one of these. */
function mayLackKeys(name: string): boolean {
  return commandFlags.get(name)?.includes("no_mandatory_keys") === true;
}

/** The keys by which a command is routed that Redis 7.0 does not have. */
function routedKeys(
  { frame, bytes }: LocalRequest,
  table: CommandTable,
  row: CommandRow,
): FoundKey[] | null | undefined {
  const asked = new RequestFrame();
  asked.start = frame.start;
  asked.end = frame.end;
  asked.argumentCount = frame.argumentCount - WORDS_BEFORE;
  asked.offsets = frame.offsets.slice(2 * WORDS_BEFORE, 2 * frame.argumentCount);
  new RequestDescriber(table).describe(asked, bytes);
  if (asked.refusal !== null) return row.refusal === null ? null : undefined;
  if (asked.keyCount === 0) return undefined;
  const flags = accessOf(row);
  const { firstKey, keyStep } = asked;
  return Array.from({ length: asked.keyCount }, (_, key) => ({
    word: firstKey + key * keyStep,
    flags,
  }));
}
