/**
 * CLIENT: what libraries say of themselves when they connect. It concerns the client's connection to the
 * proxy; nothing of it reaches a backend, whose connections many clients share.
 *
 * @module
 */
import {
  arityError,
  bulkReply,
  byteErrorReply,
  EMPTY_ARRAY_REPLY,
  errorReply,
  integerReply,
  OK_REPLY,
  SYNTAX_ERROR,
} from "../../protocol/resp/write/replies.ts";
import type { LocalClient } from "../../session/stages.ts";
import type { ClientPause } from "./client_pause.ts";
import type { ClientUnblock } from "../blocking/client_unblock.ts";
import type { ClientHandoff } from "./client_handoff.ts";
import { clientHelp } from "./client_help.ts";
import type { ClientLibraries, ClientMarks, ClientNames } from "./client_marks.ts";
import { trackingAnswer } from "./tracking.ts";
import type { ClientRegistry } from "./client_registry.ts";
import type { LocalRequest } from "../core/local_request.ts";
import type { KnownServers } from "../server/known_servers.ts";
import {
  mapReply,
  nullReply,
  setReply,
  shown,
  unknownSubcommandReply,
} from "../core/reply_builder.ts";

/** What CLIENT is answered with. */
export interface ClientParts {
  readonly marks: ClientMarks;
  readonly handoff: ClientHandoff;
  readonly pause: ClientPause;
  readonly clients: ClientRegistry;
  readonly unblock: ClientUnblock;
  readonly servers: KnownServers;
}

/** Bytes of a client's name, or of its library's, which are kept as long as the client is connected. */
export const NAME_LIMIT_BYTES = 1024;

const NOT_TRACKING = errorReply(
  "ERR CLIENT CACHING can be called only when the client is in tracking mode " +
    "with OPTIN or OPTOUT mode enabled",
);
/** Answers CLIENT with its subcommand. */
export function clientAnswer(
  request: LocalRequest,
  { marks, handoff, pause, clients, unblock, servers }: ClientParts,
): Uint8Array | null {
  const { client, words } = request;
  const { ways } = servers.kind;
  switch (words[1]!.toLowerCase()) {
    case "list":
      return clients.list(request, words.slice(2));
    case "info":
      return expect(words, 2) ?? clients.info(request);
    case "kill":
      if (words.length < 3) return arityError("client|kill");
      return clients.kill(request, words.slice(2));
    case "id":
      return expect(words, 2) ?? integerReply(client.id);
    case "getname":
      return expect(words, 2) ?? nameReply(client, marks.names);
    case "setname":
      return expect(words, 3) ?? setName(client, marks.names, words[2]!);
    case "setinfo":
      return expect(words, 4) ?? setInfo(client, marks.libraries, words[2]!, words[3]!);
    case "no-evict":
      return expect(words, 3) ?? mark(client, marks.noEvict, words[2]!);
    case "no-touch":
      return expect(words, 3) ?? mark(client, marks.noTouch, words[2]!);
    case "tracking":
      if (words.length < 3) return arityError("client|tracking");
      return trackingAnswer(words.slice(2), (id) => clients.isClient(id));
    case "trackinginfo":
      return expect(words, 2) ?? noTracking(client.profiles.master.version);
    case "getredir":
      return expect(words, 2) ?? integerReply(-1);
    case "caching":
      return expect(words, 3) ?? NOT_TRACKING;
    case "reply":
      return expect(words, 3) ?? clients.reply(request, words[2]!);
    case "help":
      return expect(words, 2) ?? clientHelp(servers.kind);
    case "pause":
      if (words.length < 3) return arityError("client|pause");
      if (words.length > 4 && !ways.ignoresFurtherWords) return tooManyWords(words[1]!);
      return pause.pause(request, words.length > 4 ? [words[2]!] : words.slice(2));
    case "unpause":
      return expect(words, 2) ?? pause.unpause();
    case "unblock":
      if (words.length < 3) return arityError("client|unblock");
      if (words.length > 4 && !ways.ignoresFurtherWords) return tooManyWords(words[1]!);
      return unblock.answer(request, words.length > 4 ? [words[2]!] : words.slice(2));
    case "maint_notifications":
      if (!handoff.isOffered(client)) return unknownSubcommandReply("client", words[1]!);
      return handoff.answer(client, words.slice(2));
    case "capa":
      if (!ways.hasCapabilities) return unknownSubcommandReply("client", words[1]!);
      if (words.length < 3) return arityError("client|capa");
      return noteCapabilities(client, marks, words.slice(2));
    default:
      return unknownSubcommandReply("client", words[1]!);
  }
}

/**
 * Names a client.
 *
 * @returns The reply: OK, or why the name is refused.
 */
export function setName(client: LocalClient, names: ClientNames, name: string): Uint8Array {
  const refusal = whyNoName(name);
  if (refusal !== null) return refusal;
  if (name === "") names.delete(client);
  else names.set(client, name);
  return OK_REPLY;
}

/** The error that says why no client can have this name, or null. */
export function whyNoName(name: string): Uint8Array | null {
  if (!/^[!-~]*$/.test(name)) {
    return errorReply(
      "ERR Client names cannot contain spaces, newlines or special characters.",
    );
  }
  if (name.length > NAME_LIMIT_BYTES) {
    return errorReply(`ERR Client names cannot be longer than ${NAME_LIMIT_BYTES} bytes.`);
  }
  return null;
}

function nameReply(client: LocalClient, names: ClientNames): Uint8Array {
  const name = names.get(client);
  return name === undefined ? nullReply(client.profiles.master.version) : bulkReply(name);
}

function setInfo(
  client: LocalClient,
  libraries: ClientLibraries,
  attribute: string,
  value: string,
): Uint8Array {
  const name = attribute.toLowerCase();
  if (name !== "lib-name" && name !== "lib-ver") {
    return byteErrorReply(`ERR Unrecognized option '${shown(attribute)}'`);
  }
  if (!/^[!-~]*$/.test(value)) {
    return errorReply(`ERR ${name} cannot contain spaces, newlines or special characters.`);
  }
  if (value.length > NAME_LIMIT_BYTES) {
    return errorReply(`ERR ${name} cannot be longer than ${NAME_LIMIT_BYTES} bytes.`);
  }
  const known = libraries.get(client) ?? { name: "", version: "" };
  libraries.set(
    client,
    name === "lib-name" ? { ...known, name: value } : { ...known, version: value },
  );
  return OK_REPLY;
}

/** Answers CLIENT CAPA: what is not known is passed over. */
function noteCapabilities(
  client: LocalClient,
  { redirectable }: ClientMarks,
  capabilities: readonly string[],
): Uint8Array {
  if (capabilities.some((word) => word.toLowerCase() === "redirect")) redirectable.add(client);
  return OK_REPLY;
}

/** Answers ON or OFF. */
function mark(client: LocalClient, marked: WeakSet<LocalClient>, word: string): Uint8Array {
  if (!/^(on|off)$/i.test(word)) return SYNTAX_ERROR;
  if (word.toLowerCase() === "on") marked.add(client);
  else marked.delete(client);
  return OK_REPLY;
}

function noTracking(version: 2 | 3): Uint8Array {
  return mapReply([
    ["flags", setReply([bulkReply("off")], version)],
    ["redirect", integerReply(-1)],
    ["prefixes", EMPTY_ARRAY_REPLY],
  ], version);
}

function tooManyWords(subcommand: string): Uint8Array {
  return byteErrorReply(
    `ERR unknown subcommand or wrong number of arguments for '${
      shown(subcommand)
    }'. Try CLIENT HELP.`,
  );
}

function expect(words: readonly string[], count: number): Uint8Array | null {
  return words.length === count ? null : arityError(`client|${words[1]!.toLowerCase()}`);
}
