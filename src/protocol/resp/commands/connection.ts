/**
 * Connection and transaction commands of Redis 7.0.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { INTERNAL } from "./reasons.ts";
import { barrier, dedicated, local, refuse } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** Connection and transaction commands. */
export const connectionCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  refuse( "asking",                 1, 0,      0,  0,  0, INTERNAL),
  local(  "auth",                  -2),
  local(  "command",               -1),
  local(  "discard",                1),
  local(  "echo",                   2),
  local(  "exec",                   1),
  barrier("hello",                 -1),
  local(  "multi",                  1),
  local(  "ping",                  -1),
  local(  "quit",                  -1),
  local(  "readonly",               1),
  local(  "readwrite",              1),
  barrier("reset",                  1),
  barrier("select",                 2),
  barrier("unwatch",                1),
  local(  "wait",                   3),
  local(  "waitaof",                4),
  dedicated("watch",               -2, 0,      1, -1,  1),
];
