/**
 * COMMAND: what the table serves. What is said of it is what one of the servers says, in the words of its version; where
 * none answers, or the server does not know a command, it is the proxy's own, in the form of Redis 7.0.
 *
 * @module
 */
import {
  Action,
  CommandFlag,
  type CommandTable,
  isBlockingForm,
} from "../../protocol/command_table.ts";
import {
  arityError,
  arrayReply,
  bulkReply,
  EMPTY_ARRAY_REPLY,
  failureReply,
  integerReply,
  requestBytes,
  SYNTAX_ERROR,
} from "../../protocol/resp/write/replies.ts";
import { startsWith } from "../../bytes/starts_with.ts";
import { NO_PLACE } from "../../router/router.ts";
import type { LocalClient } from "../../session/stages.ts";
import { globMatches } from "../pubsub/glob.ts";
import type { CommandDescription } from "../../protocol/resp/commands/catalogue.ts";
import { descriptionOf } from "../../protocol/resp/commands/custom.ts";
import { describeCommand, toldSubcommands } from "./command_description.ts";
import { commandKeys, UNKNOWN_COMMAND } from "./command_keys.ts";
import { type CallReply, sendCall } from "../core/dedicated_call.ts";
import type { RedisContext } from "../core/feature.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { helpReply, nullReply, unknownSubcommandReply } from "../core/reply_builder.ts";
import { copyRequest } from "../core/request_copy.ts";
import { type Descriptions, isOfCategory, readDescriptions } from "./command_info.ts";
import { callShards } from "../core/shard_calls.ts";

type Version = 2 | 3;

const HELP = [
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
];

/** What was learned of the servers' commands, and from servers of which version. */
interface Learned {
  readonly version: string;
  readonly descriptions: Descriptions;
}

/** Answers COMMAND and its subcommands; keeps the descriptions, as clients ask for all of them at once. */
export class CommandAnswers {
  readonly #context: RedisContext;
  /** With those of their subcommands behind each. */
  #served: readonly CommandDescription[] = [];
  #commandCount = 0;
  /** Rows of the table when they were listed. */
  #rowCount = 0;
  /** By version of the protocol: the proxy's own, and the servers'. */
  readonly #own = new Map<Version, Descriptions>();
  readonly #learned = new Map<Version, Learned>();

  constructor(context: RedisContext) {
    this.#context = context;
    this.#serve();
  }

  /** Lists the commands of the table; what was learned makes it longer. */
  #serve(): void {
    const { config: { adminCommands }, commands } = this.#context;
    this.#rowCount = commands.rows.length;
    const byName = new Map(
      commands.rows.filter(({ name }) => !isBlockingForm(name)).map((row) => [row.name, row]),
    );
    const rows = [...byName.values()].filter(({ action, flags }) =>
      action !== Action.Refuse ||
      adminCommands === "forward" && (flags & CommandFlag.Administration) !== 0
    );
    this.#commandCount = rows.length;
    this.#served = rows.map(descriptionOf)
      .flatMap((command) => [command, ...toldSubcommands(command)]);
    this.#own.clear();
    this.#learned.clear();
  }

  answer(request: LocalRequest): Uint8Array | null {
    const { client, words } = request;
    const { version } = client.profiles.master;
    if (this.#rowCount !== this.#context.commands.rows.length) this.#serve();
    if (words.length === 1) return this.#described(client, allReply);
    const subcommand = words[1]!.toLowerCase();
    switch (subcommand) {
      case "count":
        return words.length === 2 ? integerReply(this.#commandCount) : arityError("command|count");
      case "list":
        return this.#list(client, words);
      case "info":
        return this.#described(
          client,
          words.length === 2 ? allReply : (known) => someReply(known, words.slice(2), version),
        );
      case "docs":
        return this.#document(request);
      case "getkeys":
      case "getkeysandflags":
        if (words.length < 3) return arityError(`command|${subcommand}`);
        return this.#keys(request, subcommand);
      case "help":
        if (words.length !== 2) return arityError("command|help");
        return helpReply("command", HELP, this.#context.servers.kind);
      default:
        return unknownSubcommandReply("command", words[1]!);
    }
  }

  #list(client: LocalClient, words: readonly string[]): Uint8Array | null {
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
        return this.#described(
          client,
          (known) =>
            namesReply(
              this.#served.filter(({ name }) => isOfCategory(known.get(name)!, `@${wanted}`)),
            ),
        );
      default:
        return SYNTAX_ERROR;
    }
  }

  /** Answers with what `make` makes of all descriptions: now, or once a server was asked for them. */
  #described(
    client: LocalClient,
    make: (descriptions: Descriptions) => Uint8Array,
  ): Uint8Array | null {
    const { version: protocolVersion } = client.profiles.master;
    const { product, version } = this.#context.servers.kind;
    const serverVersion = `${product} ${version}`;
    const learned = this.#learned.get(protocolVersion);
    if (learned?.version === serverVersion) return make(learned.descriptions);
    const own = this.#describe(protocolVersion);
    const names = [...own.keys()];
    return this.#askOne(client, requestBytes("COMMAND", "INFO", ...names), (reply) => {
      const descriptions = reply === null || reply.isError
        ? null
        : readDescriptions(names, own, reply.bytes, reply.start, reply.end);
      if (descriptions !== null) {
        this.#learned.set(protocolVersion, { version: serverVersion, descriptions });
      }
      return make(descriptions ?? own);
    });
  }

  /** The proxy's own descriptions. */
  #describe(version: Version): Descriptions {
    const known = this.#own.get(version);
    if (known !== undefined) return known;
    const made = new Map(
      this.#served.map((command) => [command.name, describeCommand(command, version)]),
    );
    this.#own.set(version, made);
    return made;
  }

  /** Which words are keys is for a server to say; of a command that it does not have the proxy may know. */
  #keys(request: LocalRequest, subcommand: string): Uint8Array | null {
    const table: CommandTable = this.#context.commands;
    const own = request.wordCount < 4
      ? arityError(`command|${subcommand}`)
      : commandKeys(request, table, subcommand === "getkeysandflags");
    return this.#askOne(request.client, copyRequest(request), (reply) => {
      if (reply === null) return own;
      const { bytes, start, end } = reply;
      // The proxy may know it all the same.
      const isUnknown = end - start === UNKNOWN_COMMAND.length &&
        startsWith(bytes, start, end, UNKNOWN_COMMAND);
      return isUnknown ? own : bytes.slice(start, end);
    });
  }

  /**
   * Asks one of the servers.
   *
   * @param make Makes the reply of the server's, or of null where there is none.
   */
  #askOne(
    client: LocalClient,
    request: Uint8Array,
    make: (reply: CallReply | null) => Uint8Array,
  ): Uint8Array | null {
    const [backend] = this.#context.router.shards();
    if (backend === undefined) return make(null);
    const late = client.answerLater(true);
    const connection = backend.connectionFor(client.number, client.profiles.master);
    const answer = (made: Uint8Array) => late.reply(made);
    sendCall(this.#context, { connection, place: -1, client }, request, {
      replied: (reply) => answer(make(reply)),
      failed: () => answer(make(null)),
    });
    return null;
  }

  /** The servers know best what their version has, and clients want it for people. */
  #document(request: LocalRequest): Uint8Array | null {
    const { router } = this.#context;
    const asked = router.shards().slice(0, 1);
    if (asked.length === 0) return failureReply(router.whyUnplaced(NO_PLACE), "");
    const late = request.client.answerLater(true);
    callShards(this.#context, request.client, asked, copyRequest(request), ([reply]) => {
      late.reply(reply!.bytes, 0, reply!.bytes.length);
    });
    return null;
  }
}

/** What COMMAND says of all commands: subcommands stand in those of their commands. */
function allReply(descriptions: Descriptions): Uint8Array {
  const commands = [...descriptions].filter(([name]) => !name.includes("|"));
  return arrayReply(commands.map(([, description]) => description));
}

function someReply(
  descriptions: Descriptions,
  names: readonly string[],
  version: Version,
): Uint8Array {
  return arrayReply(
    names.map((name) => descriptions.get(name.toLowerCase()) ?? nullReply(version)),
  );
}

function namesReply(served: readonly CommandDescription[]): Uint8Array {
  return arrayReply(served.map(({ name }) => bulkReply(name)));
}
