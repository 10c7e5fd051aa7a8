/**
 * List commands of Redis 7.0.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { blockingPopKeys, popKeys } from "../key_finders/counted_keys.ts";
import { dedicated, forward, moving, Read, Write } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** List commands. */
export const listCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  dedicated("blmove",               6, Write,  1,  2,  1),
  dedicated("blmpop",              -5, Write,  0,  0,  0, blockingPopKeys),
  dedicated("blpop",               -3, Write,  1, -2,  1),
  dedicated("brpop",               -3, Write,  1, -2,  1),
  dedicated("brpoplpush",           4, Write,  1,  2,  1),
  forward("lindex",                 3, Read,   1,  1,  1),
  forward("linsert",                5, Write,  1,  1,  1),
  forward("llen",                   2, Read,   1,  1,  1),
  forward("lmove",                  5, Write,  1,  2,  1),
  moving( "lmpop",                 -4, Write,  0,  0,  0, popKeys),
  forward("lpop",                  -2, Write,  1,  1,  1),
  forward("lpos",                  -3, Read,   1,  1,  1),
  forward("lpush",                 -3, Write,  1,  1,  1),
  forward("lpushx",                -3, Write,  1,  1,  1),
  forward("lrange",                 4, Read,   1,  1,  1),
  forward("lrem",                   4, Write,  1,  1,  1),
  forward("lset",                   4, Write,  1,  1,  1),
  forward("ltrim",                  4, Write,  1,  1,  1),
  forward("rpop",                  -2, Write,  1,  1,  1),
  forward("rpoplpush",              3, Write,  1,  2,  1),
  forward("rpush",                 -3, Write,  1,  1,  1),
  forward("rpushx",                -3, Write,  1,  1,  1),
];
