/**
 * Set commands.
 *
 * @module
 */
import { refuseCardinality } from "../key_finders/count_refusals.ts";
import type { CommandGroup } from "./record.ts";
import { BY_KEY, byKeyOr } from "./route.ts";

/** Set commands. */
export const setCommands: CommandGroup = {
  title: "Sets",
  category: "@set",
  // deno-fmt-ignore: one record a command, columns aligned.
  records: [
    // name       arity  flags                 keys                                 what the proxy does
    ["sadd",         -3, "write denyoom fast", "RW insert: 1",                      BY_KEY],
    ["saddex",       -5, "write denyoom fast",   "RW update: 1",                       BY_KEY,                  { since: "Redis 8.12", untested: true }],
    ["scard",         2, "readonly fast",      "RO: 1",                             BY_KEY],
    ["sdiff",        -2, "readonly",           "RO access: 1 to -1",                BY_KEY,                  { tips: "nondeterministic_output_order" }],
    ["sdiffcard",    -3, "readonly",             "RO access: 1 counted",               byKeyOr(refuseCardinality), { since: "Redis 8.10", untested: true }],
    ["sdiffstore",   -3, "write denyoom",      "OW update: 1, RO access: 2 to -1",  BY_KEY],
    ["sexpire",      -6, "write fast",           "RW update: 1",                       BY_KEY,                  { since: "Redis 8.12", untested: true }],
    ["sexpireat",    -6, "write fast",           "RW update: 1",                       BY_KEY,                  { since: "Redis 8.12", untested: true }],
    ["sexpiretime",  -5, "readonly fast",        "RO access: 1",                       BY_KEY,                  { since: "Redis 8.12", untested: true }],
    ["sinter",       -2, "readonly",           "RO access: 1 to -1",                BY_KEY,                  { tips: "nondeterministic_output_order" }],
    ["sintercard",   -3, "readonly",           "RO access: 1 counted",              byKeyOr(refuseCardinality)],
    ["sinterstore",  -3, "write denyoom",      "RW update: 1, RO access: 2 to -1",  BY_KEY],
    ["sismember",     3, "readonly fast",      "RO: 1",                             BY_KEY],
    ["smembers",      2, "readonly",           "RO access: 1",                      BY_KEY,                  { tips: "nondeterministic_output_order" }],
    ["smismember",   -3, "readonly fast",      "RO access: 1",                      BY_KEY],
    ["smove",         4, "write fast",         "RW access delete: 1, RW insert: 2", BY_KEY],
    ["spersist",     -5, "write fast",           "RW update: 1",                       BY_KEY,                  { since: "Redis 8.12", untested: true }],
    ["spexpire",     -6, "write fast",           "RW update: 1",                       BY_KEY,                  { since: "Redis 8.12", untested: true }],
    ["spexpireat",   -6, "write fast",           "RW update: 1",                       BY_KEY,                  { since: "Redis 8.12", untested: true }],
    ["spexpiretime", -5, "readonly fast",        "RO access: 1",                       BY_KEY,                  { since: "Redis 8.12", untested: true }],
    ["spop",         -2, "write fast",         "RW access delete: 1",               BY_KEY,                  { tips: "nondeterministic_output" }],
    ["spttl",        -5, "readonly fast",        "RO access: 1",                       BY_KEY,                  { since: "Redis 8.12", untested: true }],
    ["srandmember",  -2, "readonly",           "RO access: 1",                      BY_KEY,                  { tips: "nondeterministic_output" }],
    ["srem",         -3, "write fast",         "RW delete: 1",                      BY_KEY],
    ["sscan",        -3, "readonly",           "RO access: 1",                      BY_KEY,                  { tips: "nondeterministic_output" }],
    ["sttl",         -5, "readonly fast",        "RO access: 1",                       BY_KEY,                  { since: "Redis 8.12", untested: true }],
    ["sunion",       -2, "readonly",           "RO access: 1 to -1",                BY_KEY,                  { tips: "nondeterministic_output_order" }],
    ["sunioncard",   -3, "readonly",             "RO access: 1 counted",               byKeyOr(refuseCardinality), { since: "Redis 8.10", untested: true }],
    ["sunionstore",  -3, "write denyoom",      "OW update: 1, RO access: 2 to -1",  BY_KEY],
  ],
};
