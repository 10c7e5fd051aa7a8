/**
 * Commands that are families of commands: the second word says which, and whether the third is a key.
 *
 * @module
 */
import type { KeyFinder } from "../../command_table.ts";
import type { RequestFrame } from "../../protocol.ts";
import type { CommandDescription } from "../commands/catalogue.ts";
import { refusalText } from "../commands/reasons.ts";
import { isWord } from "../decimal.ts";
import { arityError, byteErrorReply, errorReply, quotedWord } from "../write/replies.ts";

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

/** The key finder of a command that is a family: its subcommands' records say which of them have a key. */
export function subcommandKeys({ subcommands }: CommandDescription): KeyFinder {
  const members = subcommands.map(member);
  return (frame, bytes) => findKey(frame, bytes, members);
}

function member({ name, arity, firstKey, route }: CommandDescription): Subcommand {
  const [command, subcommand] = name.split("|") as [string, string];
  const { reason } = route;
  return {
    name: encoder.encode(subcommand),
    arity,
    hasKey: firstKey === KEY_WORD,
    arityError: arityError(name),
    refusal: reason === null
      ? null
      : errorReply(`ERR ${refusalText(`${command} ${subcommand}`, reason)}`),
  };
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
