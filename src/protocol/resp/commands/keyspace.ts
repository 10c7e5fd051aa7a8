/**
 * Commands on keys of any type of Redis 7.0.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { memoryKeys, objectKeys } from "../key_finders/subcommand_keys.ts";
import { migrateKeys, sortKeys } from "../key_finders/option_keys.ts";
import { INTERNAL } from "./reasons.ts";
import {
  AllShards,
  AllSucceeded,
  barrier,
  Concatenated,
  everyShard,
  forward,
  local,
  moving,
  Read,
  refuse,
  split,
  Sum,
  Write,
} from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** Commands on keys of any type. */
export const keyspaceCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  forward("copy",                  -3, Write,  1,  2,  1),
  everyShard("dbsize",              1, Read,  Sum),
  split(  "del",                   -2, Write,  1, -1,  1, Sum),
  forward("dump",                   2, Read,   1,  1,  1),
  split(  "exists",                -2, Read,   1, -1,  1, Sum),
  forward("expire",                -3, Write,  1,  1,  1),
  forward("expireat",              -3, Write,  1,  1,  1),
  forward("expiretime",             2, Read,   1,  1,  1),
  everyShard("flushall",           -1, Write, AllSucceeded),
  everyShard("flushdb",            -1, Write, AllSucceeded),
  everyShard("keys",                2, Read,  Concatenated),
  moving( "memory",                -2, Read,   0,  0,  0, memoryKeys),
  moving( "migrate",               -6, Write,  3,  3,  1, migrateKeys),
  forward("move",                   3, Write,  1,  1,  1),
  moving( "object",                -2, Read,   0,  0,  0, objectKeys),
  forward("persist",                2, Write,  1,  1,  1),
  forward("pexpire",               -3, Write,  1,  1,  1),
  forward("pexpireat",             -3, Write,  1,  1,  1),
  forward("pexpiretime",            2, Read,   1,  1,  1),
  forward("pttl",                   2, Read,   1,  1,  1),
  barrier("randomkey",              1, Read | AllShards),
  forward("rename",                 3, Write,  1,  2,  1),
  forward("renamenx",               3, Write,  1,  2,  1),
  forward("restore",               -4, Write,  1,  1,  1),
  refuse( "restore-asking",        -4, Write,  1,  1,  1, INTERNAL),
  local(  "scan",                  -2, Read | AllShards),
  moving( "sort",                  -2, Write,  1,  1,  1, sortKeys),
  forward("sort_ro",               -2, Read,   1,  1,  1),
  everyShard("swapdb",              3, Write, AllSucceeded),
  split(  "touch",                 -2, Read,   1, -1,  1, Sum),
  forward("ttl",                    2, Read,   1,  1,  1),
  forward("type",                   2, Read,   1,  1,  1),
  split(  "unlink",                -2, Write,  1, -1,  1, Sum),
];
