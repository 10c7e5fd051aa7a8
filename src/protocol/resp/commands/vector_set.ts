/**
 * Vector set commands, which came with Redis 8. Servers call any number of words right at first, so the arity here
 * is what their error for too few words goes by.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { forward, Read, Write } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** Vector set commands. */
export const vectorSetCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  forward("vadd",                  -5, Write,  1,  1,  1),
  forward("vcard",                  2, Read,   1,  1,  1),
  forward("vdim",                   2, Read,   1,  1,  1),
  forward("vemb",                  -3, Read,   1,  1,  1),
  forward("vgetattr",               3, Read,   1,  1,  1),
  forward("vinfo",                  2, Read,   1,  1,  1),
  forward("vismember",              3, Read,   1,  1,  1),
  forward("vlinks",                -3, Read,   1,  1,  1),
  forward("vrandmember",           -2, Read,   1,  1,  1),
  forward("vrange",                -4, Read,   1,  1,  1),
  forward("vrem",                   3, Write,  1,  1,  1),
  forward("vsetattr",               4, Write,  1,  1,  1),
  forward("vsim",                  -4, Read,   1,  1,  1),
];
