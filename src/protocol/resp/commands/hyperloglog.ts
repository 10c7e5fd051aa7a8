/**
 * HyperLogLog commands of Redis 7.0.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { ADMINISTRATION } from "./reasons.ts";
import { forward, Read, refuse, Write } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** HyperLogLog commands. */
export const hyperloglogCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  forward("pfadd",                 -2, Write,  1,  1,  1),
  forward("pfcount",               -2, Read,   1, -1,  1),
  refuse( "pfdebug",                3, Write,  2,  2,  1, ADMINISTRATION),
  forward("pfmerge",               -2, Write,  1, -1,  1),
  refuse( "pfselftest",             1, 0,      0,  0,  0, ADMINISTRATION),
];
