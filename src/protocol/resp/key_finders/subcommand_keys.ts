/**
 * Commands that are families of commands: the second word says which, and whether the third is a key.
 *
 * @module
 */
import type { KeyFinder } from "../../command_table.ts";
import type { RequestFrame } from "../../protocol.ts";
import { ALLOWED_ADMINISTRATION } from "../commands/reasons.ts";
import { refusalText } from "../commands/row.ts";
import { isWord } from "../decimal.ts";
import { arityError, byteErrorReply, errorReply, quotedWord } from "../replies.ts";

/** One member of a family. */
interface Subcommand {
  readonly name: Uint8Array;
  /** Words with both names; negative: at least that many. */
  readonly arity: number;
  /** Whether the third word is a key. */
  readonly hasKey: boolean;
  readonly arityError: Uint8Array;
  /** Why it is refused, as a whole reply, or null. */
  readonly refusal: Uint8Array | null;
}

const KEY_WORD = 2;
const encoder = new TextEncoder();

/** OBJECT. */
export const objectKeys: KeyFinder = family([
  member("object", "encoding", 3, true),
  member("object", "freq", 3, true),
  member("object", "help", 2, false),
  member("object", "idletime", 3, true),
  member("object", "refcount", 3, true),
]);

/** MEMORY: only USAGE speaks of a key. */
export const memoryKeys: KeyFinder = family([
  refused("memory", "doctor", 2),
  member("memory", "help", 2, false),
  refused("memory", "malloc-stats", 2),
  refused("memory", "purge", 2),
  refused("memory", "stats", 2),
  member("memory", "usage", -3, true),
]);

/** XINFO. */
export const streamInfoKeys: KeyFinder = family([
  member("xinfo", "consumers", 4, true),
  member("xinfo", "groups", 3, true),
  member("xinfo", "help", 2, false),
  member("xinfo", "stream", -3, true),
]);

/** XGROUP. */
export const streamGroupKeys: KeyFinder = family([
  member("xgroup", "create", -5, true),
  member("xgroup", "createconsumer", 5, true),
  member("xgroup", "delconsumer", 5, true),
  member("xgroup", "destroy", 4, true),
  member("xgroup", "help", 2, false),
  member("xgroup", "setid", -5, true),
]);

function member(command: string, name: string, arity: number, hasKey: boolean): Subcommand {
  return {
    name: encoder.encode(name),
    arity,
    hasKey,
    arityError: arityError(`${command}|${name}`),
    refusal: null,
  };
}

function refused(command: string, name: string, arity: number): Subcommand {
  const text = refusalText(`${command} ${name}`, ALLOWED_ADMINISTRATION);
  return { ...member(command, name, arity, false), refusal: errorReply(`ERR ${text}`) };
}

function family(members: readonly Subcommand[]): KeyFinder {
  return (frame, bytes) => findKey(frame, bytes, members);
}

function findKey(frame: RequestFrame, bytes: Uint8Array, members: readonly Subcommand[]): void {
  const start = frame.argumentStart(1);
  const end = frame.argumentEnd(1);
  for (const subcommand of members) {
    if (!isWord(bytes, start, end, subcommand.name)) continue;
    const { arity } = subcommand;
    const count = frame.argumentCount;
    if (arity < 0 ? count < -arity : count !== arity) frame.refusal = subcommand.arityError;
    else frame.refusal = subcommand.refusal;
    if (!subcommand.hasKey) return;
    frame.firstKey = KEY_WORD;
    frame.keyStep = 1;
    frame.keyCount = 1;
    return;
  }
  const family = frame.row!.name.toUpperCase();
  frame.refusal = byteErrorReply(
    `ERR unknown subcommand '${quotedWord(bytes, start, end)}'. Try ${family} HELP.`,
  );
}
