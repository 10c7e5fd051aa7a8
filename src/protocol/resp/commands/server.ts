/**
 * Commands about servers of Redis 7.0.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import {
  ADMINISTRATION,
  ALLOWED_ADMINISTRATION,
  MONITORING,
  SCANNING,
  SLOW_LOGS,
} from "./reasons.ts";
import { everyShard, Least, local, Read, refuse } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** Commands about servers. */
export const serverCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  refuse( "acl",                   -2, 0,      0,  0,  0, ALLOWED_ADMINISTRATION),
  refuse( "bgrewriteaof",           1, 0,      0,  0,  0, ADMINISTRATION),
  refuse( "bgsave",                -1, 0,      0,  0,  0, ADMINISTRATION),
  local(  "client",                -2),
  local(  "cluster",               -2),
  refuse( "clusterscan",           -2, 0,      0,  0,  0, SCANNING),
  refuse( "commandlog",            -2, 0,      0,  0,  0, ADMINISTRATION),
  refuse( "config",                -2, 0,      0,  0,  0, ALLOWED_ADMINISTRATION),
  refuse( "debug",                 -2, 0,      0,  0,  0, ALLOWED_ADMINISTRATION),
  refuse( "failover",              -1, 0,      0,  0,  0, ADMINISTRATION),
  local(  "info",                  -1),
  everyShard("lastsave",            1, 0,     Least),
  refuse( "latency",               -2, 0,      0,  0,  0, ALLOWED_ADMINISTRATION),
  local(  "lolwut",                -1, Read),
  refuse( "module",                -2, 0,      0,  0,  0, ALLOWED_ADMINISTRATION),
  refuse( "monitor",                1, 0,      0,  0,  0, MONITORING),
  refuse( "psync",                 -3, 0,      0,  0,  0, ADMINISTRATION),
  refuse( "replconf",              -1, 0,      0,  0,  0, ADMINISTRATION),
  refuse( "replicaof",              3, 0,      0,  0,  0, ADMINISTRATION),
  refuse( "role",                   1, 0,      0,  0,  0, ADMINISTRATION),
  refuse( "save",                   1, 0,      0,  0,  0, ADMINISTRATION),
  refuse( "shutdown",              -1, 0,      0,  0,  0, ADMINISTRATION),
  refuse( "slaveof",                3, 0,      0,  0,  0, ADMINISTRATION),
  refuse( "slowlog",               -2, 0,      0,  0,  0, SLOW_LOGS),
  refuse( "sync",                   1, 0,      0,  0,  0, ADMINISTRATION),
  local(  "time",                   1),
];
