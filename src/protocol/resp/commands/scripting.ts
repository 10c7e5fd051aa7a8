/**
 * Script and function commands of Redis 7.0.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { functionKeys, scriptKeys } from "../key_finders/counted_keys.ts";
import { AllShards, local, moving, Read, Script, Write } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** Script and function commands. */
export const scriptingCommands: readonly CommandDefinition[] = [
  //       name                 arity flags           first last step
  moving( "eval",                  -3, Write | Script,  0,  0,  0, scriptKeys),
  moving( "eval_ro",               -3, Read  | Script,  0,  0,  0, scriptKeys),
  moving( "evalsha",               -3, Write | Script,  0,  0,  0, scriptKeys),
  moving( "evalsha_ro",            -3, Read  | Script,  0,  0,  0, scriptKeys),
  moving( "fcall",                 -3, Write | Script,  0,  0,  0, functionKeys),
  moving( "fcall_ro",              -3, Read  | Script,  0,  0,  0, functionKeys),
  local(  "function",              -2, AllShards),
  local(  "script",                -2, AllShards),
];
