/**
 * String commands of Redis 7.0 and of later versions.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { pairKeys } from "../key_finders/counted_keys.ts";
import { AllSucceeded, Elements, forward, moving, Read, split, Write } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** String commands. */
export const stringCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  forward("append",                 3, Write,  1,  1,  1),
  forward("decr",                   2, Write,  1,  1,  1),
  forward("decrby",                 3, Write,  1,  1,  1),
  forward("delex",                 -2, Write,  1,  1,  1),
  forward("delifeq",                3, Write,  1,  1,  1),
  forward("digest",                 2, Read,   1,  1,  1),
  forward("get",                    2, Read,   1,  1,  1),
  forward("getdel",                 2, Write,  1,  1,  1),
  forward("getex",                 -2, Write,  1,  1,  1),
  forward("getrange",               4, Read,   1,  1,  1),
  forward("getset",                 3, Write,  1,  1,  1),
  forward("incr",                   2, Write,  1,  1,  1),
  forward("incrby",                 3, Write,  1,  1,  1),
  forward("incrbyfloat",            3, Write,  1,  1,  1),
  forward("lcs",                   -3, Read,   1,  2,  1),
  split(  "mget",                  -2, Read,   1, -1,  1, Elements),
  split(  "mset",                  -3, Write,  1, -1,  2, AllSucceeded),
  moving( "msetex",                -4, Write,  0,  0,  0, pairKeys),
  forward("msetnx",                -3, Write,  1, -1,  2),
  forward("psetex",                 4, Write,  1,  1,  1),
  forward("set",                   -3, Write,  1,  1,  1),
  forward("setex",                  4, Write,  1,  1,  1),
  forward("setnx",                  3, Write,  1,  1,  1),
  forward("setrange",               4, Write,  1,  1,  1),
  forward("strlen",                 2, Read,   1,  1,  1),
  forward("substr",                 4, Read,   1,  1,  1),
];
