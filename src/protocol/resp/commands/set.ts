/**
 * Set commands of Redis 7.0.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { cardinalityKeys } from "../key_finders/counted_keys.ts";
import { forward, moving, Read, Write } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** Set commands. */
export const setCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  forward("sadd",                  -3, Write,  1,  1,  1),
  forward("scard",                  2, Read,   1,  1,  1),
  forward("sdiff",                 -2, Read,   1, -1,  1),
  forward("sdiffstore",            -3, Write,  1, -1,  1),
  forward("sinter",                -2, Read,   1, -1,  1),
  moving( "sintercard",            -3, Read,   0,  0,  0, cardinalityKeys),
  forward("sinterstore",           -3, Write,  1, -1,  1),
  forward("sismember",              3, Read,   1,  1,  1),
  forward("smembers",               2, Read,   1,  1,  1),
  forward("smismember",            -3, Read,   1,  1,  1),
  forward("smove",                  4, Write,  1,  2,  1),
  forward("spop",                  -2, Write,  1,  1,  1),
  forward("srandmember",           -2, Read,   1,  1,  1),
  forward("srem",                  -3, Write,  1,  1,  1),
  forward("sscan",                 -3, Read,   1,  1,  1),
  forward("sunion",                -2, Read,   1, -1,  1),
  forward("sunionstore",           -3, Write,  1, -1,  1),
];
