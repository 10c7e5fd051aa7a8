/**
 * String commands.
 *
 * @module
 */
import { refusePairs } from "../key_finders/count_refusals.ts";
import type { CommandGroup } from "./record.ts";
import { AllSucceeded, BY_KEY, byKeyOr, Elements, split } from "./route.ts";

/** String commands. */
export const stringCommands: CommandGroup = {
  title: "Strings",
  category: "@string",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name       arity  flags                 keys                                  what the proxy does
    ["append",        3, "write denyoom fast", "RW insert: 1",                       BY_KEY],
    ["decr",          2, "write denyoom fast", "RW access update: 1",                BY_KEY],
    ["decrby",        3, "write denyoom fast", "RW access update: 1",                BY_KEY],
    ["delex",        -2, "write",              "RW access update: 1",                BY_KEY,              { since: "Redis 8.4", untested: true }],
    ["delifeq",       3, "write fast",         "RM delete: 1",                       BY_KEY,              { since: "Valkey 9.0" }],
    ["digest",        2, "readonly",           "RO access: 1",                       BY_KEY,              { since: "Redis 8.4", untested: true }],
    ["get",           2, "readonly fast",      "RO access: 1",                       BY_KEY],
    ["getdel",        2, "write fast",         "RW access delete: 1",                BY_KEY],
    ["getex",        -2, "write fast",         "RW access update: 1",                BY_KEY],
    ["getrange",      4, "readonly",           "RO access: 1",                       BY_KEY],
    ["getset",        3, "write denyoom fast", "RW access update: 1",                BY_KEY],
    ["incr",          2, "write denyoom fast", "RW access update: 1",                BY_KEY],
    ["incrby",        3, "write denyoom fast", "RW access update: 1",                BY_KEY],
    ["incrbyfloat",   3, "write denyoom fast", "RW access update: 1",                BY_KEY],
    ["increx",       -2, "write denyoom fast", "RW access update: 1",                BY_KEY,              { since: "Redis 8.8", untested: true }],
    ["lcs",          -3, "readonly",           "RO access: 1 to +1",                 BY_KEY],
    ["mget",         -2, "readonly fast",      "RO access: 1 to -1",                 split(Elements),     { tips: "multi_shard" }],
    ["mset",         -3, "write denyoom",      "OW update: 1 to -1 step 2",          split(AllSucceeded), { tips: "multi_shard all_succeeded" }],
    ["msetex",       -4, "write denyoom",      "OW update: 1 counted step 2",        byKeyOr(refusePairs),    { tips: "multi_shard all_succeeded", since: "Redis 8.4" }],
    ["msetnx",       -3, "write denyoom",      "OW insert: 1 to -1 step 2",          BY_KEY,              { tips: "multi_shard agg_min" }],
    ["psetex",        4, "write denyoom",      "OW update: 1",                       BY_KEY],
    ["set",          -3, "write denyoom",      "RW access update variable_flags: 1", BY_KEY, { keyParser: "set" }],
    ["setex",         4, "write denyoom",      "OW update: 1",                       BY_KEY],
    ["setnx",         3, "write denyoom fast", "OW insert: 1",                       BY_KEY],
    ["setrange",      4, "write denyoom",      "RW update: 1",                       BY_KEY],
    ["strlen",        2, "readonly fast",      "RO: 1",                              BY_KEY],
    ["substr",        4, "readonly",           "RO access: 1",                       BY_KEY],
  ],
};
