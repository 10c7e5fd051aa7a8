/**
 * Hash commands of Redis 7.0 and of later versions, which let single fields expire.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import { forward, Read, Write } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** Hash commands. */
export const hashCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  forward("hdel",                  -3, Write,  1,  1,  1),
  forward("hexists",                3, Read,   1,  1,  1),
  forward("hexpire",               -6, Write,  1,  1,  1),
  forward("hexpireat",             -6, Write,  1,  1,  1),
  forward("hexpiretime",           -5, Read,   1,  1,  1),
  forward("hget",                   3, Read,   1,  1,  1),
  forward("hgetall",                2, Read,   1,  1,  1),
  forward("hgetdel",               -5, Write,  1,  1,  1),
  forward("hgetex",                -5, Write,  1,  1,  1),
  forward("hincrby",                4, Write,  1,  1,  1),
  forward("hincrbyfloat",           4, Write,  1,  1,  1),
  forward("hkeys",                  2, Read,   1,  1,  1),
  forward("hlen",                   2, Read,   1,  1,  1),
  forward("hmget",                 -3, Read,   1,  1,  1),
  forward("hmset",                 -4, Write,  1,  1,  1),
  forward("hpersist",              -5, Write,  1,  1,  1),
  forward("hpexpire",              -6, Write,  1,  1,  1),
  forward("hpexpireat",            -6, Write,  1,  1,  1),
  forward("hpexpiretime",          -5, Read,   1,  1,  1),
  forward("hpttl",                 -5, Read,   1,  1,  1),
  forward("hrandfield",            -2, Read,   1,  1,  1),
  forward("hscan",                 -3, Read,   1,  1,  1),
  forward("hset",                  -4, Write,  1,  1,  1),
  forward("hsetex",                -6, Write,  1,  1,  1),
  forward("hsetnx",                 4, Write,  1,  1,  1),
  forward("hstrlen",                3, Read,   1,  1,  1),
  forward("httl",                  -5, Read,   1,  1,  1),
  forward("hvals",                  2, Read,   1,  1,  1),
];
