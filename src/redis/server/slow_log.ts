/**
 * SLOWLOG: the requests of the proxy's clients that took long, in all workers. Entries have the six fields that client
 * libraries know; `FULL` gives all, by name.
 *
 * @module
 */
import type { Gathered } from "../../observe/gathered.ts";
import { type MergedEntry, mergeEntries, type SlowEntry } from "../../observe/slow_log.ts";
import {
  arityError,
  arrayReply,
  bulkBytesReply,
  bulkReply,
  errorReply,
  integerReply,
  NOT_AN_INTEGER,
  OK_REPLY,
  SYNTAX_ERROR,
} from "../../protocol/resp/write/replies.ts";
import { readInteger } from "../core/integer.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { helpReply, mapReply, unknownSubcommandReply } from "../core/reply_builder.ts";
import type { KnownServers } from "./known_servers.ts";

/** Entries that GET shows if no number is given. */
const SHOWN_COUNT = 10;

const COUNT_TOO_SMALL = errorReply("ERR count should be greater than or equal to -1");
const HELP: readonly string[] = [
  "GET [<count>] [FULL]",
  "    Return the latest <count> requests that took long (default: 10, -1: all), as",
  "    id, timestamp, time in microseconds, arguments array, client IP and port,",
  "    client name; with FULL all that is known, by name: also the time in the queue",
  "    and at the server, the server, the user, and why it failed.",
  "LEN",
  "    Return how many there are.",
  "RESET",
  "    Forget them.",
  "BACKENDS GET|LEN|RESET",
  '    The same of the servers\' own logs, with admin_commands = "forward".',
];

/** What SLOWLOG is answered with. */
export interface SlowLogParts {
  readonly entries: Gathered<SlowEntry>;
  readonly servers: KnownServers;
  /** Entries that all workers show together. */
  lengthMax(): number;
  /** Asks the servers; null: the answer is given later. */
  askBackends(request: LocalRequest): Uint8Array | null;
}

/** Answers SLOWLOG with its subcommand. */
export function slowLogAnswer(request: LocalRequest, parts: SlowLogParts): Uint8Array | null {
  const { client, words } = request;
  const subcommand = words[1]!.toLowerCase();
  switch (subcommand) {
    case "get":
      return get(request, parts);
    case "len": {
      if (words.length !== 2) return arityError("slowlog|len");
      const late = client.answerLater();
      parts.entries.count((count) => {
        const reply = integerReply(Math.min(count, parts.lengthMax()));
        late.reply(reply);
      });
      return null;
    }
    case "reset": {
      if (words.length !== 2) return arityError("slowlog|reset");
      const late = client.answerLater();
      parts.entries.reset(() => late.reply(OK_REPLY));
      return null;
    }
    case "help":
      if (words.length !== 2) return arityError("slowlog|help");
      return helpReply("slowlog", HELP, parts.servers.kind);
    case "backends":
      return words.length < 3 ? arityError("slowlog|backends") : parts.askBackends(request);
    default:
      return unknownSubcommandReply("slowlog", words[1]!);
  }
}

function get({ client, words }: LocalRequest, parts: SlowLogParts): Uint8Array | null {
  const options = words.slice(2);
  const isFull = options.at(-1)?.toLowerCase() === "full";
  if (isFull) options.pop();
  if (options.length > 1) return words.length > 4 ? arityError("slowlog|get") : SYNTAX_ERROR;
  const asked = options.length === 0 ? BigInt(SHOWN_COUNT) : readInteger(options[0]!);
  if (asked === null) return NOT_AN_INTEGER;
  if (asked < -1n) return COUNT_TOO_SMALL;
  const lengthMax = parts.lengthMax();
  const count = asked === -1n || asked > BigInt(lengthMax) ? lengthMax : Number(asked);
  const { version } = client.profiles.master;
  const late = client.answerLater();
  parts.entries.all(count, (all) => {
    const entries = mergeEntries(all, count);
    const reply = arrayReply(
      entries.map((entry) => isFull ? fullEntry(entry, version) : shortEntry(entry)),
    );
    late.reply(reply);
  });
  return null;
}

function shortEntry(entry: SlowEntry): Uint8Array {
  return arrayReply([
    integerReply(entry.id),
    integerReply(Math.floor(entry.startedAtMs / 1000)),
    integerReply(entry.totalUs),
    wordsReply(entry),
    bulkReply(entry.address),
    bulkReply(entry.name),
  ]);
}

/** The names are those of the admin server's `/slowlog`. */
function fullEntry(entry: MergedEntry, version: 2 | 3): Uint8Array {
  return mapReply([
    ["id", integerReply(entry.id)],
    ["time", bulkReply(new Date(entry.startedAtMs).toISOString())],
    ["totalUs", integerReply(entry.totalUs)],
    ["queueUs", integerReply(entry.queueUs)],
    ["serverUs", integerReply(entry.serverUs)],
    ["client", integerReply(entry.client)],
    ["clientAddress", bulkReply(entry.address)],
    ["clientName", bulkReply(entry.name)],
    ["user", bulkReply(entry.user)],
    ["backend", bulkReply(entry.backend)],
    ["command", bulkReply(entry.command)],
    ["words", wordsReply(entry)],
    ["failure", bulkReply(entry.failure)],
    ["isFirst", integerReply(entry.isFirst ? 1 : 0)],
  ], version);
}

function wordsReply({ words }: SlowEntry): Uint8Array {
  return arrayReply(words.map((word) => bulkBytesReply(word, 0, word.length)));
}
