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
  OK_REPLY,
} from "../../protocol/resp/write/replies.ts";
import { profilesOf } from "../../protocol/protocol.ts";
import type { ClientNames } from "../client/client_marks.ts";
import { setName, whyNoName } from "../client/client_commands.ts";
import { readInteger } from "../core/integer.ts";
import { HELLO_WITHOUT_AUTH, type Login } from "../login/mod.ts";
import type { LocalRequest } from "../core/local_request.ts";
import { mapReply, shown } from "../core/reply_builder.ts";
import type { KnownServers } from "../server/known_servers.ts";

/** Answers HELLO [version [AUTH user password] [SETNAME name]]. */
export function helloAnswer(
  request: LocalRequest,
  names: ClientNames,
  login: Login,
  servers: KnownServers,
  mode: "standalone" | "cluster" = "standalone",
): Uint8Array | null {
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
  const take = servers.kind.ways.checksHelloFirst ? checkOptions : takeOptions;
  const refusal = take(request, names, login);
  if (refusal !== OK_REPLY) return refusal;
  if (!login.isIn(client)) return servers.inTheirWords(HELLO_WITHOUT_AUTH);
  client.profiles = profilesOf(version, client.profiles.master.database);
  const proto = version;
  return servers.answer(client, (kind) =>
    mapReply([
      ["server", bulkReply(kind.product)],
      ["version", bulkReply(kind.version)],
      ["proto", integerReply(proto)],
      ["id", integerReply(client.id)],
      ["mode", bulkReply(mode)],
      ["role", bulkReply("master")],
      ["modules", EMPTY_ARRAY_REPLY],
    ], proto));
}

/**
 * Carries out the options one after the other: as a server has it, a name stays even where what is behind it is refused.
 *
 * @returns OK, or what the request is answered with; null where it will be.
 */
function takeOptions(
  request: LocalRequest,
  names: ClientNames,
  login: Login,
): Uint8Array | null {
  const { client, words } = request;
  for (let index = 2; index < words.length;) {
    const option = words[index]!.toLowerCase();
    if (option === "auth" && index + 2 < words.length) {
      const outcome = login.enter(client, request.raw(index + 1), request.raw(index + 2));
      if (outcome !== OK_REPLY) return outcome;
      index += 3;
    } else if (option === "setname" && index + 1 < words.length) {
      const refusal = setName(client, names, words[index + 1]!);
      if (refusal !== OK_REPLY) return refusal;
      index += 2;
    } else {
      return byteErrorReply(`ERR Syntax error in HELLO option '${shown(words[index]!)}'`);
    }
  }
  return OK_REPLY;
}

/** Looks at all options, and then carries them out, as Valkey does: a name is not kept where anything is refused. */
function checkOptions(
  request: LocalRequest,
  names: ClientNames,
  login: Login,
): Uint8Array | null {
  const { client, words } = request;
  let auth = -1;
  let name: string | null = null;
  for (let index = 2; index < words.length;) {
    const option = words[index]!.toLowerCase();
    if (option === "auth" && index + 2 < words.length) {
      auth = index;
      index += 3;
    } else if (option === "setname" && index + 1 < words.length) {
      name = words[index + 1]!;
      const refusal = whyNoName(name);
      if (refusal !== null) return refusal;
      index += 2;
    } else {
      return byteErrorReply(`ERR Syntax error in HELLO option '${shown(words[index]!)}'`);
    }
  }
  if (auth >= 0) {
    const outcome = login.enter(client, request.raw(auth + 1), request.raw(auth + 2));
    if (outcome !== OK_REPLY) return outcome;
  }
  return name === null || !login.isIn(client) ? OK_REPLY : setName(client, names, name);
}
