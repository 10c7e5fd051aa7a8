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
  isBlockingForm,
} from "../protocol/command_table.ts";
import {
  arityError,
  arrayReply,
  bulkReply,
  EMPTY_ARRAY_REPLY,
  errorReply,
  integerReply,
  statusReply,
} from "../protocol/resp/replies.ts";
import { commandPolicies } from "../protocol/resp/commands/policies.ts";
import { globMatches } from "./pubsub/glob.ts";
import { commandKeys } from "./command_keys.ts";
import type { LocalRequest } from "./local_request.ts";
import {
  helpReply,
  mapReply,
  nullReply,
  setReply,
  unknownSubcommandReply,
} from "./reply_builder.ts";

type Version = 2 | 3;

const SYNTAX_ERROR = errorReply("ERR syntax error");
const FILTER_REFUSED = errorReply(
  "ERR COMMAND LIST FILTERBY ACLCAT is not supported: the proxy has no categories of commands",
);
const HELP = helpReply("command", [
  "(no subcommand)",
  "    Return details about all commands that the proxy serves.",
  "COUNT",
  "    Return the number of commands that the proxy serves.",
  "DOCS [<command-name> ...]",
  "    Return nothing: the proxy has no documentation of commands.",
  "GETKEYS <full-command>",
  "    Return the keys from a full command.",
  "INFO [<command-name> ...]",
  "    Return details about commands; of all that the proxy serves if none is named.",
  "LIST [FILTERBY PATTERN <pattern>]",
  "    Return the names of all commands that the proxy serves, or of those that match.",
]);

/** Answers COMMAND and its subcommands; keeps the descriptions, as clients ask for all of them at once. */
export class CommandAnswers {
  readonly #table: CommandTable;
  readonly #served: readonly CommandRow[];
  /** By version of the protocol, by row index. */
  readonly #descriptions = new Map<Version, readonly Uint8Array[]>();
  readonly #names: Uint8Array;

  constructor(table: CommandTable) {
    this.#table = table;
    this.#served = table.rows.filter(({ action, name }) =>
      action !== Action.Refuse && !isBlockingForm(name)
    );
    this.#names = namesReply(this.#served);
  }

  answer(request: LocalRequest): Uint8Array {
    const { client, words } = request;
    const version = client.profiles.master.version;
    if (words.length === 1) return this.#all(version);
    switch (words[1]!.toLowerCase()) {
      case "count":
        if (words.length !== 2) return arityError("command|count");
        return integerReply(this.#served.length);
      case "list":
        return this.#list(words);
      case "info":
        return words.length === 2 ? this.#all(version) : this.#some(words.slice(2), version);
      case "docs":
        return mapReply([], version);
      case "getkeys":
        if (words.length < 4) return arityError("command|getkeys");
        return commandKeys(request.frame, request.bytes, this.#table);
      case "help":
        return words.length === 2 ? HELP : arityError("command|help");
      default:
        return unknownSubcommandReply("command", words[1]!);
    }
  }

  #list(words: readonly string[]): Uint8Array {
    if (words.length === 2) return this.#names;
    if (words.length !== 5 || words[2]!.toLowerCase() !== "filterby") return SYNTAX_ERROR;
    switch (words[3]!.toLowerCase()) {
      case "pattern":
        return namesReply(
          this.#served.filter(({ name }) => globMatches(words[4]!.toLowerCase(), name)),
        );
      case "module":
        // Whatever module it is, the table has none of its commands.
        return EMPTY_ARRAY_REPLY;
      case "aclcat":
        return FILTER_REFUSED;
      default:
        return SYNTAX_ERROR;
    }
  }

  #all(version: Version): Uint8Array {
    const descriptions = this.#describe(version);
    return arrayReply(this.#served.map((row) => descriptions[row.index]!));
  }

  #some(names: readonly string[], version: Version): Uint8Array {
    const descriptions = this.#describe(version);
    const indices = new Map(this.#served.map((row) => [row.name, row.index]));
    return arrayReply(
      names.map((name) => {
        const index = indices.get(name.toLowerCase());
        return index === undefined ? nullReply(version) : descriptions[index]!;
      }),
    );
  }

  #describe(version: Version): readonly Uint8Array[] {
    const known = this.#descriptions.get(version);
    if (known !== undefined) return known;
    const made = this.#table.rows.map((row) => describe(row, version));
    this.#descriptions.set(version, made);
    return made;
  }
}

function namesReply(rows: readonly CommandRow[]): Uint8Array {
  return arrayReply(rows.map((row) => bulkReply(row.name)));
}

/** Name, arity, flags, first key, last key, step; categories, tips, key specifications, subcommands. */
function describe(row: CommandRow, version: Version): Uint8Array {
  const flags: Uint8Array[] = [];
  if ((row.flags & CommandFlag.Read) !== 0) flags.push(statusReply("readonly"));
  if ((row.flags & CommandFlag.Write) !== 0) flags.push(statusReply("write"));
  if (row.keyFinder !== null) flags.push(statusReply("movablekeys"));
  const nothing = version === 3 ? setReply([], version) : EMPTY_ARRAY_REPLY;
  return arrayReply([
    bulkReply(row.name),
    integerReply(row.arity),
    setReply(flags, version),
    integerReply(row.firstKey),
    integerReply(row.lastKey),
    integerReply(row.keyStep),
    nothing,
    setReply(tipsOf(row.name).map(bulkReply), version),
    nothing,
    nothing,
  ]);
}

/** What Redis tells clients about many servers. */
function tipsOf(name: string): string[] {
  const policy = commandPolicies.get(name);
  if (policy === undefined) return [];
  const tips = [`request_policy:${policy.request}`];
  if (policy.response !== null) tips.push(`response_policy:${policy.response}`);
  return tips;
}
