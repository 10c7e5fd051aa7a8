/**
 * What a server says of commands, by COMMAND INFO: the flags, arities and places of keys of its own version. Of a
 * command's subcommands only those are passed on that the proxy serves.
 *
 * @module
 */
import { concatenate } from "../../bytes/copy.ts";
import { ReplyReader } from "../../protocol/resp/parse/reply_reader.ts";
import { Type } from "../../protocol/resp/type.ts";

/** Descriptions by full name, as replies. */
export type Descriptions = ReadonlyMap<string, Uint8Array>;

/** Elements of a description in front of its subcommands. Servers before 7.0 have fewer, and no subcommands. */
const ELEMENTS_BEFORE_SUBCOMMANDS = 9;
/** The place of the categories among the elements. */
const CATEGORIES = 6;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Reads the reply to COMMAND INFO.
 *
 * @param names What was asked for, in the order of the reply.
 * @param own What the proxy says of these names itself: of those that the server does not know.
 * @returns The descriptions, or null where the reply is something else.
 */
export function readDescriptions(
  names: readonly string[],
  own: Descriptions,
  bytes: Uint8Array,
  start: number,
  end: number,
): Descriptions | null {
  const reader = new ReplyReader(bytes, start, end);
  if (reader.readArray() !== names.length) return null;
  const theirs = new Map<string, Uint8Array>();
  for (const name of names) {
    const begin = reader.position;
    if (!reader.skip()) return null;
    const isKnown = bytes[begin] === Type.Array && bytes[begin + 1] !== MINUS;
    theirs.set(name, isKnown ? bytes.slice(begin, reader.position) : own.get(name)!);
  }
  const byCommand = Map.groupBy(
    names.filter((name) => name.includes("|")),
    (name) => name.slice(0, name.indexOf("|")),
  );
  for (const [command, subcommands] of byCommand) {
    const description = theirs.get(command);
    if (description === undefined) continue;
    const described = subcommands.map((name) => theirs.get(name)!);
    theirs.set(command, withSubcommands(description, described));
  }
  return theirs;
}

/** Whether the command of a description is of a category such as `@read`. */
export function isOfCategory(description: Uint8Array, category: string): boolean {
  const reader = new ReplyReader(description, 0, description.length);
  reader.readArray();
  for (let element = 0; element < CATEGORIES; element++) reader.skip();
  const start = reader.position;
  reader.skip();
  const categories = decoder.decode(description.subarray(start, reader.position));
  return categories.split("\r\n").includes(`+${category}`);
}

const MINUS = 0x2d;

function withSubcommands(
  description: Uint8Array,
  subcommands: readonly Uint8Array[],
): Uint8Array {
  const reader = new ReplyReader(description, 0, description.length);
  if (reader.readArray() <= ELEMENTS_BEFORE_SUBCOMMANDS) return description;
  for (let element = 0; element < ELEMENTS_BEFORE_SUBCOMMANDS; element++) reader.skip();
  const { position } = reader;
  const type = String.fromCharCode(description[position]!);
  return concatenate([
    description.subarray(0, position),
    encoder.encode(`${type}${subcommands.length}\r\n`),
    ...subcommands,
  ]);
}
