/**
 * Stream commands.
 *
 * @module
 */
import { groupStreamKeys, streamKeys } from "../key_finders/option_keys.ts";
import type { CommandGroup } from "./record.ts";
import { BEHIND_SUBCOMMAND, BY_KEY, mayBlock } from "./route.ts";

/** Stream commands. */
export const streamCommands: CommandGroup = {
  title: "Streams",
  category: "@stream",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name                 arity  flags                 keys                                       what the proxy does
    ["xack",                   -4, "write fast",         "RW update: 1",                            BY_KEY],
    ["xackdel",                -6, "write fast",         "RW update delete: 1",                     BY_KEY,               { since: "Redis 8.2" }],
    ["xadd",                   -5, "write denyoom fast", "RW update: 1",                            BY_KEY,               { tips: "nondeterministic_output" }],
    ["xautoclaim",             -6, "write fast",         "RW delete: 1",                            BY_KEY,               { tips: "nondeterministic_output" }],
    ["xclaim",                 -6, "write fast",         "RW update: 1",                            BY_KEY,               { tips: "nondeterministic_output" }],
    ["xcfgset",                -2, "write fast",         "RW update: 1",                            BY_KEY,               { since: "Redis 8.6", untested: true }],
    ["xdel",                   -3, "write fast",         "RW delete: 1",                            BY_KEY],
    ["xdelex",                 -5, "write fast",         "RW delete: 1",                            BY_KEY,               { since: "Redis 8.2" }],
    ["xgroup",                 -2, "",                   "",                                        BEHIND_SUBCOMMAND],
    ["xgroup|create",          -5, "write denyoom",      "RW insert: 2",                            BY_KEY],
    ["xgroup|createconsumer",   5, "write denyoom",      "RW insert: 2",                            BY_KEY],
    ["xgroup|delconsumer",      5, "write",              "RW delete: 2",                            BY_KEY],
    ["xgroup|destroy",          4, "write",              "RW delete: 2",                            BY_KEY],
    ["xgroup|help",             2, "loading stale",      "",                                        BY_KEY],
    ["xgroup|setid",           -5, "write",              "RW update: 2",                            BY_KEY],
    ["xinfo",                  -2, "",                   "",                                        BEHIND_SUBCOMMAND],
    ["xinfo|consumers",         4, "readonly",           "RO access: 2",                            BY_KEY,               { tips: "nondeterministic_output" }],
    ["xinfo|groups",            3, "readonly",           "RO access: 2",                            BY_KEY],
    ["xinfo|help",              2, "loading stale",      "",                                        BY_KEY],
    ["xinfo|stream",           -3, "readonly",           "RO access: 2",                            BY_KEY],
    ["xlen",                    2, "readonly fast",      "RO: 1",                                   BY_KEY],
    ["xnack",                  -7, "write fast",         "RW update: 1",                            BY_KEY,               { since: "Redis 8.8", untested: true }],
    ["xpending",               -3, "readonly",           "RO access: 1",                            BY_KEY,               { tips: "nondeterministic_output" }],
    ["xrange",                 -4, "readonly",           "RO access: 1",                            BY_KEY],
    ["xread",                  -4, "readonly blocking",  "RO access: STREAMS from 1 to -1 limit 2", mayBlock(streamKeys)],
    ["xreadgroup",             -7, "write blocking",     "RO access: STREAMS from 4 to -1 limit 2", mayBlock(groupStreamKeys)],
    ["xrevrange",              -4, "readonly",           "RO access: 1",                            BY_KEY],
    ["xsetid",                 -3, "write denyoom fast", "RW update: 1",                            BY_KEY],
    ["xtrim",                  -4, "write",              "RW delete: 1",                            BY_KEY,               { tips: "nondeterministic_output" }],
  ],
};
