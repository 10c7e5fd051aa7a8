/**
 * Sorted set commands of Redis 7.0.
 *
 * @module
 */
import type { CommandDefinition } from "../../command_table.ts";
import {
  blockingPopKeys,
  popKeys,
  sortedSetKeys,
  storedSetKeys,
} from "../key_finders/counted_keys.ts";
import { dedicated, forward, moving, Read, Write } from "./row.ts";

// deno-fmt-ignore: one row a command, columns aligned.
/** Sorted set commands. */
export const sortedSetCommands: readonly CommandDefinition[] = [
  //       name                 arity flags first last step
  dedicated("bzmpop",              -5, Write,  0,  0,  0, blockingPopKeys),
  dedicated("bzpopmax",            -3, Write,  1, -2,  1),
  dedicated("bzpopmin",            -3, Write,  1, -2,  1),
  forward("zadd",                  -4, Write,  1,  1,  1),
  forward("zcard",                  2, Read,   1,  1,  1),
  forward("zcount",                 4, Read,   1,  1,  1),
  moving( "zdiff",                 -3, Read,   0,  0,  0, sortedSetKeys),
  moving( "zdiffstore",            -4, Write,  1,  1,  1, storedSetKeys),
  forward("zincrby",                4, Write,  1,  1,  1),
  moving( "zinter",                -3, Read,   0,  0,  0, sortedSetKeys),
  moving( "zintercard",            -3, Read,   0,  0,  0, sortedSetKeys),
  moving( "zinterstore",           -4, Write,  1,  1,  1, storedSetKeys),
  forward("zlexcount",              4, Read,   1,  1,  1),
  moving( "zmpop",                 -4, Write,  0,  0,  0, popKeys),
  forward("zmscore",               -3, Read,   1,  1,  1),
  forward("zpopmax",               -2, Write,  1,  1,  1),
  forward("zpopmin",               -2, Write,  1,  1,  1),
  forward("zrandmember",           -2, Read,   1,  1,  1),
  forward("zrange",                -4, Read,   1,  1,  1),
  forward("zrangebylex",           -4, Read,   1,  1,  1),
  forward("zrangebyscore",         -4, Read,   1,  1,  1),
  forward("zrangestore",           -5, Write,  1,  2,  1),
  forward("zrank",                 -3, Read,   1,  1,  1),
  forward("zrem",                  -3, Write,  1,  1,  1),
  forward("zremrangebylex",         4, Write,  1,  1,  1),
  forward("zremrangebyrank",        4, Write,  1,  1,  1),
  forward("zremrangebyscore",       4, Write,  1,  1,  1),
  forward("zrevrange",             -4, Read,   1,  1,  1),
  forward("zrevrangebylex",        -4, Read,   1,  1,  1),
  forward("zrevrangebyscore",      -4, Read,   1,  1,  1),
  forward("zrevrank",              -3, Read,   1,  1,  1),
  forward("zscan",                 -3, Read,   1,  1,  1),
  forward("zscore",                 3, Read,   1,  1,  1),
  moving( "zunion",                -3, Read,   0,  0,  0, sortedSetKeys),
  moving( "zunionstore",           -4, Write,  1,  1,  1, storedSetKeys),
];
