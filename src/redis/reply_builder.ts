/**
 * Replies whose form depends on the version of the protocol, and Redis's words for unknown subcommands.
 *
 * @module
 */
import { arrayReply, bulkReply, errorReply, NULL_REPLY } from "../protocol/resp/replies.ts";

const encoder = new TextEncoder();
const NULL_REPLY_3 = encoder.encode("_\r\n");
const LINE_FEED = 0x0a;
/** Characters of a client's own word that an error repeats; Redis's bound. */
const SHOWN_CHARACTERS = 128;

/** What of a client's word an error shows. */
export function shown(word: string): string {
  return word.slice(0, SHOWN_CHARACTERS);
}

/** Redis's words for a subcommand it does not know. */
export function unknownSubcommandReply(command: string, subcommand: string): Uint8Array {
  return errorReply(
    `ERR unknown subcommand '${shown(subcommand)}'. Try ${command.toUpperCase()} HELP.`,
  );
}

/** A map: `%` in RESP3, a flat array in RESP2. */
export function mapReply(
  entries: readonly (readonly [string, Uint8Array])[],
  version: 2 | 3,
): Uint8Array {
  const flat = arrayReply(entries.flatMap(([key, value]) => [bulkReply(key), value]));
  if (version === 2) return flat;
  const body = flat.subarray(flat.indexOf(LINE_FEED) + 1);
  const head = encoder.encode(`%${entries.length}\r\n`);
  const map = new Uint8Array(head.length + body.length);
  map.set(head);
  map.set(body, head.length);
  return map;
}

/** No value: `_` in RESP3, `$-1` in RESP2. */
export function nullReply(version: 2 | 3): Uint8Array {
  return version === 3 ? NULL_REPLY_3 : NULL_REPLY;
}
