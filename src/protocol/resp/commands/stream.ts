/**
 * Stream commands of Redis 7.0 and of later versions.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { streamGroupKeys, streamInfoKeys } from "../key_finders/subcommand_keys.ts";
import { streamKeys } from "../key_finders/option_keys.ts";
import { dedicated, forward, moving, Read, Write } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** Stream commands. */
export const streamCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  forward("xack",                  -4, Write,  1,  1,  1),
  forward("xackdel",               -6, Write,  1,  1,  1),
  forward("xadd",                  -5, Write,  1,  1,  1),
  forward("xautoclaim",            -6, Write,  1,  1,  1),
  forward("xclaim",                -6, Write,  1,  1,  1),
  forward("xdel",                  -3, Write,  1,  1,  1),
  forward("xdelex",                -5, Write,  1,  1,  1),
  moving( "xgroup",                -2, Write,  0,  0,  0, streamGroupKeys),
  moving( "xinfo",                 -2, Read,   0,  0,  0, streamInfoKeys),
  forward("xlen",                   2, Read,   1,  1,  1),
  forward("xpending",              -3, Read,   1,  1,  1),
  forward("xrange",                -4, Read,   1,  1,  1),
  moving( "xread",                 -4, Read,   0,  0,  0, streamKeys),
  dedicated("xread|block",         -4, Read,   0,  0,  0, streamKeys),
  dedicated("xreadgroup|block",    -7, Write,  0,  0,  0, streamKeys),
  moving( "xreadgroup",            -7, Write,  0,  0,  0, streamKeys),
  forward("xrevrange",             -4, Read,   1,  1,  1),
  forward("xsetid",                -3, Write,  1,  1,  1),
  forward("xtrim",                 -4, Write,  1,  1,  1),
];
