/**
 * COMMAND: what the table serves, in the form of a Redis 7 server. Only the documentation is a server's own.
 *
 * @module
 */
import {
  Action,
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
  failureReply,
  integerReply,
} from "../protocol/resp/replies.ts";
import { categoriesOf } from "../protocol/resp/commands/categories.ts";
import { globMatches } from "./pubsub/glob.ts";
import { isForwarded } from "./admin_commands.ts";
import {
  describeCommand,
  describeSubcommand,
  flagsOf,
  subcommandFlags,
  subcommandsOf,
} from "./command_description.ts";
import { commandKeys } from "./command_keys.ts";
import type { RedisContext } from "./feature.ts";
import type { LocalRequest } from "./local_request.ts";
import { helpReply, nullReply, unknownSubcommandReply } from "./reply_builder.ts";
import { copyRequest } from "./request_copy.ts";
import { callShards } from "./shard_calls.ts";

type Version = 2 | 3;

const SYNTAX_ERROR = errorReply("ERR syntax error");
const HELP = helpReply("command", [
  "(no subcommand)",
  "    Return details about all commands that the proxy serves.",
  "COUNT",
  "    Return the number of commands that the proxy serves.",
  "DOCS [<command-name> ...]",
  "    Return what one of the servers documents of its commands.",
  "GETKEYS <full-command>",
  "    Return the keys from a full command.",
  "GETKEYSANDFLAGS <full-command>",
  "    Return the keys from a full command, and what it does to each.",
  "INFO [<command-name> ...]",
  "    Return details about commands; of all that the proxy serves if none is named.",
  "LIST [FILTERBY ACLCAT <category>|MODULE <name>|PATTERN <pattern>]",
  "    Return the names of all commands that the proxy serves, or of some.",
]);

/** A command or a subcommand that the proxy serves. */
interface Served {
  readonly name: string;
  readonly categories: readonly string[];
  describe(version: Version): Uint8Array;
}

/** Answers COMMAND and its subcommands; keeps the descriptions, as clients ask for all of them at once. */
export class CommandAnswers {
  readonly #context: RedisContext;
  /** With those of their subcommands behind each. */
  readonly #served: readonly Served[];
  readonly #commandCount: number;
  /** By version of the protocol, by name. */
  readonly #descriptions = new Map<Version, ReadonlyMap<string, Uint8Array>>();
  readonly #all = new Map<Version, Uint8Array>();

  constructor(context: RedisContext) {
    this.#context = context;
    const { adminCommands } = context.config;
    const rows = context.commands.rows.filter(({ action, name }) =>
      !isBlockingForm(name) &&
      (action !== Action.Refuse || adminCommands === "forward" && isForwarded(name))
    );
    this.#commandCount = rows.length;
    this.#served = rows.flatMap((row) => [
      servedCommand(row),
      ...(subcommandsOf.get(row.name) ?? []).map(servedSubcommand),
    ]);
  }

  answer(request: LocalRequest): Uint8Array | null {
    const { client, words } = request;
    const { version } = client.profiles.master;
    if (words.length === 1) return this.#describeAll(version);
    const table: CommandTable = this.#context.commands;
    const subcommand = words[1]!.toLowerCase();
    switch (subcommand) {
      case "count":
        return words.length === 2 ? integerReply(this.#commandCount) : arityError("command|count");
      case "list":
        return this.#list(words);
      case "info":
        return words.length === 2
          ? this.#describeAll(version)
          : this.#describeSome(words.slice(2), version);
      case "docs":
        return this.#document(request);
      case "getkeys":
      case "getkeysandflags":
        if (words.length < 4) return arityError(`command|${subcommand}`);
        return commandKeys(request, table, subcommand === "getkeysandflags");
      case "help":
        return words.length === 2 ? HELP : arityError("command|help");
      default:
        return unknownSubcommandReply("command", words[1]!);
    }
  }

  #list(words: readonly string[]): Uint8Array {
    if (words.length === 2) return namesReply(this.#served);
    if (words.length !== 5 || words[2]!.toLowerCase() !== "filterby") return SYNTAX_ERROR;
    const wanted = words[4]!.toLowerCase();
    switch (words[3]!.toLowerCase()) {
      case "pattern":
        return namesReply(this.#served.filter(({ name }) => globMatches(wanted, name)));
      case "module":
        // Whatever module it is, the table has none of its commands.
        return EMPTY_ARRAY_REPLY;
      case "aclcat":
        return namesReply(
          this.#served.filter(({ categories }) => categories.includes(`@${wanted}`)),
        );
      default:
        return SYNTAX_ERROR;
    }
  }

  #describeAll(version: Version): Uint8Array {
    const known = this.#all.get(version);
    if (known !== undefined) return known;
    const descriptions = [...this.#describe(version)];
    const made = arrayReply(
      descriptions.filter(([name]) => !name.includes("|")).map(([, description]) => description),
    );
    this.#all.set(version, made);
    return made;
  }

  #describeSome(names: readonly string[], version: Version): Uint8Array {
    const descriptions = this.#describe(version);
    return arrayReply(
      names.map((name) => descriptions.get(name.toLowerCase()) ?? nullReply(version)),
    );
  }

  #describe(version: Version): ReadonlyMap<string, Uint8Array> {
    const known = this.#descriptions.get(version);
    if (known !== undefined) return known;
    const made = new Map(this.#served.map((served) => [served.name, served.describe(version)]));
    this.#descriptions.set(version, made);
    return made;
  }

  /** The servers know best what their version has, and clients want it for people. */
  #document(request: LocalRequest): Uint8Array | null {
    const { router } = this.#context;
    const asked = router.shards().slice(0, 1);
    if (asked.length === 0) return failureReply(router.unplaced, "");
    const late = request.client.answerLater(true);
    callShards(this.#context, request.client, asked, copyRequest(request), ([reply]) => {
      late.reply(reply!.bytes, 0, reply!.bytes.length);
    });
    return null;
  }
}

function servedCommand(row: CommandRow): Served {
  return {
    name: row.name,
    categories: categoriesOf(row.name, flagsOf(row)),
    describe: (version) => describeCommand(row, version),
  };
}

function servedSubcommand(name: string): Served {
  return {
    name,
    categories: categoriesOf(name, subcommandFlags(name)),
    describe: (version) => describeSubcommand(name, version),
  };
}

function namesReply(served: readonly Served[]): Uint8Array {
  return arrayReply(served.map(({ name }) => bulkReply(name)));
}
