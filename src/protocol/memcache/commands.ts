/**
 * The memcache commands as rows. Names are lower case and nothing else, as memcached has them. What
 * a row's line looks like is its {@link LineForm}; the text of a refusal says why.
 *
 * @module
 */
import {
  Action,
  type ActionCode,
  type CommandDefinition,
  CommandFlag,
  type CommandRow,
  type CommandTable,
  createCommandTable,
  Merge,
  type MergeCode,
} from "../command_table.ts";
import type { Answered, TextHandlerId } from "./answered.ts";
import { encodeText, isText } from "./ascii.ts";

/** The shapes of request lines. `[noreply]` may stand where the server allows it. */
export const LineForm = {
  /** `get <key>*` */
  Keys: 0,
  /** `gat <exptime> <key>*` */
  TouchKeys: 1,
  /** `set <key> <flags> <exptime> <bytes> [noreply]`, then the data block. */
  Storage: 2,
  /** `cas <key> <flags> <exptime> <bytes> <cas unique> [noreply]`, then the data block. */
  CompareAndSwap: 3,
  /** `delete <key> [0] [noreply]` */
  Delete: 4,
  /** `incr <key> <delta> [noreply]` */
  Arithmetic: 5,
  /** `touch <key> <exptime> [noreply]` */
  Touch: 6,
  /** `verbosity <level> [<anything>] [noreply]` */
  Verbosity: 7,
  /** Any words, never quiet. */
  Free: 8,
  /** Any words; quiet with `noreply` at the end. */
  FreeQuiet: 9,
  /** `ms <key> <bytes> <flag>*`, then the data block. */
  MetaSet: 10,
  /** `flush_all [<delay>] [<anything>] [noreply]` */
  FlushAll: 11,
  /** `mg <key> <flag>*` */
  MetaGet: 12,
  /** `md <key> <flag>*` */
  MetaDelete: 13,
  /** `ma <key> <flag>*` */
  MetaArithmetic: 14,
  /** `me <key> [b]` */
  MetaDebug: 15,
} as const;
/** One of the values of {@link LineForm}. */
export type LineFormCode = typeof LineForm[keyof typeof LineForm];

/** Why commands are refused. */
const ONE_SERVER = "it concerns a single server";
const ENDS = "it would end a server";

const { Read, Unlimited, Write } = CommandFlag;
const { Forward, ForwardApart, Split, EveryShard, Local, Refuse } = Action;
const { AllSucceeded, Values, None } = Merge;
const { Keys, TouchKeys, Storage, CompareAndSwap, Delete, Arithmetic, Touch } = LineForm;
const { Verbosity, Free, FreeQuiet, FlushAll } = LineForm;
const { MetaGet, MetaSet, MetaDelete, MetaArithmetic, MetaDebug } = LineForm;

type Definition = readonly [
  name: string,
  arity: number,
  flags: number,
  action: ActionCode,
  firstKey: number,
  lastKey: number,
  merge: MergeCode,
  form: LineFormCode,
  /** Why it is refused, or who answers it here; null for commands that servers answer. */
  more: string | Answered<TextHandlerId> | null,
];

// deno-fmt-ignore
const definitions: readonly Definition[] = [
  // name         arity flags  action   keys   merge   form            reason of a refusal, or answer
  ["get",             -2, Read,  Split,   1, -1, Values, Keys,           null],
  ["gets",            -2, Read,  Split,   1, -1, Values, Keys,           null],
  ["gat",             -3, Write, Split,   2, -1, Values, TouchKeys,      null],
  ["gats",            -3, Write, Split,   2, -1, Values, TouchKeys,      null],
  ["set",             -5, Write, Forward, 1,  1, None,   Storage,        null],
  ["add",             -5, Write, Forward, 1,  1, None,   Storage,        null],
  ["replace",         -5, Write, Forward, 1,  1, None,   Storage,        null],
  ["append",          -5, Write, Forward, 1,  1, None,   Storage,        null],
  ["prepend",         -5, Write, Forward, 1,  1, None,   Storage,        null],
  ["cas",             -6, Write, Forward, 1,  1, None,   CompareAndSwap, null],
  ["delete",          -2, Write, Forward, 1,  1, None,   Delete,         null],
  ["incr",            -3, Write, Forward, 1,  1, None,   Arithmetic,     null],
  ["decr",            -3, Write, Forward, 1,  1, None,   Arithmetic,     null],
  ["touch",           -3, Write, Forward, 1,  1, None,   Touch,          null],
  ["version",         -1, 0,     Local,   0,  0, None,   Free,           { handler: "version",
    text: "the least of the servers', see [decision 0009](decisions/0009-reported-memcache-version.md)" }],
  ["quit",        -1, Unlimited, Local,   0,  0, None,   Free,           { handler: "quit",
    text: "the connection is closed behind all replies that are due" }],
  ["stats",           -1, 0,     Local,   0,  0, None,   Free,           { handler: "stats",
    text: "of all servers as of one; `items`, `slabs`, `sizes`, `settings` and `conns` also of one " +
      "server, by its name or address behind them; `proxy`: of the proxy itself; `slowlog`: the requests that took long, `hotkeys`: the keys " +
      "that are asked for most, both begin anew with `reset` behind them; `reset`, `detail` " +
      "and `cachedump` at every server" }],
  ["verbosity",  -2, Write, EveryShard, 0, 0, AllSucceeded, Verbosity,   null],
  ["flush_all",  -1, Write, EveryShard, 0, 0, AllSucceeded, FlushAll,    null],
  ["mg",              -2, Read,  ForwardApart, 1, 1, None, MetaGet,      null],
  ["ms",              -3, Write, ForwardApart, 1, 1, None, MetaSet,      null],
  ["md",              -2, Write, ForwardApart, 1, 1, None, MetaDelete,   null],
  ["ma",              -2, Write, ForwardApart, 1, 1, None, MetaArithmetic, null],
  ["me",              -2, Read,  ForwardApart, 1, 1, None, MetaDebug,    null],
  ["mn",          -1, Unlimited, Local,   0,  0, None,   Free,           { handler: "mn",
    text: "`MN`, behind the replies to all earlier requests" }],
  ["cache_memlimit",  -1, 0,     Refuse,  0,  0, None,   FreeQuiet,      ONE_SERVER],
  ["slabs",           -1, 0,     Refuse,  0,  0, None,   FreeQuiet,      ONE_SERVER],
  ["lru",             -1, 0,     Refuse,  0,  0, None,   FreeQuiet,      ONE_SERVER],
  ["lru_crawler",     -1, 0,     Refuse,  0,  0, None,   Free,           ONE_SERVER],
  ["extstore",        -1, 0,     Refuse,  0,  0, None,   FreeQuiet,      ONE_SERVER],
  ["watch",           -1, 0,     Refuse,  0,  0, None,   FreeQuiet,      ONE_SERVER],
  ["refresh_certs",   -1, 0,     Refuse,  0,  0, None,   FreeQuiet,      ONE_SERVER],
  ["debugtime",       -1, 0,     Refuse,  0,  0, None,   FreeQuiet,      ONE_SERVER],
  ["shutdown",        -1, 0,     Refuse,  0,  0, None,   Free,           ENDS],
];

/** The rows above. */
export class MemcacheCommands implements CommandTable {
  readonly rows: readonly CommandRow[];
  readonly #table: CommandTable = createCommandTable(definitions.map(toDefinition));
  readonly #names: readonly Uint8Array[];
  readonly #forms: Uint8Array = Uint8Array.from(definitions, (definition) => definition[7]);

  constructor() {
    this.rows = this.#table.rows;
    this.#names = this.rows.map((row) => encodeText(row.name));
  }

  find(bytes: Uint8Array, start: number, end: number): CommandRow | null {
    const row = this.#table.find(bytes, start, end);
    // The table knows names in either case; memcached does not.
    return row === null || isText(bytes, start, end, this.#names[row.index]!) ? row : null;
  }

  /** What docs/commands.md says of the answer to a row's line, if the proxy answers it. */
  answerText(row: CommandRow): string | null {
    const more = definitions[row.index]![8];
    return typeof more === "string" ? null : more?.text ?? null;
  }

  /** What the row's line looks like. */
  formOf(row: CommandRow): LineFormCode {
    return this.#forms[row.index] as LineFormCode;
  }
}

function toDefinition(definition: Definition): CommandDefinition {
  const [name, arity, flags, action, firstKey, lastKey, merge, _form, more] = definition;
  return {
    name,
    arity,
    flags,
    action,
    firstKey,
    lastKey,
    keyStep: 1,
    keyFinder: null,
    merge,
    refusal: typeof more === "string" ? `${name} is not supported by this proxy: ${more}` : null,
    handler: typeof more === "string" ? null : more?.handler ?? null,
  };
}
