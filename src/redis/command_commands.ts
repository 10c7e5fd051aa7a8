/**
 * COMMAND: what the table serves, in the form of a Redis 7 server.
 *
 * @module
 */
import {
  Action,
  CommandFlag,
  type CommandRow,
  type CommandTable,
} from "../protocol/command_table.ts";
import {
  arrayReply,
  bulkReply,
  EMPTY_ARRAY_REPLY,
  integerReply,
  statusReply,
} from "../protocol/resp/replies.ts";
import type { LocalRequest } from "./local.ts";
import { nullReply, unknownSubcommandReply } from "./reply_builder.ts";

/** Answers COMMAND and its subcommands COUNT, INFO, LIST and DOCS. */
export function commandAnswer(request: LocalRequest, table: CommandTable): Uint8Array {
  const { client, words } = request;
  const version = client.profiles.master.version;
  const served = table.rows.filter((row) => row.action !== Action.Refuse);
  if (words.length === 1) return arrayReply(served.map(describe));
  switch (words[1]!.toLowerCase()) {
    case "count":
      return integerReply(served.length);
    case "list":
      return arrayReply(served.map((row) => bulkReply(row.name)));
    case "info":
      return arrayReply(
        words.slice(2).map((name) => {
          const row = served.find((candidate) => candidate.name === name.toLowerCase());
          return row === undefined ? nullReply(version) : describe(row);
        }),
      );
    case "docs":
      return EMPTY_ARRAY_REPLY;
    default:
      return unknownSubcommandReply("command", words[1]!);
  }
}

/** Name, arity, flags, first key, last key, step; categories, tips, key specifications, subcommands. */
function describe(row: CommandRow): Uint8Array {
  const flags: Uint8Array[] = [];
  if ((row.flags & CommandFlag.Read) !== 0) flags.push(statusReply("readonly"));
  if ((row.flags & CommandFlag.Write) !== 0) flags.push(statusReply("write"));
  if (row.keyFinder !== null) flags.push(statusReply("movablekeys"));
  return arrayReply([
    bulkReply(row.name),
    integerReply(row.arity),
    arrayReply(flags),
    integerReply(row.firstKey),
    integerReply(row.lastKey),
    integerReply(row.keyStep),
    EMPTY_ARRAY_REPLY,
    EMPTY_ARRAY_REPLY,
    EMPTY_ARRAY_REPLY,
    EMPTY_ARRAY_REPLY,
  ]);
}
