/**
 * Which clients CLIENT LIST and CLIENT KILL mean: Redis's filters, as plain data that other workers understand.
 *
 * @module
 */
import { byteErrorReply, errorReply } from "../protocol/resp/replies.ts";
import { readInteger } from "./integer.ts";
import { shown } from "./reply_builder.ts";

/** What a client must be; null: it does not matter. */
export interface ClientFilter {
  ids: number[] | null;
  type: string | null;
  address: string | null;
  localAddress: string | null;
  user: string | null;
  /** The client that asked, where it means all but itself. */
  exceptId: number | null;
}

/** What a filter looks at. */
export interface FilteredClient {
  readonly id: number;
  readonly type: string;
  readonly address: string;
  readonly localAddress: string;
  readonly user: string;
}

/** Matches every client. */
export const EVERY_CLIENT: ClientFilter = {
  ids: null,
  type: null,
  address: null,
  localAddress: null,
  user: null,
  exceptId: null,
};

const SYNTAX_ERROR = errorReply("ERR syntax error");
const INVALID_ID = errorReply("ERR Invalid client ID");
const ID_TOO_SMALL = errorReply("ERR client-id should be greater than 0");
const CLIENT_TYPES = ["normal", "master", "replica", "slave", "pubsub"];

/** Whether a client is meant. */
export function matchesFilter(client: FilteredClient, filter: ClientFilter): boolean {
  return (filter.ids === null || filter.ids.includes(client.id)) &&
    (filter.type === null || filter.type === client.type) &&
    (filter.address === null || filter.address === client.address) &&
    (filter.localAddress === null || filter.localAddress === client.localAddress) &&
    (filter.user === null || filter.user === client.user) &&
    filter.exceptId !== client.id;
}

/**
 * Reads the words behind CLIENT LIST.
 *
 * @returns The filter, or the error that answers the request.
 */
export function listFilter(words: readonly string[]): ClientFilter | Uint8Array {
  if (words.length === 0) return EVERY_CLIENT;
  const option = words[0]!.toLowerCase();
  if (option === "type" && words.length === 2) return typeFilter(words[1]!);
  if (option !== "id" || words.length < 2) return SYNTAX_ERROR;
  const ids = words.slice(1).map(readInteger);
  if (ids.includes(null)) return INVALID_ID;
  return { ...EVERY_CLIENT, ids: ids.map(Number) };
}

/**
 * Reads the words behind CLIENT KILL, of which there are at least two.
 *
 * @param ownId The client that asks: it is spared unless it says SKIPME no.
 * @returns The filter, or the error that answers the request.
 */
export function killFilter(words: readonly string[], ownId: number): ClientFilter | Uint8Array {
  if (words.length % 2 !== 0) return SYNTAX_ERROR;
  let filter: ClientFilter = { ...EVERY_CLIENT, exceptId: ownId };
  for (let index = 0; index < words.length; index += 2) {
    const part = killPart(words[index]!.toLowerCase(), words[index + 1]!, ownId);
    if (part instanceof Uint8Array) return part;
    filter = { ...filter, ...part };
  }
  return filter;
}

function killPart(
  option: string,
  value: string,
  ownId: number,
): Partial<ClientFilter> | Uint8Array {
  switch (option) {
    case "id": {
      const id = readInteger(value);
      return id === null || id < 1n ? ID_TOO_SMALL : { ids: [Number(id)] };
    }
    case "type": {
      const filter = typeFilter(value);
      return filter instanceof Uint8Array ? filter : { type: filter.type };
    }
    case "addr":
      return { address: value };
    case "laddr":
      return { localAddress: value };
    case "user":
      return { user: value };
    case "skipme":
      if (!/^(yes|no)$/i.test(value)) return SYNTAX_ERROR;
      return { exceptId: value.toLowerCase() === "yes" ? ownId : null };
    default:
      return SYNTAX_ERROR;
  }
}

function typeFilter(word: string): ClientFilter | Uint8Array {
  const type = word.toLowerCase();
  if (!CLIENT_TYPES.includes(type)) {
    return byteErrorReply(`ERR Unknown client type '${shown(word)}'`);
  }
  return { ...EVERY_CLIENT, type: type === "slave" ? "replica" : type };
}
