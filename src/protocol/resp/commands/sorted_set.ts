/**
 * Sorted set commands.
 *
 * @module
 */
import { refuseCombination, refusePop } from "../key_finders/count_refusals.ts";
import type { CommandGroup } from "./record.ts";
import { blocks, BY_KEY, byKeyOr, FirstWord, FourthWord, LastWord } from "./route.ts";

/** Sorted set commands. */
export const sortedSetCommands: CommandGroup = {
  title: "Sorted sets",
  category: "@sortedset",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name            arity  flags                           keys                                  what the proxy does
    ["bzmove",            -5, "write denyoom blocking",       "RW access delete: 1, RW insert: 2",  blocks(FourthWord),                 { since: "Redis 8.12", untested: true }],
    ["bzmpop",            -5, "write blocking",               "RW access delete: 2 counted",        blocks(FirstWord, refusePop)],
    ["bzpopmax",          -3, "write noscript blocking fast", "RW access delete: 1 to -2",          blocks(LastWord)],
    ["bzpopmin",          -3, "write noscript blocking fast", "RW access delete: 1 to -2",          blocks(LastWord)],
    ["zadd",              -4, "write denyoom fast",           "RW update: 1",                       BY_KEY],
    ["zcard",              2, "readonly fast",                "RO: 1",                              BY_KEY],
    ["zcount",             4, "readonly fast",                "RO access: 1",                       BY_KEY],
    ["zdiff",             -3, "readonly",                     "RO access: 1 counted",               byKeyOr(refuseCombination)],
    ["zdiffstore",        -4, "write denyoom",                "OW update: 1, RO access: 2 counted", byKeyOr(refuseCombination)],
    ["zincrby",            4, "write denyoom fast",           "RW access update: 1",                BY_KEY],
    ["zinter",            -3, "readonly",                     "RO access: 1 counted",               byKeyOr(refuseCombination)],
    ["zintercard",        -3, "readonly",                     "RO access: 1 counted",               byKeyOr(refuseCombination)],
    ["zinterstore",       -4, "write denyoom",                "OW update: 1, RO access: 2 counted", byKeyOr(refuseCombination)],
    ["zlexcount",          4, "readonly fast",                "RO access: 1",                       BY_KEY],
    ["zmove",             -4, "write denyoom",                "RW access delete: 1, RW insert: 2",  BY_KEY,                             { since: "Redis 8.12", untested: true }],
    ["zmovemember",       -6, "write denyoom",                "RW access delete: 1, RW insert: 2",  BY_KEY,                             { since: "Redis 8.12", untested: true }],
    ["zmpop",             -4, "write",                        "RW access delete: 1 counted",        byKeyOr(refusePop)],
    ["zmscore",           -3, "readonly fast",                "RO access: 1",                       BY_KEY],
    ["zpopmax",           -2, "write fast",                   "RW access delete: 1",                BY_KEY],
    ["zpopmin",           -2, "write fast",                   "RW access delete: 1",                BY_KEY],
    ["zrandmember",       -2, "readonly",                     "RO access: 1",                       BY_KEY,                             { tips: "nondeterministic_output" }],
    ["zrange",            -4, "readonly",                     "RO access: 1",                       BY_KEY],
    ["zrangebylex",       -4, "readonly",                     "RO access: 1",                       BY_KEY],
    ["zrangebyscore",     -4, "readonly",                     "RO access: 1",                       BY_KEY],
    ["zrangestore",       -5, "write denyoom",                "OW update: 1, RO access: 2",         BY_KEY],
    ["zrank",             -3, "readonly fast",                "RO access: 1",                       BY_KEY],
    ["zrem",              -3, "write fast",                   "RW delete: 1",                       BY_KEY],
    ["zremrangebylex",     4, "write",                        "RW delete: 1",                       BY_KEY],
    ["zremrangebyrank",    4, "write",                        "RW delete: 1",                       BY_KEY],
    ["zremrangebyscore",   4, "write",                        "RW delete: 1",                       BY_KEY],
    ["zrevrange",         -4, "readonly",                     "RO access: 1",                       BY_KEY],
    ["zrevrangebylex",    -4, "readonly",                     "RO access: 1",                       BY_KEY],
    ["zrevrangebyscore",  -4, "readonly",                     "RO access: 1",                       BY_KEY],
    ["zrevrank",          -3, "readonly fast",                "RO access: 1",                       BY_KEY],
    ["zscan",             -3, "readonly",                     "RO access: 1",                       BY_KEY,                             { tips: "nondeterministic_output" }],
    ["zscore",             3, "readonly fast",                "RO access: 1",                       BY_KEY],
    ["zunion",            -3, "readonly",                     "RO access: 1 counted",               byKeyOr(refuseCombination)],
    ["zunionstore",       -4, "write denyoom",                "OW update: 1, RO access: 2 counted", byKeyOr(refuseCombination)],
  ],
};
