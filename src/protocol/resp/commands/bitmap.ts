/**
 * Bitmap commands of Redis 7.0.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { forward, Read, Write } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** Bitmap commands. */
export const bitmapCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  forward("bitcount",              -2, Read,   1,  1,  1),
  forward("bitfield",              -2, Write,  1,  1,  1),
  forward("bitfield_ro",           -2, Read,   1,  1,  1),
  forward("bitop",                 -4, Write,  2, -1,  1),
  forward("bitpos",                -3, Read,   1,  1,  1),
  forward("getbit",                 3, Read,   1,  1,  1),
  forward("setbit",                 4, Write,  1,  1,  1),
];
