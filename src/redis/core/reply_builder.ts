/**
 * Replies whose form depends on the version of the protocol, and Redis's words for unknown subcommands.
 *
 * @module
 */
import {
  arrayReply,
  bulkReply,
  byteErrorReply,
  NULL_REPLY,
  statusReply,
} from "../../protocol/resp/write/replies.ts";
import type { ServerKind } from "../server/server_kind.ts";

const encoder = new TextEncoder();
const NULL_REPLY_3 = encoder.encode("_\r\n");
const LINE_FEED = 0x0a;
/** Characters of a client's own word that an error repeats; Redis's bound. */
const SHOWN_CHARACTERS = 128;

/** What of a client's word an error shows: Redis clips it, and takes a NUL for its end. */
export function shown(word: string): string {
  const clipped = word.slice(0, SHOWN_CHARACTERS);
  const end = clipped.indexOf("\0");
  return end < 0 ? clipped : clipped.slice(0, end);
}

/** Redis's words for a subcommand it does not know; `subcommand` has a character for each byte. */
export function unknownSubcommandReply(command: string, subcommand: string): Uint8Array {
  return byteErrorReply(
    `ERR unknown subcommand '${shown(subcommand)}'. Try ${command.toUpperCase()} HELP.`,
  );
}

/** HELP in the servers' form: the title, each line, and HELP itself. */
export function helpReply(
  command: string,
  lines: readonly string[],
  { ways }: ServerKind,
): Uint8Array {
  const name = command.toUpperCase();
  return arrayReply(
    [
      `${name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
      ...lines,
      "HELP",
      ways.helpOfHelp,
    ].map(statusReply),
  );
}

/** A map: `%` in RESP3, a flat array in RESP2. */
export function mapReply(
  entries: readonly (readonly [string, Uint8Array])[],
  version: 2 | 3,
): Uint8Array {
  const flat = arrayReply(entries.flatMap(([key, value]) => [bulkReply(key), value]));
  return version === 2 ? flat : withHead(`%${entries.length}\r\n`, flat);
}

/** A set: `~` in RESP3, an array in RESP2. */
export function setReply(elements: readonly Uint8Array[], version: 2 | 3): Uint8Array {
  const flat = arrayReply(elements);
  return version === 2 ? flat : withHead(`~${elements.length}\r\n`, flat);
}

/** Text for people: `=` in RESP3, a bulk string in RESP2. */
export function textReply(text: string, version: 2 | 3): Uint8Array {
  if (version === 2) return bulkReply(text);
  const body = `txt:${text}`;
  return encoder.encode(`=${encoder.encode(body).length}\r\n${body}\r\n`);
}

/** No value: `_` in RESP3, `$-1` in RESP2. */
export function nullReply(version: 2 | 3): Uint8Array {
  return version === 3 ? NULL_REPLY_3 : NULL_REPLY;
}

/** The elements of `flat`, an array, behind another head. */
function withHead(head: string, flat: Uint8Array): Uint8Array {
  const body = flat.subarray(flat.indexOf(LINE_FEED) + 1);
  const made = new Uint8Array(head.length + body.length);
  made.set(encoder.encode(head));
  made.set(body, head.length);
  return made;
}
