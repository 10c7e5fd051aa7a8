/**
 * HOTKEY: which keys are asked for most, over all workers.
 *
 * @module
 */
import type { Gathered } from "../../observe/gathered.ts";
import { type HotKey, mergeHotKeys } from "../../observe/hot_keys.ts";
import {
  arityError,
  arrayReply,
  bulkBytesReply,
  byteErrorReply,
  integerReply,
  NOT_AN_INTEGER,
  OK_REPLY,
} from "../../protocol/resp/write/replies.ts";
import { readInteger } from "../core/integer.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { helpReply, unknownSubcommandReply } from "../core/reply_builder.ts";
import type { KnownServers } from "./known_servers.ts";

/** Keys that GET shows if no number is given. */
const SHOWN_COUNT = 10;

const HELP: readonly string[] = [
  "ENABLE",
  "    Count from now on which keys are asked for most.",
  "DISABLE",
  "    Count them no more, and forget what was counted.",
  "GET [<count>]",
  "    Return the most asked for of the last one to two minutes (default: 10), each as",
  "    key, times, and by how many the times may be wrong.",
  "RESET",
  "    Begin to count anew.",
];

/** What HOTKEY is answered with. */
export interface HotKeyParts {
  readonly entries: Gathered<HotKey>;
  readonly servers: KnownServers;
  /** Keys that are counted at once. */
  capacity(): number;
  /** Switches the counting in all workers; `answered` is called once, with what is wrong, or null. */
  enable(isEnabled: boolean, answered: (problem: string | null) => void): void;
}

/** Answers HOTKEY with its subcommand. */
export function hotKeyAnswer(request: LocalRequest, parts: HotKeyParts): Uint8Array | null {
  const { client, words } = request;
  const subcommand = words[1]!.toLowerCase();
  switch (subcommand) {
    case "enable":
    case "disable": {
      if (words.length !== 2) return arityError(`hotkey|${subcommand}`);
      const late = client.answerLater();
      parts.enable(subcommand === "enable", (problem) => {
        const reply = problem === null ? OK_REPLY : byteErrorReply(`ERR ${problem}`);
        late.reply(reply);
      });
      return null;
    }
    case "get":
      return get(request, parts);
    case "reset": {
      if (words.length !== 2) return arityError("hotkey|reset");
      const late = client.answerLater();
      parts.entries.reset(() => late.reply(OK_REPLY));
      return null;
    }
    case "help":
      if (words.length !== 2) return arityError("hotkey|help");
      return helpReply("hotkey", HELP, parts.servers.kind);
    default:
      return unknownSubcommandReply("hotkey", words[1]!);
  }
}

function get({ client, words }: LocalRequest, parts: HotKeyParts): Uint8Array | null {
  if (words.length > 3) return arityError("hotkey|get");
  const asked = words.length === 2 ? BigInt(SHOWN_COUNT) : readInteger(words[2]!);
  if (asked === null || asked < 0n) return NOT_AN_INTEGER;
  const capacity = parts.capacity();
  const count = asked > BigInt(capacity) ? capacity : Number(asked);
  const late = client.answerLater();
  parts.entries.all(count, (all) => {
    const reply = arrayReply(
      mergeHotKeys(all, count).map(({ key, hits, error }) => {
        const bytes = Uint8Array.from(key, (character) => character.charCodeAt(0));
        const name = bulkBytesReply(bytes, 0, bytes.length);
        return arrayReply([name, integerReply(hits), integerReply(error)]);
      }),
    );
    late.reply(reply);
  });
  return null;
}
