/**
 * HELLO: chooses the version of the protocol. The row is a barrier, so nothing is in flight when a client
 * changes over; from then on its requests use connections of that version.
 *
 * @module
 */
import {
  bulkReply,
  EMPTY_ARRAY_REPLY,
  errorReply,
  integerReply,
} from "../protocol/resp/replies.ts";
import { PROFILES } from "../protocol/protocol.ts";
import { VERSION } from "../version.ts";
import { type ClientNames, setName } from "./client_commands.ts";
import type { LocalRequest } from "./local.ts";
import { mapReply, shown } from "./reply_builder.ts";

/** Answers HELLO [version [AUTH user password] [SETNAME name]]. */
export function helloAnswer(request: LocalRequest, names: ClientNames): Uint8Array {
  const { client, words } = request;
  let version = client.profiles.master.version;
  if (words.length > 1) {
    if (!/^-?\d{1,18}$/.test(words[1]!)) {
      return errorReply("ERR Protocol version is not an integer or out of range");
    }
    if (words[1] !== "2" && words[1] !== "3") {
      return errorReply("NOPROTO unsupported protocol version");
    }
    version = words[1] === "3" ? 3 : 2;
  }
  const refusal = applyOptions(request, names);
  if (refusal !== null) return refusal;
  client.profiles = PROFILES[version];
  return mapReply([
    ["server", bulkReply("redis")],
    ["version", bulkReply(VERSION)],
    ["proto", integerReply(version)],
    ["id", integerReply(client.id)],
    ["mode", bulkReply("standalone")],
    ["role", bulkReply("master")],
    ["modules", EMPTY_ARRAY_REPLY],
  ], version);
}

function applyOptions(request: LocalRequest, names: ClientNames): Uint8Array | null {
  const { client, words } = request;
  let name: string | null = null;
  for (let index = 2; index < words.length;) {
    const option = words[index]!.toLowerCase();
    if (option === "auth" && index + 2 < words.length) {
      // Without a configured password Redis's default user accepts any.
      if (words[index + 1] !== "default") {
        return errorReply("WRONGPASS invalid username-password pair or user is disabled.");
      }
      index += 3;
    } else if (option === "setname" && index + 1 < words.length) {
      name = words[index + 1]!;
      index += 2;
    } else {
      return errorReply(`ERR Syntax error in HELLO option '${shown(words[index]!)}'`);
    }
  }
  if (name === null) return null;
  const reply = setName(client, names, name);
  return reply[0] === MINUS ? reply : null;
}

const MINUS = 0x2d;
