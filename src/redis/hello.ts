/**
 * HELLO: chooses the version of the protocol. The row is a barrier, so nothing is in flight when a client
 * changes over; from then on its requests use connections of that version.
 *
 * @module
 */
import {
  bulkReply,
  byteErrorReply,
  EMPTY_ARRAY_REPLY,
  errorReply,
  integerReply,
} from "../protocol/resp/replies.ts";
import { PROFILES } from "../protocol/protocol.ts";
import { isUser, WRONG_PASSWORD } from "./auth.ts";
import { type ClientNames, setName } from "./client_commands.ts";
import { REDIS_VERSION } from "./info.ts";
import { readInteger } from "./integer.ts";
import type { LocalRequest } from "./local_request.ts";
import { mapReply, shown } from "./reply_builder.ts";

/** Answers HELLO [version [AUTH user password] [SETNAME name]]. */
export function helloAnswer(request: LocalRequest, names: ClientNames): Uint8Array {
  const { client, words } = request;
  let version = client.profiles.master.version;
  if (words.length > 1) {
    const asked = readInteger(words[1]!);
    if (asked === null) {
      return errorReply("ERR Protocol version is not an integer or out of range");
    }
    if (asked !== 2n && asked !== 3n) return errorReply("NOPROTO unsupported protocol version");
    version = asked === 3n ? 3 : 2;
  }
  const refusal = applyOptions(request, names);
  if (refusal !== null) return refusal;
  client.profiles = PROFILES[version];
  return mapReply([
    ["server", bulkReply("redis")],
    ["version", bulkReply(REDIS_VERSION)],
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
      if (!isUser(words[index + 1]!)) return WRONG_PASSWORD;
      index += 3;
    } else if (option === "setname" && index + 1 < words.length) {
      name = words[index + 1]!;
      index += 2;
    } else {
      return byteErrorReply(`ERR Syntax error in HELLO option '${shown(words[index]!)}'`);
    }
  }
  if (name === null) return null;
  const reply = setName(client, names, name);
  return reply[0] === MINUS ? reply : null;
}

const MINUS = 0x2d;
