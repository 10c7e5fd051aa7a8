/**
 * The operations of the binary protocol as rows of a table. The name of a quiet form ends in `q`.
 *
 * Only what memcached knows is here. It skips the extras and the key of an unknown operation twice: over a shared
 * connection the second time they would be another client's request. So Verbosity, which is specified but unknown to
 * memcached, is answered here as any unknown operation is.
 *
 * @module
 */
import {
  Action,
  type ActionCode,
  CommandFlag,
  type CommandRow,
  createCommandTable,
  Merge,
} from "../../command_table.ts";
import type { Answered, BinaryHandlerId } from "../answered.ts";

/** Operations that are spoken of elsewhere. */
export const Operation = {
  Get: 0x00,
  Noop: 0x0a,
  Version: 0x0b,
  Stat: 0x10,
  SaslList: 0x20,
  SaslAuth: 0x21,
  SaslStep: 0x22,
} as const;

/** What a request's packet has to look like. */
export const PacketForm = {
  /** A key and nothing else. */
  Key: 0,
  /** 8 bytes of extras, a key, a value. */
  Storage: 1,
  /** A key and a value. */
  KeyValue: 2,
  /** 20 bytes of extras and a key. */
  Arithmetic: 3,
  /** 4 bytes of extras and a key. */
  Touch: 4,
  /** No body at all. */
  Empty: 5,
  /** 4 bytes of extras, or none. */
  Delay: 6,
  /** A key, or none. */
  OptionalKey: 7,
} as const;
/** One of the values of {@link PacketForm}. */
export type PacketFormCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** Operations have one byte. */
const OPERATIONS = 256;
const NONE = -1;

const { Read, Unlimited, Write } = CommandFlag;
const { Forward, EveryShard, Local } = Action;
const { Key, Storage, KeyValue, Arithmetic, Touch, Empty, Delay, OptionalKey } = PacketForm;

type Definition = readonly [
  operation: number,
  name: string,
  flags: number,
  action: ActionCode,
  form: PacketFormCode,
  /** The operation that it is a quiet form of. */
  loud?: number,
  /** Who answers it here. */
  answer?: Answered<BinaryHandlerId>,
];

// deno-fmt-ignore
const definitions: readonly Definition[] = [
  [0x00, "get",       Read,  Forward,    Key],
  [0x01, "set",       Write, Forward,    Storage],
  [0x02, "add",       Write, Forward,    Storage],
  [0x03, "replace",   Write, Forward,    Storage],
  [0x04, "delete",    Write, Forward,    Key],
  [0x05, "increment", Write, Forward,    Arithmetic],
  [0x06, "decrement", Write, Forward,    Arithmetic],
  [0x07, "quit",      Unlimited, Local,      Empty,      NONE, { handler: "quit",
    text: "the connection is closed behind all replies that are due, this one's included" }],
  [0x08, "flush",     Write, EveryShard, Delay],
  [0x09, "getq",      Read,  Forward,    Key,        0x00],
  [0x0a, "noop",      Unlimited, Local,      Empty,      NONE, { handler: "noop",
    text: "behind the replies to all earlier requests" }],
  [0x0b, "version",   0,     Local,      Empty,      NONE, { handler: "version",
    text: "as `version`" }],
  [0x0c, "getk",      Read,  Forward,    Key],
  [0x0d, "getkq",     Read,  Forward,    Key,        0x0c],
  [0x0e, "append",    Write, Forward,    KeyValue],
  [0x0f, "prepend",   Write, Forward,    KeyValue],
  [0x10, "stat",      0,     Local,      OptionalKey, NONE, { handler: "stat",
    text: "as `stats`" }],
  [0x11, "setq",      Write, Forward,    Storage,    0x01],
  [0x12, "addq",      Write, Forward,    Storage,    0x02],
  [0x13, "replaceq",  Write, Forward,    Storage,    0x03],
  [0x14, "deleteq",   Write, Forward,    Key,        0x04],
  [0x15, "incrementq", Write, Forward,   Arithmetic, 0x05],
  [0x16, "decrementq", Write, Forward,   Arithmetic, 0x06],
  [0x17, "quitq",     Unlimited, Local,      Empty,      NONE, { handler: "quitq",
    text: "the connection is closed behind all replies that are due" }],
  [0x18, "flushq",    Write, EveryShard, Delay,      0x08],
  [0x19, "appendq",   Write, Forward,    KeyValue,   0x0e],
  [0x1a, "prependq",  Write, Forward,    KeyValue,   0x0f],
  [0x1c, "touch",     Write, Forward,    Touch],
  [0x1d, "gat",       Write, Forward,    Touch],
  [0x1e, "gatq",      Write, Forward,    Touch,      0x1d],
  [0x20, "sasl_list", Unlimited, Local,      Empty,      NONE, { handler: "sasl_list",
    text: "`PLAIN`; without users an unknown command, as at a server without SASL" }],
  [0x21, "sasl_auth", Unlimited, Local,      KeyValue,   NONE, { handler: "sasl_refused",
    text: "`PLAIN`, against `password` or `auth` of the configuration" }],
  [0x22, "sasl_step", Unlimited, Local,      KeyValue,   NONE, { handler: "sasl_refused",
    text: "refused: `PLAIN` needs one step" }],
  [0x23, "gatk",      Write, Forward,    Touch],
  [0x24, "gatkq",     Write, Forward,    Touch,      0x23],
];

/** The rows above, in the order of their operations. */
export const binaryRows: readonly CommandRow[] = createCommandTable(
  definitions.map(([_operation, name, flags, action, form, _loud, answer]) => {
    const keyIndex = action === Forward ? 1 : 0;
    const isOptional = form === OptionalKey || form === Delay || form === Empty;
    return {
      name,
      arity: isOptional ? -1 : -2,
      flags,
      action,
      firstKey: keyIndex,
      lastKey: keyIndex,
      keyStep: 1,
      keyFinder: null,
      merge: action === EveryShard ? Merge.AllSucceeded : Merge.None,
      refusal: null,
      handler: answer?.handler ?? null,
    };
  }),
).rows;

const indexes = new Int16Array(OPERATIONS).fill(NONE);
const louds = new Int16Array(OPERATIONS).fill(NONE);
for (const [index, [operation, , , , , loud]] of definitions.entries()) {
  indexes[operation] = index;
  louds[operation] = loud ?? NONE;
}

/** The row of an operation, or null. */
export function rowOf(operation: number): CommandRow | null {
  const index = indexes[operation]!;
  return index === NONE ? null : binaryRows[index]!;
}

/** What the packet of a row's request looks like. */
export function packetFormOf(row: CommandRow): PacketFormCode {
  return definitions[row.index]![4];
}

/** What docs/commands.md says of the answer to a row's request, if the proxy answers it. */
export function answerTextOf(row: CommandRow): string | null {
  return definitions[row.index]![6]?.text ?? null;
}

/** The operation of a row. */
export function operationOf(row: CommandRow): number {
  return definitions[row.index]![0];
}

/** The operation that this one is the quiet form of, or -1. */
export function loudOf(operation: number): number {
  return louds[operation]!;
}
