/**
 * CLIENT: what libraries say of themselves when they connect. It concerns the client's connection to the
 * proxy; nothing of it reaches a backend, whose connections many clients share.
 *
 * @module
 */
import {
  arityError,
  bulkReply,
  errorReply,
  integerReply,
  OK_REPLY,
} from "../protocol/resp/replies.ts";
import type { LocalClient } from "../session/features.ts";
import type { LocalRequest } from "./local.ts";
import { nullReply, shown, unknownSubcommandReply } from "./reply_builder.ts";

/** Names given by CLIENT SETNAME and HELLO SETNAME. */
export type ClientNames = WeakMap<LocalClient, string>;

/** Answers CLIENT with its subcommand. */
export function clientAnswer(request: LocalRequest, names: ClientNames): Uint8Array {
  const { client, words } = request;
  const subcommand = words[1]!.toLowerCase();
  switch (subcommand) {
    case "id":
      return expect(words, 2) ?? integerReply(client.id);
    case "getname":
      return expect(words, 2) ?? nameReply(client, names);
    case "setname":
      return expect(words, 3) ?? setName(client, names, words[2]!);
    case "setinfo":
      return expect(words, 4) ?? setInfo(words[2]!, words[3]!);
    case "no-evict":
    case "no-touch":
      return expect(words, 3) ?? onOrOff(words[2]!);
    case "tracking":
    case "caching":
      return errorReply(
        `ERR CLIENT ${subcommand.toUpperCase()} is not supported: ` +
          "invalidations cannot follow a client over shared connections",
      );
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
  if (!/^[!-~]*$/.test(name)) {
    return errorReply(
      "ERR Client names cannot contain spaces, newlines or special characters.",
    );
  }
  if (name === "") names.delete(client);
  else names.set(client, name);
  return OK_REPLY;
}

function nameReply(client: LocalClient, names: ClientNames): Uint8Array {
  const name = names.get(client);
  return name === undefined ? nullReply(client.profiles.master.version) : bulkReply(name);
}

function setInfo(attribute: string, value: string): Uint8Array {
  const name = attribute.toLowerCase();
  if (name !== "lib-name" && name !== "lib-ver") {
    return errorReply(`ERR Unrecognized option '${shown(attribute)}'`);
  }
  if (!/^[!-~]*$/.test(value)) {
    return errorReply(`ERR ${name} cannot contain spaces, newlines or special characters.`);
  }
  return OK_REPLY;
}

function onOrOff(word: string): Uint8Array {
  return /^(on|off)$/i.test(word) ? OK_REPLY : errorReply("ERR syntax error");
}

function expect(words: readonly string[], count: number): Uint8Array | null {
  return words.length === count ? null : arityError(`client|${words[1]!.toLowerCase()}`);
}
